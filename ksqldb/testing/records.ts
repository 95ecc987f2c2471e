/** Records as test files write them, in JSON, to and from the bytes of their formats. */
import type { Schemas, TopicRecord } from "../../topics/port.ts";
import { bigint, typeText, type SqlType, type Value } from "../../engine/language/types.ts";
import type { Source } from "../../engine/analysis/plan.ts";
import { decimalText, parseExact, rescale } from "../../engine/expressions/decimal.ts";
import { avroSchema } from "../../engine/formats/avro-schema.ts";
import { avroReader } from "../../engine/formats/avro-decoder.ts";
import { keyReader, rootOf } from "../../engine/formats/sides.ts";
import { avroWriter } from "../../engine/formats/avro-encoder.ts";
import { JsonNumber, jsonText, type Json } from "./json-text.ts";

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

/** The bytes of a record's key or value. Throws if it does not fit the columns. */
export function toBytes(json: Json, side: "key" | "value", source: Source, schemas: Schemas): Buffer | null {
  if (json === null) return null;
  if (side === "key") return keyBytes(plainText(json), source.key.columns[0].type);
  const root = rootOf(source.value);
  const write = avroWriter(root, schemas.idOf(`${source.topic}-value`, avroSchema(source.value)));
  return Buffer.from(write(valueOf(json, root)));
}

function valueOf(json: Json, type: SqlType): Value {
  if (json === null) return null;
  const unfit = () => new Error(`${jsonText(json)} is not ${typeText(type)}`);
  switch (type.base) {
    case "STRING":
      return plainText(json);
    case "BOOLEAN":
      if (typeof json !== "boolean") throw unfit();
      return json;
    case "INTEGER":
    case "BIGINT": {
      const number = BigInt(plainText(json));
      if (BigInt.asIntN(type.base === "INTEGER" ? 32 : 64, number) !== number) throw unfit();
      return bigint(number);
    }
    case "DECIMAL": {
      const { units, scale } = parseExact(plainText(json));
      return rescale(units, scale, type.scale);
    }
    case "ARRAY":
      if (!Array.isArray(json)) throw unfit();
      return (json as readonly Json[]).map((item) => valueOf(item, type.item));
    case "STRUCT": {
      if (!(json instanceof Map)) throw unfit();
      const members = [...(json as ReadonlyMap<string, Json>)].map(
        ([name, value]) => [name.toUpperCase(), value] as const,
      );
      const values = new Map([...members, ...(json as ReadonlyMap<string, Json>)]);
      return type.fields.map((field) => {
        const value = values.get(field.name) ?? values.get(field.name.toUpperCase()) ?? null;
        return valueOf(value, field.type);
      });
    }
  }
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

export type Members = ReadonlyMap<string, Json>;
