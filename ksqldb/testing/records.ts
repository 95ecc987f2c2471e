/** Records as test files write them, in JSON, to and from the bytes of their formats. */
import avsc from "avsc";
import type { Schemas, TopicRecord } from "../../topics/port.ts";
import { wireEncoder } from "../../topics/wire.ts";
import type { SqlType, Value } from "../../engine/language/types.ts";
import type { Source } from "../../engine/analysis/plan.ts";
import { decimalText, digitsOf, parseExact, rescale } from "../../engine/expressions/decimal.ts";
import { avroSchema } from "../../engine/formats/avro-schema.ts";
import { avroReader } from "../../engine/formats/avro-decoder.ts";
import { keyReader, rootOf } from "../../engine/formats/sides.ts";
import { JsonNumber, jsonText, type Json } from "./json-text.ts";
import type { MemorySchemas } from "./memory.ts";

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

/**
 * The bytes of a record's key or value. A value is written with the latest schema of its subject, if one is registered.
 * Throws if it does not fit.
 */
export function toBytes(json: Json, side: "key" | "value", source: Source, schemas: MemorySchemas): Buffer | null {
  if (json === null) return null;
  if (side === "key") return keyBytes(plainText(json), source.key.columns[0].type);
  const subject = `${source.topic}-value`;
  const schema = schemas.latest(subject) ?? avroSchema(source.value);
  const encode = wireEncoder(avroTypeOf(schema), schemas.idOf(subject, schema));
  return Buffer.from(encode(avroValue(json, schema) as object));
}

function keyBytes(text: string, { base }: SqlType): Buffer {
  if (base === "STRING") return Buffer.from(text);
  const bytes = Buffer.alloc(base === "INTEGER" ? 4 : 8);
  if (base === "INTEGER") bytes.writeInt32BE(Number(text));
  else bytes.writeBigInt64BE(BigInt(text));
  return bytes;
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
      return new JsonNumber(String(value));
  }
}

export function outputOf(record: TopicRecord, source: Source, schemas: Schemas): CaseRecord {
  const { windowSize } = source;
  const keyType = source.key.columns[0].type;
  const root = rootOf(source.value);
  let key = record.key;
  let window: CaseRecord["window"];
  if (windowSize !== undefined && key !== null) {
    const start = Number(key.readBigInt64BE(key.length - 8));
    window = { start, end: start + windowSize };
    key = key.subarray(0, key.length - 8);
  }
  return {
    topic: source.topic,
    key: key === null ? null : toJson(keyReader(keyType)(key), keyType),
    value: record.value === null ? null : toJson(avroReader(root, schemas)(record.value), root),
    timestamp: record.timestamp,
    window,
  };
}

function plainText(json: Json): string {
  return json instanceof JsonNumber ? json.text : typeof json === "string" ? json : jsonText(json);
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
