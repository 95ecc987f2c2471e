/** What a provider refuses by itself: values, and arguments that do not go together. */
import type { Block, Rule } from "./fixture.ts";
import { allAt, items, textOf, unknown, type Attributes, type Value } from "./values.ts";
import type { Check, Kind } from "./vendor.ts";

/** What the provider finds wrong with a configuration without asking anyone; nothing where it is not known yet. */
export function complaints(block: Block, kind: Kind, config: Attributes): string[] {
  const checked = Object.entries(kind.checks ?? {}).flatMap(([path, check]) =>
    allAt(config, path)
      .filter((value) => value !== null && value !== unknown)
      .flatMap((value) => judge(check, value, path) ?? []),
  );
  return [...checked, ...combinations(block, config)];
}

function judge(check: Check, value: Value, path: string): string | undefined {
  if (typeof check === "function") return check(value);
  const text = textOf(value);
  if (check instanceof RegExp)
    return check.test(text) ? undefined : `invalid value for ${path} (must match ${check.source}): ${text}`;
  return check.includes(text) ? undefined : `expected ${path} to be one of ${JSON.stringify(check)}, got ${text}`;
}

function combinations(block: Block, config: Attributes): string[] {
  return [
    ...block.rules.flatMap((rule) => broken(rule, config) ?? []),
    ...Object.entries(block.attributes).flatMap(([name, { max }]) => {
      const value = config[name];
      const count = Array.isArray(value) ? value.length : 0;
      if (max === 0 || count <= max) return [];
      return [`Too many list items: Attribute ${name} supports ${max} item maximum, but config has ${count} declared.`];
    }),
    ...Object.entries(block.blocks).flatMap(([name, nested]) =>
      items(config[name]).flatMap((item) => combinations(nested, item)),
    ),
  ];
}

function broken({ kind, names }: Rule, config: Attributes): string | undefined {
  const values = names.map((name) => allAt(config, name).find((value) => value !== null && !isNothing(value)));
  const given = names.filter((_, i) => values[i] !== undefined);
  const isOpen = values.includes(unknown);
  const list = names.join(",");
  if (kind === "conflicts")
    return given.length > 1 && !isOpen
      ? `Conflicting configuration arguments: "${names[0]}": conflicts with ${names[1]}`
      : undefined;
  if (kind === "required_with")
    return given[0] === names[0] && given.length === 1
      ? `Missing required argument: "${names[0]}": all of \`${list}\` must be specified`
      : undefined;
  if (given.length === 0) return `Invalid combination of arguments: one of \`${list}\` must be specified`;
  if (kind === "exactly_one_of" && given.length > 1 && !isOpen)
    return `Invalid combination of arguments: only one of \`${list}\` can be specified, but \`${given.join(",")}\` were specified.`;
  return undefined;
}

function isNothing(value: Value): boolean {
  return Array.isArray(value) && value.length === 0;
}
