/**
 * An Avro schema as text, as Avro's own library writes it (`Schema.toString()` in Java): compact, its attributes in one
 * order. It is the text under which Confluent's Schema Registry keeps a schema, however it was laid out when it came.
 * https://github.com/apache/avro/blob/main/lang/java/avro/src/main/java/org/apache/avro/Schema.java
 */

type Attributes = Readonly<Record<string, unknown>>;

const primitives = new Set("null boolean int long float double bytes string".split(" "));
/** What each kind of type has of its own, in Avro's order; attributes that Avro does not know follow as they stand. */
const parts: Readonly<Record<string, readonly string[]>> = {
  record: ["fields"],
  error: ["fields"],
  enum: ["symbols", "default"],
  fixed: ["size"],
  array: ["items"],
  map: ["values"],
};
const ofTypes = new Set("type name namespace doc aliases fields symbols size items values".split(" "));
const ofFields = new Set("name type doc default order aliases".split(" "));

/** The text of a parsed schema. What Avro would refuse is written as it stands. */
export function avroText(schema: unknown): string {
  const text = JSON.stringify(typeOf(schema, ""));
  // Java writes escapes in capitals: \u001F. A backslash takes what stands behind it along.
  return text.replace(/\\(?:u[0-9a-f]{4}|.)/g, (escape) =>
    escape.length > 2 ? `\\u${escape.slice(2).toUpperCase()}` : escape,
  );
}

/** `space`: the namespace around it; "" for none. */
function typeOf(schema: unknown, space: string): unknown {
  if (typeof schema === "string") return primitives.has(schema) ? schema : shortest(schema, space);
  if (Array.isArray(schema)) return schema.map((branch) => typeOf(branch, space));
  if (!isObject(schema)) return schema;
  const { type } = schema;
  if (typeof type !== "string") return typeOf(type, space);
  if (type in parts) return complexType(type, schema, space);
  const own = others(schema, ofTypes);
  return Object.keys(own).length === 0 ? typeOf(type, space) : { type, ...own };
}

function complexType(type: string, schema: Attributes, space: string): Attributes {
  const laidOut: Record<string, unknown> = { type };
  let inside = space;
  if (typeof schema["name"] === "string") {
    const { namespace = space } = schema as { namespace?: string };
    const full = fullName(schema["name"], namespace);
    inside = spaceOf(full);
    laidOut["name"] = full.slice(inside === "" ? 0 : inside.length + 1);
    if (inside !== space) laidOut["namespace"] = inside;
    if (schema["doc"] !== undefined) laidOut["doc"] = schema["doc"];
  }
  for (const part of parts[type]!) {
    const value = schema[part];
    if (value === undefined) continue;
    if (part === "fields") laidOut[part] = (value as unknown[]).map((field) => fieldOf(field, inside));
    else laidOut[part] = part === "items" || part === "values" ? typeOf(value, inside) : value;
  }
  Object.assign(laidOut, others(schema, new Set([...ofTypes, ...parts[type]!])));
  const aliases = (schema["aliases"] ?? []) as string[];
  if (aliases.length > 0) laidOut["aliases"] = aliases.map((alias) => shortest(fullName(alias, inside), inside));
  return laidOut;
}

function fieldOf(field: unknown, space: string): unknown {
  if (!isObject(field)) return field;
  const { name, type, doc, order, aliases } = field;
  return {
    name,
    type: typeOf(type, space),
    ...(doc !== undefined && { doc }),
    ...("default" in field && { default: field["default"] }),
    ...(order !== undefined && order !== "ascending" && { order }),
    ...(Array.isArray(aliases) && aliases.length > 0 && { aliases }),
    ...others(field, ofFields),
  };
}

function others(attributes: Attributes, known: ReadonlySet<string>): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !known.has(name)));
}

function fullName(name: string, space: string): string {
  return name.includes(".") || space === "" ? name : `${space}.${name}`;
}

function spaceOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}

/** A name without its namespace, if that is the one around it. */
function shortest(name: string, space: string): string {
  return name.includes(".") && spaceOf(name) === space ? name.slice(space.length + 1) : name;
}

function isObject(value: unknown): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
