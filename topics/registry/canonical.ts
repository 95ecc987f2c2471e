/**
 * When two Avro schemas are the same. Registries disagree (to Confluent's a changed `doc` makes another schema, to
 * Apicurio's it does not; both see white space or `x.T` differently), so it is decided here, on the parsed schema as
 * Avro's own library would write it.
 */
import { avroText } from "../../schemas/avro-text.ts";

/**
 * `full`: everything counts, descriptions and attributes of our own too. `wire`: only what writers and readers of bytes
 * go by, which is names, types, the fields' order, defaults and logical types.
 */
export type Extent = "full" | "wire";

type Attributes = Readonly<Record<string, unknown>>;

const onTheWire = "type name namespace fields symbols items values size logicalType precision scale default".split(" ");

export function sameSchema(one: unknown, other: unknown, extent: Extent): boolean {
  return sortedJson(formOf(one, extent)) === sortedJson(formOf(other, extent));
}

/** What keeps a registered schema from being ours on the wire: one line a field, to be read by people. */
export function differences(registered: unknown, here: unknown): string[] {
  const [there, ours] = [formOf(registered, "wire"), formOf(here, "wire")];
  if (!isRecord(there) || !isRecord(ours)) return [`registered ${brief(there)}, here ${brief(ours)}`];

  const [theirName, ourName] = [there, ours].map(({ namespace, name }) => (namespace ? `${namespace}.${name}` : name));
  const lines = theirName === ourName ? [] : [`record: registered ${theirName}, here ${ourName}`];
  const theirFields = new Map(there.fields.map((field) => [field.name, field]));
  const ourFields = new Map(ours.fields.map((field) => [field.name, field]));
  for (const field of ours.fields) {
    const theirs = theirFields.get(field.name);
    if (theirs === undefined) lines.push(`field ${field.name}: only here`);
    else if (sortedJson(theirs.type) !== sortedJson(field.type))
      lines.push(`field ${field.name}: registered ${brief(theirs.type)}, here ${brief(field.type)}`);
    else if (sortedJson(theirs) !== sortedJson(field))
      lines.push(`field ${field.name}: registered ${defaultOf(theirs)}, here ${defaultOf(field)}`);
  }
  for (const name of theirFields.keys()) if (!ourFields.has(name)) lines.push(`field ${name}: only registered`);

  const theirOrder = [...theirFields.keys()].filter((name) => ourFields.has(name));
  const ourOrder = [...ourFields.keys()].filter((name) => theirFields.has(name));
  const moved = ourOrder.findIndex((name, i) => name !== theirOrder[i]);
  if (moved !== -1) lines.push(`order of the fields: registered ${theirOrder[moved]} where here is ${ourOrder[moved]}`);
  return lines;
}

function formOf(schema: unknown, extent: Extent): unknown {
  return JSON.parse(avroText(extent === "full" ? schema : stripped(schema)));
}

function stripped(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(stripped);
  if (!isObject(part)) return part;
  const kept = onTheWire.filter((name) => name in part);
  return Object.fromEntries(kept.map((name) => [name, name === "default" ? part[name] : stripped(part[name])]));
}

function sortedJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

function isObject(value: unknown): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRecord(
  type: unknown,
): type is { name: string; namespace?: string; fields: (Attributes & { name: string })[] } {
  return isObject(type) && type["type"] === "record" && Array.isArray(type["fields"]);
}

function brief(type: unknown): string {
  const text = sortedJson(type) ?? "nothing";
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function defaultOf(field: Attributes): string {
  return "default" in field ? `default ${brief(field["default"])}` : "no default";
}
