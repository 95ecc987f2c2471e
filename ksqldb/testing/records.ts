/** Records as test files write them, in JSON, to and from the bytes of their formats. */
import avsc from "avsc";
import { headerLength, schemaIdOf, wireEncoder, type TopicRecord } from "../../schemas/wire.ts";
import type { SqlType } from "../language/types.ts";
import type { Source } from "../analysis/plan.ts";
import { digitsOf, parseExact, rescale } from "../expressions/decimal.ts";
import { avroSchema } from "../formats/avro-schema.ts";
import type { Schemas, Side } from "../formats/format.ts";
import { JsonNumber, parseJson, quote, type Json } from "../formats/json-text.ts";

/** A DECIMAL of Avro, which a test may give as text too. */
class AvroDecimal extends JsonNumber {}

/** avsc's type of a schema, with all 64 bits of a long. */
function avroTypeOf(schema: object): avsc.Type {
  // avsc looks up only a bare name in its registry, so a long stands bare.
  const bare: unknown = JSON.parse(JSON.stringify(schema), (_, node: AvroNode | null) =>
    node !== null && typeof node === "object" && node.type === "long" && !("name" in node) ? "long" : node,
  );
  // oxlint-disable-next-line eslint/no-underscore-dangle -- the name that avsc documents
  const long = avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      return bytes;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === "bigint",
    compare: (a: bigint, b: bigint) => Number(a > b) - Number(a < b),
  });
  return avsc.Type.forSchema(bare as avsc.Schema, { wrapUnions: false, registry: { long } });
}

/** What a test file says of a record. */
export interface CaseRecord {
  readonly topic: string;
  readonly key: Json;
  readonly value: Json;
  /** Undefined where a test does not say. */
  readonly timestamp: number | undefined;
  readonly window: { readonly start: number; readonly end: number } | undefined;
}

export function caseRecord(json: Json): CaseRecord {
  const members = json as ReadonlyMap<string, Json>;
  const number = (of: ReadonlyMap<string, Json>, name: string) => {
    const value = of.get(name);
    return value instanceof JsonNumber ? Number(value.text) : undefined;
  };
  const window = members.get("window");
  return {
    topic: members.get("topic") as string,
    key: members.get("key") ?? null,
    value: members.get("value") ?? null,
    timestamp: number(members, "timestamp"),
    window: window instanceof Map ? { start: number(window, "start")!, end: number(window, "end")! } : undefined,
  };
}

/** The bytes of one side of a record. `subject`: whose latest schema AVRO is written with, where one is registered. */
export function toBytes(json: Json, side: Side, subject: string, schemas: Schemas): Buffer | null {
  if (json === null) return null;
  switch (side.format) {
    case "NONE":
      return Buffer.from(jsonText(json));
    case "JSON":
      return Buffer.from(jsonText(json));
    case "DELIMITED":
      return Buffer.from(plainText(json));
    case "KAFKA":
      return kafkaBytes(plainText(json), side);
    case "AVRO": {
      const schema = schemas.latest(subject) ?? avroSchema(side);
      const id = schemas.idOf(subject, schema);
      const type = avroTypeOf(schema);
      const encode = wireEncoder(type, id);
      return Buffer.from(encode(avroValue(json, schema) as object));
    }
  }
}

/** What the bytes say, as JSON; of DELIMITED the text. */
export function fromBytes(bytes: Buffer | null, side: Side, schemas: Schemas): Json {
  if (bytes === null || side.columns.length === 0) return null;
  switch (side.format) {
    case "NONE":
      return null;
    case "JSON":
      return parseJson(bytes.toString());
    case "DELIMITED":
      return bytes.toString();
    case "KAFKA":
      return kafkaJson(bytes, side);
    case "AVRO": {
      const schema = schemas.byId(schemaIdOf(bytes));
      const type = avroTypeOf(schema);
      return avroJson(type.fromBuffer(bytes.subarray(headerLength)), schema);
    }
  }
}

export function outputOf(record: TopicRecord, source: Source, schemas: Schemas): CaseRecord {
  const { windowSize } = source;
  let key = record.key;
  let window: CaseRecord["window"];
  if (windowSize !== undefined && key !== null) {
    const start = Number(key.readBigInt64BE(key.length - 8));
    window = { start, end: start + windowSize };
    key = key.subarray(0, key.length - 8);
  }
  return {
    topic: source.topic,
    key: fromBytes(key, source.key, schemas),
    value: fromBytes(record.value, source.value, schemas),
    timestamp: record.timestamp,
    window,
  };
}

function plainText(json: Json): string {
  return json instanceof JsonNumber ? json.text : typeof json === "string" ? json : jsonText(json);
}

export function jsonText(json: Json): string {
  if (json instanceof JsonNumber) return json.text;
  if (typeof json === "string") return quote(json);
  if (Array.isArray(json)) return `[${(json as readonly Json[]).map(jsonText).join(",")}]`;
  if (json instanceof Map) {
    return `{${[...(json as ReadonlyMap<string, Json>)].map(([name, value]) => `${quote(name)}:${jsonText(value)}`).join(",")}}`;
  }
  return json === null ? "null" : json === true ? "true" : "false";
}

function kafkaBytes(text: string, { columns }: Side): Buffer {
  const bytes = Buffer.alloc(8);
  switch (columns[0]?.type.base) {
    case "INTEGER":
      bytes.writeInt32BE(Number(text));
      return bytes.subarray(0, 4);
    case "BIGINT":
      bytes.writeBigInt64BE(BigInt(text));
      return bytes;
    case "DOUBLE":
      bytes.writeDoubleBE(Number(text));
      return bytes;
    case undefined:
    case "ARRAY":
    case "BOOLEAN":
    case "DECIMAL":
    case "MAP":
    case "STRING":
    case "STRUCT":
    case "TIMESTAMP":
      return Buffer.from(text);
  }
}

function kafkaJson(bytes: Buffer, { columns }: Side): Json {
  switch (columns[0]!.type.base) {
    case "INTEGER":
      return new JsonNumber(String(bytes.readInt32BE()));
    case "BIGINT":
      return new JsonNumber(String(bytes.readBigInt64BE()));
    case "DOUBLE":
      return new JsonNumber(String(bytes.readDoubleBE()));
    case "ARRAY":
    case "BOOLEAN":
    case "DECIMAL":
    case "MAP":
    case "STRING":
    case "STRUCT":
    case "TIMESTAMP":
      return bytes.toString();
  }
}

interface AvroNode {
  readonly type?: unknown;
  readonly logicalType?: string;
  readonly scale?: number;
  readonly items?: unknown;
  readonly values?: unknown;
  readonly fields?: readonly { readonly name: string; readonly type: unknown }[];
  readonly size?: number;
}

function nodeOf(schema: unknown): AvroNode {
  return typeof schema === "string" ? { type: schema } : (schema as AvroNode);
}

/** What avsc takes for a JSON value under a schema. */
function avroValue(json: Json, schema: unknown): unknown {
  if (Array.isArray(schema)) {
    const branch: unknown = (schema as unknown[]).find((one) => one !== "null");
    return json === null ? null : avroValue(json, branch);
  }
  const node = nodeOf(schema);
  if (typeof node.type === "object") return avroValue(json, node.type);
  if (node.logicalType === "decimal") return decimalBytes(plainText(json), node.scale ?? 0);
  switch (node.type) {
    case "string":
    case "enum":
      return plainText(json);
    case "long":
      return BigInt(plainText(json));
    case "int":
    case "float":
    case "double":
      return Number(plainText(json));
    case "bytes":
    case "fixed":
      return Buffer.from(plainText(json));
    case "array":
      return (json as readonly Json[]).map((item) => avroValue(item, node.items));
    case "map":
      return Object.fromEntries(
        [...(json as ReadonlyMap<string, Json>)].map(([name, item]) => [name, avroValue(item, node.values)]),
      );
    case "record": {
      const members = json as ReadonlyMap<string, Json>;
      const member = (name: string) =>
        members.get(name) ?? [...members].find(([other]) => other.toUpperCase() === name.toUpperCase())?.[1] ?? null;
      return Object.fromEntries(node.fields!.map((field) => [field.name, avroValue(member(field.name), field.type)]));
    }
    case undefined:
    default:
      return json;
  }
}

function decimalBytes(text: string, scale: number): Buffer {
  const exact = parseExact(text);
  const units = rescale(exact.units, exact.scale, scale);
  const length = Math.ceil((digitsOf(units) * Math.log2(10) + 1) / 8) + 1;
  const hex = BigInt.asUintN(length * 8, units)
    .toString(16)
    .padStart(length * 2, "0");
  return Buffer.from(hex, "hex");
}

function avroJson(value: unknown, schema: unknown): Json {
  if (value === null || value === undefined) return null;
  if (Array.isArray(schema)) {
    return avroJson(
      value,
      (schema as unknown[]).find((one) => one !== "null"),
    );
  }
  const node = nodeOf(schema);
  if (typeof node.type === "object") return avroJson(value, node.type);
  if (node.logicalType === "decimal") {
    const bytes = value as Buffer;
    const units = BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`));
    return new AvroDecimal(`${units}E-${node.scale ?? 0}`);
  }
  if (typeof value === "number" || typeof value === "bigint")
    return Number.isFinite(Number(value)) ? new JsonNumber(String(value)) : String(value);
  if (node.type === "array") return (value as unknown[]).map((item) => avroJson(item, node.items));
  if (node.type === "record") {
    return new Map(
      node.fields!.map(({ name, type }) => [name, avroJson((value as Record<string, unknown>)[name], type)]),
    );
  }
  return value as Json;
}

/** Whether an output is what was expected: numbers by value, of a DOUBLE by its double, an object's members in any order. */
export function sameJson(actual: Json, expected: Json, type?: SqlType): boolean {
  if (actual instanceof JsonNumber) return sameNumber(actual, expected, type?.base === "DOUBLE");
  if (Array.isArray(actual) && Array.isArray(expected)) {
    const other: readonly Json[] = expected;
    const item = type?.base === "ARRAY" ? type.item : undefined;
    return actual.length === other.length && actual.every((one: Json, i) => sameJson(one, other[i]!, item));
  }
  if (actual instanceof Map && expected instanceof Map) {
    const a: ReadonlyMap<string, Json> = actual;
    const b: ReadonlyMap<string, Json> = expected;
    return (
      a.size === b.size &&
      [...a].every(([name, value]) => b.has(name) && sameJson(value, b.get(name)!, memberType(type, name)))
    );
  }
  return actual === expected;
}

function memberType(type: SqlType | undefined, name: string): SqlType | undefined {
  if (type?.base === "STRUCT") return type.fields.find((field) => field.name === name)?.type;
  return type?.base === "MAP" ? type.value : undefined;
}

function sameNumber(actual: JsonNumber, expected: Json, double: boolean): boolean {
  const text = expected instanceof JsonNumber ? expected.text : actual instanceof AvroDecimal ? expected : undefined;
  if (typeof text !== "string") return false;
  if (double) return Number(actual.text) === Number(text);
  const a = parseExact(actual.text);
  const b = parseExact(text);
  const scale = Math.max(a.scale, b.scale);
  return rescale(a.units, a.scale, scale) === rescale(b.units, b.scale, scale);
}

/** The type of a side as it is written: of several columns, or of one that is wrapped, a struct. */
export function sideType({ columns, unwrapped }: Side): SqlType {
  return unwrapped ? columns[0]!.type : { base: "STRUCT", fields: columns };
}
