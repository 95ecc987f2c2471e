/**
 * JSON as ksqlDB reads and writes it. Its reader is Jackson's tree, numbers with all their digits:
 * https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html#json
 */
import { isUtf8 } from "node:buffer";
import { decimalText, fitExact, parseExact } from "../expressions/decimal.ts";
import { doubleText } from "../expressions/double.ts";
import { typeText, type SqlType, type StructType, type Value } from "../language/types.ts";
import type { Deserialize, Serialize, Side } from "./format.ts";
import { bigDecimalText, lowestBits, parseDouble, parseInteger } from "./java-text.ts";
import { JsonNumber, parseJson, quote, type Json } from "./json-text.ts";

export function jsonDeserializer(side: Side): Deserialize {
  const type: SqlType = side.unwrapped ? side.columns[0]!.type : { base: "STRUCT", fields: side.columns };
  return (bytes) => {
    if (!isUtf8(bytes)) throw new Error("the record is not UTF-8");
    // Jackson reads one value and does not look at what follows.
    const value = coerce(parseJson(bytes.toString("utf8"), "ignored"), type, "$");
    if (side.unwrapped) return [value];
    return value as Value[] | null;
  };
}

/** A value as a type, at a path that a complaint names. */
function coerce(json: Json, type: SqlType, path: string): Value {
  if (json === null) return null;
  switch (type.base) {
    case "BOOLEAN":
      return typeof json === "boolean" ? json : refuse(json, type, path);
    case "INTEGER":
      return whole(json, type, 32, path);
    case "BIGINT":
      return whole(json, type, 64, path);
    case "TIMESTAMP":
      return Number(whole(json, type, 64, path));
    case "DOUBLE":
      // Java's whole numbers and decimals know no negative zero.
      if (json instanceof JsonNumber) return Number(json.text) + 0;
      return typeof json === "string" ? parseDouble(json) : refuse(json, type, path);
    case "STRING":
      return stringOf(json);
    case "DECIMAL": {
      const text = json instanceof JsonNumber ? json.text : json;
      return typeof text === "string" ? fitExact(parseExact(text), type) : refuse(json, type, path);
    }
    case "ARRAY":
      if (!isArray(json)) return refuse(json, type, path);
      return json.map((item, i) => coerce(item, type.item, `${path}[${i}]`));
    case "MAP":
      if (!(json instanceof Map)) return refuse(json, type, path);
      return new Map(
        [...members(json)].map(([key, value]) => [key, coerce(value, type.value, `${path}.${key}.value`)]),
      );
    case "STRUCT":
      if (!(json instanceof Map)) return refuse(json, type, path);
      return struct(members(json), type, path);
  }
}

/** A member is found by its exact name, then by its name in upper case, the last such. */
function struct(json: ReadonlyMap<string, Json>, type: StructType, path: string): Value {
  let upper: Map<string, Json> | undefined;
  return type.fields.map((field) => {
    let value = json.get(field.name);
    if (value === undefined) {
      upper ??= new Map([...json].map(([name, member]) => [name.toUpperCase(), member]));
      value = upper.get(field.name) ?? null;
    }
    return coerce(value, field.type, `${path}.${field.name}`);
  });
}

/** Numbers lose their fraction and what is beyond the bits, as in Java; a text must be a whole number. */
function whole(json: Json, type: SqlType, bits: 32 | 64, path: string): number | bigint {
  if (json instanceof JsonNumber) {
    const number = Number(json.text);
    if (Number.isSafeInteger(number) && /^-?\d+$/.test(json.text)) return bits === 32 ? number | 0 : number + 0;
    return lowestBits(parseExact(json.text), bits);
  }
  return typeof json === "string" ? parseInteger(json, bits) : refuse(json, type, path);
}

/** Objects become JSON again, arrays a list of their items' texts. */
function stringOf(json: Json): string {
  if (typeof json === "string") return json;
  if (isArray(json)) return `[${json.map(stringOf).join(", ")}]`;
  return jsonText(json);
}

function jsonText(json: Json): string {
  if (json === null || typeof json === "boolean") return String(json);
  if (typeof json === "string") return quote(json);
  if (json instanceof JsonNumber) return bigDecimalText(json.text);
  if (isArray(json)) return `[${json.map(jsonText).join(",")}]`;
  return `{${[...members(json)].map(([name, value]) => `${quote(name)}:${jsonText(value)}`).join(",")}}`;
}

function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function members(json: Json): ReadonlyMap<string, Json> {
  return json as ReadonlyMap<string, Json>;
}

function refuse(json: Json, type: SqlType, path: string): never {
  const from = isArray(json)
    ? "ARRAY"
    : json instanceof JsonNumber
      ? "number"
      : json instanceof Map
        ? "OBJECT"
        : typeof json;
  throw new Error(`Can't convert type. sourceType: ${from}, requiredType: ${typeText(type)}, path: ${path}`);
}

export function jsonSerializer(side: Side): Serialize {
  const type: SqlType = side.unwrapped ? side.columns[0]!.type : { base: "STRUCT", fields: side.columns };
  const write = writerOf(type);
  return (values) => Buffer.from(write(side.unwrapped ? values[0]! : values));
}

type Write = (value: Value) => string;

function writerOf(type: SqlType): Write {
  switch (type.base) {
    case "STRUCT": {
      const fields = type.fields.map(({ name, type: of }) => ({ prefix: `${quote(name)}:`, write: writerOf(of) }));
      return orNull((value) => {
        const values = value as readonly Value[];
        return `{${fields.map(({ prefix, write }, i) => prefix + write(values[i]!)).join(",")}}`;
      });
    }
    case "ARRAY": {
      const write = writerOf(type.item);
      return orNull((value) => `[${(value as readonly Value[]).map(write).join(",")}]`);
    }
    case "MAP": {
      const write = writerOf(type.value);
      return orNull((value) => {
        const entries = [...(value as ReadonlyMap<string, Value>)];
        return `{${entries.map(([key, of]) => `${quote(key)}:${write(of)}`).join(",")}}`;
      });
    }
    case "STRING":
      return orNull((value) => quote(value as string));
    case "DOUBLE":
      return orNull((value) => (Number.isFinite(value) ? doubleText(value as number) : `"${value as number}"`));
    case "DECIMAL":
      return orNull((value) => (value === 0 ? "0" : decimalText(value as bigint, type.scale)));
    case "BOOLEAN":
    case "INTEGER":
    case "BIGINT":
    case "TIMESTAMP":
      return String;
  }
}

function orNull(write: Write): Write {
  return (value) => (value === null ? "null" : write(value));
}
