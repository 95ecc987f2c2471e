/**
 * When two Avro schemas are the same. Registries disagree on it (to Confluent's a changed `doc` makes another schema, to
 * Apicurio's it does not; both see white space or `x.T` differently), so it is decided here, on the parsed schema.
 * Names, default namespaces and `{"type": "string"}` are as in Avro's parsing canonical form:
 * https://avro.apache.org/docs/1.12.0/specification/#transforming-into-parsing-canonical-form
 */

/**
 * `full`: everything counts, descriptions and attributes of our own too. `wire`: only what writers and readers of bytes
 * go by, which is names, types, the fields' order, defaults and logical types.
 */
export type Extent = "full" | "wire";

type Attributes = Readonly<Record<string, unknown>>;

const typeAttributes = new Set(
  "type name fields symbols items values size logicalType precision scale default".split(" "),
);
const fieldAttributes = new Set(["name", "type", "default"]);
const primitives = new Set("null boolean int long float double bytes string".split(" "));

export function sameSchema(one: unknown, other: unknown, extent: Extent): boolean {
  return sortedJson(normalise(one, "", extent)) === sortedJson(normalise(other, "", extent));
}

/** What keeps a registered schema from being ours on the wire: one line a field, to be read by people. */
export function differences(registered: unknown, here: unknown): string[] {
  const [there, ours] = [normalise(registered, "", "wire"), normalise(here, "", "wire")];
  if (!isRecord(there) || !isRecord(ours)) return [`registered ${brief(there)}, here ${brief(ours)}`];

  const lines = there.name === ours.name ? [] : [`record: registered ${there.name}, here ${ours.name}`];
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

function normalise(schema: unknown, namespace: string, extent: Extent): unknown {
  if (typeof schema === "string") return primitives.has(schema) ? schema : fullName(schema, namespace);
  if (Array.isArray(schema)) return schema.map((branch) => normalise(branch, namespace, extent));
  if (!isObject(schema)) return schema;
  if (typeof schema["type"] !== "string") return normalise(schema["type"], namespace, extent);

  const kept = keep(schema, typeAttributes, extent);
  const { type } = schema;
  if (type === "record" || type === "error" || type === "enum" || type === "fixed") {
    const space = typeof schema["namespace"] === "string" ? schema["namespace"] : namespace;
    const name = fullName(String(schema["name"]), space);
    kept["name"] = name;
    delete kept["namespace"];
    if (Array.isArray(schema["fields"])) {
      const inside = name.slice(0, Math.max(0, name.lastIndexOf(".")));
      kept["fields"] = schema["fields"].filter(isObject).map((field) => ({
        ...keep(field, fieldAttributes, extent),
        type: normalise(field["type"], inside, extent),
      }));
    }
    return kept;
  }
  if (type === "array") kept["items"] = normalise(schema["items"], namespace, extent);
  else if (type === "map") kept["values"] = normalise(schema["values"], namespace, extent);
  else kept["type"] = normalise(type, namespace, extent);
  return Object.keys(kept).length === 1 ? kept["type"] : kept;
}

function keep(attributes: Attributes, wire: ReadonlySet<string>, extent: Extent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => extent === "full" || wire.has(name)));
}

function fullName(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function sortedJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

function isObject(value: unknown): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRecord(type: unknown): type is { name: string; fields: (Attributes & { name: string })[] } {
  return isObject(type) && type["type"] === "record" && Array.isArray(type["fields"]);
}

function brief(type: unknown): string {
  const text = sortedJson(type) ?? "nothing";
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function defaultOf(field: Attributes): string {
  return "default" in field ? `default ${brief(field["default"])}` : "no default";
}
