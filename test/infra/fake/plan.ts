/** What a change of the configuration comes to, as Terraform's provider SDK has it: defaults, what the service fills in, replacement. */
import type { Attribute, Block } from "./fixture.ts";
import { isAttributes, isSame, items, unknown, type Attributes, type Value } from "./values.ts";

/** Steps to an attribute through blocks: `["kafka_cluster", 0, "id"]`. */
export type Path = readonly (string | number)[];

/** Whether two different values at a path such as `config.name` mean the same. */
export type Means = (path: string, before: Value, after: Value) => boolean;

export interface Planned {
  planned: Attributes;
  /** What makes it a replacement. */
  readonly replace: Path[];
}

/** Plans a creation (without `prior`) or an update. */
export function planChange(block: Block, config: Attributes, prior: Attributes | null, means: Means): Planned {
  const replace: Path[] = [];
  return { planned: planBlock(block, config, prior, []), replace };

  function planBlock(inner: Block, given: Attributes | null, before: Attributes | null, path: Path): Attributes {
    const result: Record<string, Value> = {};
    for (const [name, attribute] of Object.entries(inner.attributes))
      result[name] = planAttribute(attribute, given?.[name] ?? null, before, [...path, name]);
    for (const [name, nested] of Object.entries(inner.blocks))
      result[name] = planNested(nested, given?.[name] ?? null, before, [...path, name]);
    return result;
  }

  function planAttribute(attribute: Attribute, given: Value, owner: Attributes | null, path: Path): Value {
    if (attribute.writeOnly) return null;
    const before = owner?.[path.at(-1)!] ?? null;
    const after = given ?? attribute.default ?? (attribute.computed ? (owner === null ? unknown : before) : null);
    if (owner !== null && (isSame(before, after) || means(path.filter(isName).join("."), before, after))) return before;
    const isChange = owner !== null || (given ?? attribute.default) !== null;
    if (prior !== null && attribute.forceNew && isChange) replace.push(path);
    return after;
  }

  function planNested(nested: Block, given: Value, owner: Attributes | null, path: Path): Value {
    const before = owner?.[path.at(-1)!] ?? null;
    if (nested.nesting === "single")
      return isAttributes(given) ? planBlock(nested, given, items(before)[0] ?? null, path) : given;
    if (!Array.isArray(given)) return given;
    if (given.length === 0 && nested.computed) return owner === null ? unknown : before;
    const [olds, news] = [items(before), items(given)];
    if (prior !== null && nested.forceNew && olds.length !== news.length) replace.push(path);
    // What was taken out is looked at too: it may have held what forces a replacement.
    olds.slice(news.length).forEach((old, i) => planBlock(nested, {}, old, [...path, news.length + i]));
    return news.map((item, i) => planBlock(nested, item, counterpart(nested, item, olds, i), [...path, i]));
  }
}

function isName(step: string | number): step is string {
  return typeof step === "string";
}

/** The item of a set that is the same but for what the service filled in; of a list the one at the same place. */
function counterpart(block: Block, item: Attributes, olds: readonly Attributes[], place: number): Attributes | null {
  if (block.nesting === "list") return olds[place] ?? null;
  const isGiven = (name: string) => (item[name] ?? null) !== null;
  return (
    olds.find((old) =>
      Object.keys(block.attributes)
        .filter(isGiven)
        .every((name) => isSame(old[name]!, item[name]!)),
    ) ?? null
  );
}

/** Exactly what the schema names: nothing more, null where there is nothing, without what must not be kept. */
export function conform(block: Block, value: Attributes): Attributes {
  const result: Record<string, Value> = {};
  for (const [name, { writeOnly }] of Object.entries(block.attributes))
    result[name] = writeOnly ? null : (value[name] ?? null);
  for (const [name, nested] of Object.entries(block.blocks)) {
    const inner = value[name] ?? null;
    const whole = items(inner).map((item) => conform(nested, item));
    result[name] = inner === unknown ? unknown : nested.nesting === "single" ? (whole[0] ?? null) : whole;
  }
  return result;
}

/** A plan carried out: what was unknown is as the service says, or empty. */
export function settle(block: Block, planned: Attributes, made: Attributes): Attributes {
  const result: Record<string, Value> = {};
  for (const [name, { computed, optional, type }] of Object.entries(block.attributes)) {
    const value = planned[name] ?? null;
    const kind = typeof type === "string" ? type : type[0];
    const empty = { string: "", number: 0, bool: false, list: [], set: [], map: {}, object: {} }[kind];
    const isTold = name in made && computed && (value === unknown || !optional);
    result[name] = isTold ? made[name]! : value === unknown ? empty : value;
  }
  for (const [name, nested] of Object.entries(block.blocks)) {
    const [value, told] = [planned[name] ?? null, items(made[name])];
    if (nested.nesting === "single") result[name] = value;
    else result[name] = (value === unknown ? told : items(value)).map((item, i) => settle(nested, item, told[i] ?? {}));
  }
  return result;
}
