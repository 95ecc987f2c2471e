/** An Avro schema with its names resolved: https://avro.apache.org/docs/1.11.1/specification/ */

export type Kind =
  | ("null" | "boolean" | "int" | "long" | "float" | "double" | "string" | "bytes")
  | ("fixed" | "enum" | "array" | "map" | "union" | "record");

export interface AvroType {
  readonly kind: Kind;
  readonly logicalType?: string;
  /** Of a decimal. */
  readonly scale: number;
  /** Bytes of a fixed. */
  readonly size: number;
  /** Of a union. */
  readonly branches: readonly AvroType[];
  /** Of an array, and the values of a map. */
  readonly item?: AvroType;
  /** Of a record. They are filled after the record is registered by its name, because it may contain itself. */
  readonly fields: { readonly name: string; readonly type: AvroType }[];
}

interface SchemaObject extends Partial<Pick<AvroType, "logicalType" | "scale" | "size">> {
  readonly type: Schema;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly { readonly name: string; readonly type: Schema }[];
  readonly items?: Schema;
  readonly values?: Schema;
}
type Schema = string | readonly Schema[] | SchemaObject;

const kinds = "null boolean int long float double string bytes fixed enum array map record".split(" ");
const none = { scale: 0, size: 0, branches: [] };

/** Resolves a schema as a registry returns it: a name, a union or an object. Throws if it is not a schema. */
export function avroType(schema: unknown): AvroType {
  const named = new Map<string, AvroType>();
  return typeOf(schema as Schema, "");

  function typeOf(of: Schema, space: string): AvroType {
    if (typeof of === "string") {
      if (kinds.includes(of)) return { ...none, kind: of as Kind, fields: [] };
      const known = named.get(of.includes(".") || space === "" ? of : `${space}.${of}`) ?? named.get(of);
      if (known === undefined) throw new Error(`the Avro type ${of} is not defined`);
      return known;
    }
    if (isUnion(of)) return { ...none, kind: "union", branches: of.map((one) => typeOf(one, space)), fields: [] };
    const { type: kind, name, namespace, fields = [], items, values, ...attributes } = of;
    if (typeof kind !== "string" || !kinds.includes(kind)) return typeOf(kind, space);
    const item = items ?? values;
    const inside = item === undefined ? {} : { item: typeOf(item, space) };
    const type: AvroType = { ...none, ...attributes, ...inside, kind: kind as Kind, fields: [] };
    if (name === undefined) return type;
    const dot = name.lastIndexOf(".");
    const inner = dot < 0 ? (namespace ?? space) : name.slice(0, dot);
    named.set(dot >= 0 || inner === "" ? name : `${inner}.${name}`, type);
    for (const field of fields) type.fields.push({ name: field.name, type: typeOf(field.type, inner) });
    return type;
  }
}

function isUnion(schema: Schema): schema is readonly Schema[] {
  return Array.isArray(schema);
}

/** The other type of a union of null and one type, or of a union of one; any other type unchanged. */
export function required(type: AvroType): AvroType {
  const rest = type.branches.filter((branch) => branch.kind !== "null");
  return rest.length === 1 ? rest[0]! : type;
}

export function isDecimal(type: AvroType): boolean {
  return (type.kind === "bytes" || type.kind === "fixed") && type.logicalType === "decimal";
}
