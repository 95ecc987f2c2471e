/** An Avro schema with its names resolved: https://avro.apache.org/docs/1.11.1/specification/ */

export type Kind =
  | ("null" | "boolean" | "int" | "long" | "float" | "double" | "string" | "bytes")
  | ("fixed" | "enum" | "array" | "map" | "union" | "record");

export interface AvroType {
  readonly kind: Kind;
  readonly logicalType: string | undefined;
  /** Of a decimal; where the schema does not say the precision it is 64, as for Kafka Connect. */
  readonly precision: number;
  readonly scale: number;
  /** Bytes of a fixed. */
  readonly size: number;
  /** Of an enum. */
  readonly symbols: readonly string[];
  /** Of a union. */
  readonly branches: readonly AvroType[];
  /** Of an array, and the values of a map. */
  readonly item: AvroType | undefined;
  /** Of a record, which may contain itself: filled while it is already known by its name. */
  readonly fields: AvroField[];
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
}

interface SchemaObject {
  readonly type: Schema;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly { readonly name: string; readonly type: Schema }[];
  readonly symbols?: readonly string[];
  readonly items?: Schema;
  readonly values?: Schema;
  readonly size?: number;
  readonly logicalType?: string;
  readonly precision?: number;
  readonly scale?: number;
}
type Schema = string | readonly Schema[] | SchemaObject;

const kinds = "null boolean int long float double string bytes fixed enum array map record".split(" ");

/** The type that a schema says, as a registry gives it: a name, a union or an object. Throws where it is none. */
export function avroType(schema: unknown): AvroType {
  const named = new Map<string, AvroType>();
  return typeOf(schema as Schema, "");

  function typeOf(of: Schema, space: string): AvroType {
    if (typeof of === "string") {
      if (kinds.includes(of)) return newType(of as Kind);
      const known = named.get(of.includes(".") || space === "" ? of : `${space}.${of}`) ?? named.get(of);
      if (known === undefined) throw new Error(`the Avro type ${of} is not defined`);
      return known;
    }
    if (Array.isArray(of)) return newType("union", { branches: (of as Schema[]).map((one) => typeOf(one, space)) });
    const object = of as SchemaObject;
    if (typeof object.type !== "string") return typeOf(object.type, space);
    if (!kinds.includes(object.type)) return typeOf(object.type, space);
    const item = object.items ?? object.values;
    const type = newType(object.type as Kind, {
      logicalType: object.logicalType,
      precision: object.precision ?? 64,
      scale: object.scale ?? 0,
      size: object.size ?? 0,
      symbols: object.symbols ?? [],
      item: item === undefined ? undefined : typeOf(item, space),
    });
    if (object.name === undefined) return type;
    const dot = object.name.lastIndexOf(".");
    const inner = dot < 0 ? (object.namespace ?? space) : object.name.slice(0, dot);
    named.set(dot >= 0 || inner === "" ? object.name : `${inner}.${object.name}`, type);
    for (const field of object.fields ?? []) type.fields.push({ name: field.name, type: typeOf(field.type, inner) });
    return type;
  }
}

function newType(kind: Kind, parts?: Partial<AvroType>): AvroType {
  const none = { logicalType: undefined, precision: 64, scale: 0, size: 0, symbols: [], branches: [], item: undefined };
  return { kind, ...none, ...parts, fields: [] };
}

/** What a union of null and one type is, or a union of one: that type. Undefined for a type that is no such union. */
export function optional(type: AvroType): AvroType | undefined {
  const rest = type.branches.filter((branch) => branch.kind !== "null");
  return rest.length === 1 ? rest[0] : undefined;
}

export function isDecimal(type: AvroType): boolean {
  return (type.kind === "bytes" || type.kind === "fixed") && type.logicalType === "decimal";
}
