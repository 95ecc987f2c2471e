/** Records as test files write them, in JSON, to and from the bytes of their formats. */
import avsc from "avsc";
import type { TopicRecord } from "../../topics/port.ts";
import { wireEncoder } from "../../topics/wire.ts";
import { STRING, type SqlType, type Value } from "../../engine/language/types.ts";
import type { Source } from "../../engine/analysis/plan.ts";
import { decimalText, digitsOf, parseExact, rescale } from "../../engine/expressions/decimal.ts";
import { avroSchema } from "../../engine/formats/avro-schema.ts";
import { rootOf, type Schemas, type Side } from "../../engine/formats/format.ts";
import { deserializer } from "../../engine/formats/formats.ts";
import { JsonNumber, jsonText, parseJson, type Json } from "../../engine/formats/json-text.ts";
import { kafkaWriter } from "../../engine/formats/kafka.ts";

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
    case "JSON":
      return Buffer.from(jsonText(json));
    case "DELIMITED":
      return Buffer.from(plainText(json));
    case "KAFKA":
      return kafkaBytes(plainText(json), side);
    case "AVRO": {
      const schema = schemas.latest?.(subject) ?? avroSchema(side);
      const id = schemas.idOf(subject, schema);
      const type = avroTypeOf(schema);
      const encode = wireEncoder(type, id);
      return Buffer.from(encode(avroValue(json, schema) as object));
    }
  }
}

/** What the bytes say, as JSON; of DELIMITED the text. */
function fromBytes(bytes: Buffer | null, side: Side, schemas: Schemas): Json {
  if (bytes === null || side.columns.length === 0) return null;
  if (side.format === "DELIMITED") return bytes.toString();
  if (side.format === "JSON") return parseJson(bytes.toString());
  const values = deserializer(side, schemas)(bytes);
  return values === null ? null : toJson(side.unwrapped ? values[0]! : values, rootOf(side));
}

function toJson(value: Value, type: SqlType): Json {
  if (value === null) return null;
  switch (type.base) {
    case "STRUCT": {
      const values = value as readonly Value[];
      return new Map(type.fields.map((field, i) => [field.name, toJson(values[i]!, field.type)]));
    }
    case "ARRAY":
      return (value as readonly Value[]).map((item) => toJson(item, type.item));
    case "DECIMAL":
      return new JsonNumber(decimalText(value as bigint, type.scale));
    case "BOOLEAN":
    case "STRING":
      return value as boolean | string;
    case "INTEGER":
    case "BIGINT":
    case "TIMESTAMP":
    case "DOUBLE":
      return Number.isFinite(Number(value)) ? new JsonNumber(`${value as number}`) : `${value as number}`;
    case "MAP":
      throw new Error("a MAP is written in JSON only");
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

function kafkaBytes(text: string, { columns }: Side): Buffer {
  const type = columns[0]?.type ?? STRING;
  const value = type.base === "STRING" ? text : type.base === "BIGINT" ? BigInt(text) : Number(text);
  return kafkaWriter(type)(value);
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

export type Members = ReadonlyMap<string, Json>;

/** A member that is a list; an empty one where it is none. */
export function listOf(members: Members, name: string): readonly Json[] {
  const value = members.get(name);
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** A member's text; an empty one where there is none. */
export function textOf(members: Members, name: string): string {
  const value = members.get(name) ?? "";
  return typeof value === "string" ? value : jsonText(value);
}
