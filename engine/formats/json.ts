/**
 * JSON as ksqlDB reads and writes it. Its reader is Jackson's tree, numbers with all their digits:
 * https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html#json
 */
import { isUtf8 } from "node:buffer";
import { parseExact } from "../expressions/decimal.ts";
import { shortestText } from "../expressions/double.ts";
import { OutsideSubset } from "../functions/function.ts";
import { typeText, type SqlType, type StructType, type Value } from "../language/types.ts";
import { bigDecimalText, lowestBits, parseNumber, plainText } from "./java-text.ts";
import { JsonNumber, jsonText, parseJson, quote, type Json } from "./json-text.ts";

type Members = ReadonlyMap<string, Json>;

/** Throws where the bytes are no JSON, or no value of the type. */
export function jsonReader(type: SqlType): (bytes: Buffer) => Value {
  return (bytes) => {
    if (!isUtf8(bytes)) throw new Error("the record is not UTF-8");
    // Jackson reads one value and does not look at what follows.
    return coerce(parseJson(bytes.toString("utf8"), "ignored"), type);
  };
}

function coerce(json: Json, type: SqlType): Value {
  if (json === null) return null;
  const value = converted(json, type);
  if (value === undefined) throw new Error(`${javaText(json)} is no ${typeText(type)}`);
  return value;
}

/** Undefined where ksqlDB does not convert it. */
function converted(json: NonNullable<Json>, type: SqlType): Value | undefined {
  if (type.base === "STRING") return stringOf(json);
  if (type.base === "BOOLEAN") return typeof json === "boolean" ? json : undefined;
  if (type.base === "ARRAY") return isArray(json) ? json.map((item) => coerce(item, type.item)) : undefined;
  if (json instanceof Map) {
    const members = json as Members;
    if (type.base === "STRUCT") return struct(members, type);
    if (type.base !== "MAP") return undefined;
    return new Map([...members].map(([key, value]) => [key, coerce(value, type.value)]));
  }
  if (typeof json === "string") return parseNumber(json, type);
  return json instanceof JsonNumber ? numberOf(json.text, type) : undefined;
}

/** A member is found by its exact name, then by its name in upper case, the last such. */
function struct(json: Members, type: StructType): Value {
  let upper: Members | undefined;
  return type.fields.map((field) => {
    let value = json.get(field.name);
    if (value === undefined) {
      upper ??= new Map([...json].map(([name, member]) => [name.toUpperCase(), member]));
      value = upper.get(field.name) ?? null;
    }
    return coerce(value, field.type);
  });
}

/** As whole numbers they lose their fraction and what is beyond the bits, as in Java. */
function numberOf(text: string, type: SqlType): Value | undefined {
  // Java's whole numbers and decimals know no negative zero.
  const number = Number(text) + 0;
  if (type.base === "DOUBLE") return number;
  if (type.base === "DECIMAL") return parseNumber(text, type);
  if (type.base !== "INTEGER" && type.base !== "BIGINT" && type.base !== "TIMESTAMP") return undefined;
  const bits = type.base === "INTEGER" ? 32 : 64;
  const exact = Number.isSafeInteger(number) && /^-?\d+$/.test(text);
  const whole = exact ? (bits === 32 ? number | 0 : number) : lowestBits(parseExact(text), bits);
  return type.base === "TIMESTAMP" ? Number(whole) : whole;
}

/** Objects become JSON again, arrays a list of their items' texts. */
function stringOf(json: Json): string {
  if (typeof json === "string") return json;
  return isArray(json) ? `[${json.map(stringOf).join(", ")}]` : javaText(json);
}

/** Numbers as Java's BigDecimal writes them. */
const javaText = (json: Json) => jsonText(json, ({ text }) => bigDecimalText(text));

function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

/** Writes a value of the type; NULL, inside or alone, is null. */
export function jsonWriter(type: SqlType): (value: Value) => Buffer {
  const write = writerOf(type);
  return (value) => Buffer.from(write(value));
}

type Write = (value: Value) => string;

function writerOf(type: SqlType): Write {
  const write = writerOfType(type);
  return (value) => (value === null ? "null" : write(value));
}

/** Of values that are not null. */
function writerOfType(type: SqlType): Write {
  switch (type.base) {
    case "STRUCT": {
      const fields = type.fields.map(({ name, type: of }) => ({ prefix: `${quote(name)}:`, write: writerOf(of) }));
      return (value) => {
        const values = value as readonly Value[];
        return `{${fields.map(({ prefix, write }, i) => prefix + write(values[i]!)).join(",")}}`;
      };
    }
    case "ARRAY": {
      const write = writerOf(type.item);
      return (value) => `[${(value as readonly Value[]).map(write).join(",")}]`;
    }
    case "MAP": {
      const write = writerOf(type.value);
      return (value) => {
        const entries = [...(value as ReadonlyMap<string | null, Value>)].map(([key, of]) => {
          if (key === null) throw new OutsideSubset("a MAP with a NULL key, written as JSON");
          return [key, of] as const;
        });
        return `{${entries.map(([key, of]) => `${quote(key)}:${write(of)}`).join(",")}}`;
      };
    }
    case "STRING":
      return (value) => quote(value as string);
    case "DOUBLE":
      return (value) => (Number.isFinite(value) ? shortestText(value as number) : `"${value as number}"`);
    case "BOOLEAN":
    case "INTEGER":
    case "BIGINT":
    case "TIMESTAMP":
    case "DECIMAL":
      return (value) => plainText(value as number | bigint, type);
  }
}
