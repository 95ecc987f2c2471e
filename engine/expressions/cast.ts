/**
 * CAST and the implicit casts. What can not be cast is NULL with an entry in the processing log; pairs of types that
 * ksqlDB does not cast are refused.
 */
import type { Expression } from "../language/ast.ts";
import { bigint, decimal, sameType, typeOf, typeText } from "../language/types.ts";
import type { DecimalType, SqlType, Value } from "../language/types.ts";
import {
  castExact,
  decimalText,
  decimalToDouble,
  digitsOf,
  exactOfDouble,
  parseDecimal,
  rescale,
  notANumber,
} from "./decimal.ts";
import { doubleText, parseDouble } from "./double.ts";
import { trim } from "./text.ts";
import { parsePartial, timestampText } from "./timestamp.ts";
import { guard, type Log, type Row, type Scope, type Typed, type Type } from "./typed.ts";

type Convert = (value: Value) => Value;
type NonNullConvert = (value: NonNullable<Value>) => Value;

export function cast(expression: Expression & { kind: "cast" }, scope: Scope, typed: Type): Typed {
  const type = typeOf(expression.type, scope.refuse);
  const operand = typed(expression.operand);
  if (expression.operand.kind === "like") scope.refuse(expression.at, "a CAST of LIKE, which ksqlDB does not compile");
  const name = operand.column === undefined ? undefined : `${operand.column} ${typeText(type)}`;
  const known = name === undefined ? undefined : scope.casts?.get(name);
  const result =
    known ??
    castTo(type, operand) ??
    scope.refuse(expression.at, `${typeText(operand.type!)} can not be cast to ${typeText(type)} by ksqlDB`, "type");
  if (name !== undefined) scope.casts?.set(name, result);
  return result;
}

/** A cast with its guard; undefined for a pair of types that ksqlDB does not cast, or that is outside the subset. */
export function castTo(type: SqlType, operand: Typed): Typed | undefined {
  const convert = operand.type === null ? (value: Value) => value : castValue(operand.type, type);
  if (convert === undefined) return undefined;
  const { evaluate } = operand;
  // The next value is often the last one, cast in another place of the statement.
  let last: Value = null;
  let result: Value = null;
  const remembering = (row: Row, log: Log): Value => {
    const value = evaluate(row, log);
    if (value === null || !Object.is(value, last)) {
      result = convert(value);
      last = value;
    }
    return result;
  };
  return guard({ type, guarded: true, evaluate: remembering }, typeText(type));
}

/** Converts a value, NULL to NULL; throws where it can not be converted. Undefined for a pair that is not cast. */
export function castValue(from: SqlType, to: SqlType): Convert | undefined {
  if (sameType(from, to)) return (value) => value;
  const convert = conversion(from, to);
  return convert && ((value) => (value === null ? null : convert(value)));
}

function conversion(from: SqlType, to: SqlType): NonNullConvert | undefined {
  if (from.base === "ARRAY" && to.base === "ARRAY") {
    const item = castValue(from.item, to.item);
    return item && ((value) => (value as readonly Value[]).map(item));
  }
  if (from.base === "MAP" && to.base === "MAP") {
    const convert = castValue(from.value, to.value);
    return (
      convert &&
      ((value) => new Map([...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, convert(item)])))
    );
  }
  if (from.base === "STRUCT" && to.base === "STRUCT") return structConversion(from.fields, to.fields);
  switch (to.base) {
    case "STRING":
      return textOf(from);
    case "BOOLEAN":
      return from.base === "STRING" ? (value) => isTrue(trim(value as string)) : undefined;
    case "INTEGER":
      return toWhole(from, 32);
    case "BIGINT":
      return toWhole(from, 64);
    case "DOUBLE":
      return toDouble(from);
    case "DECIMAL":
      return toDecimal(from, to);
    case "TIMESTAMP":
      return from.base === "STRING" ? (value) => parsePartial(trim(value as string)) : undefined;
    case "ARRAY":
    case "MAP":
    case "STRUCT":
      return undefined;
  }
}

type Fields = readonly { readonly name: string; readonly type: SqlType }[];

/** By the names of the fields: one that the value does not have is NULL. */
function structConversion(from: Fields, to: Fields): NonNullConvert | undefined {
  const fields = to.map((field) => {
    const place = from.findIndex(({ name }) => name === field.name);
    return { place, convert: place < 0 ? (): Value => null : castValue(from[place]!.type, field.type) };
  });
  if (fields.some(({ convert }) => convert === undefined)) return undefined;
  return (value) =>
    fields.map(({ place, convert }) => convert!(place < 0 ? null : (value as readonly Value[])[place]!));
}

/** Java's text of a value. Of a list the text of its items; what else a list may hold has a text of another kind. */
function textOf(type: SqlType): NonNullConvert | undefined {
  switch (type.base) {
    case "BOOLEAN":
    case "INTEGER":
    case "BIGINT":
    case "STRING":
      return String;
    case "DOUBLE":
      return (value) => doubleText(value as number);
    case "DECIMAL":
      // A SUM of nothing but NULL is a zero without a scale: ksqlDB prints it so.
      return (value) => (value === 0 ? "0" : decimalText(value as bigint, type.scale));
    case "TIMESTAMP":
      return (value) => timestampText(value as number);
    case "ARRAY": {
      if (!["BOOLEAN", "INTEGER", "BIGINT", "STRING", "DOUBLE"].includes(type.item.base)) return undefined;
      const item = textOf(type.item)!;
      const text = (one: Value): string => (one === null ? "null" : (item(one) as string));
      return (value) => `[${(value as readonly Value[]).map(text).join(", ")}]`;
    }
    case "MAP":
    case "STRUCT":
      return undefined;
  }
}

/** The start of the words true and yes. */
export function isTrue(text: string): boolean {
  const lower = text.toLowerCase();
  return lower !== "" && ("true".startsWith(lower) || "yes".startsWith(lower));
}

function toWhole(from: SqlType, bits: 32 | 64): NonNullConvert | undefined {
  switch (from.base) {
    case "INTEGER":
      return (value) => value;
    case "BIGINT":
      return (value) => wrap(BigInt(value as number | bigint), bits);
    case "DECIMAL":
      return (value) => wrap(BigInt(value as number | bigint) / 10n ** BigInt(from.scale), bits);
    case "DOUBLE":
      return (value) => saturate(Math.trunc(value as number), bits);
    case "STRING":
      return (value) => parseWhole(trim(value as string), bits);
    case "ARRAY":
    case "BOOLEAN":
    case "MAP":
    case "STRUCT":
    case "TIMESTAMP":
      return undefined;
  }
}

function wrap(value: bigint, bits: 32 | 64): Value {
  return bigint(BigInt.asIntN(bits, value));
}

function saturate(value: number, bits: 32 | 64): Value {
  if (Number.isNaN(value)) return 0;
  const limit = 2 ** (bits - 1);
  if (value >= limit) return bigint(2n ** BigInt(bits - 1) - 1n);
  return value < -limit ? bigint(-(2n ** BigInt(bits - 1))) : bigint(BigInt(value));
}

/** Digits with an optional sign, within the range. Throws for anything else. */
export function parseWhole(text: string, bits: 32 | 64): Value {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
  if (value === undefined || BigInt.asIntN(bits, value) !== value) throw notANumber(text);
  return bigint(value);
}

function toDouble(from: SqlType): NonNullConvert | undefined {
  switch (from.base) {
    case "INTEGER":
    case "BIGINT":
      return Number;
    case "DECIMAL":
      return (value) => decimalToDouble(BigInt(value as number | bigint), from.scale);
    case "STRING":
      return (value) => finite(parseDouble(trim(value as string)));
    case "ARRAY":
    case "BOOLEAN":
    case "DOUBLE":
    case "MAP":
    case "STRUCT":
    case "TIMESTAMP":
      return undefined;
  }
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw notANumber(String(value));
  return value;
}

function toDecimal(from: SqlType, to: DecimalType): NonNullConvert | undefined {
  switch (from.base) {
    case "INTEGER":
    case "BIGINT":
      return (value) => castExact({ units: BigInt(value as number), scale: 0 }, to);
    case "DECIMAL":
      return (value) => castExact({ units: BigInt(value as number | bigint), scale: from.scale }, to);
    case "DOUBLE":
      return (value) => castExact(roundTo(exactOfDouble(value as number), to.precision), to);
    case "STRING":
      return (value) => parseDecimal(value as string, to);
    case "ARRAY":
    case "BOOLEAN":
    case "MAP":
    case "STRUCT":
    case "TIMESTAMP":
      return undefined;
  }
}

/** To so many digits, half up, before the scale rounds a second time. */
function roundTo(exact: { units: bigint; scale: number }, precision: number): { units: bigint; scale: number } {
  const excess = digitsOf(exact.units) - precision;
  return excess <= 0
    ? exact
    : { units: rescale(exact.units, exact.scale, exact.scale - excess), scale: exact.scale - excess };
}

/** The type that two numbers are widened to; undefined where one is none. */
export function widerNumber(a: SqlType, b: SqlType): SqlType | undefined {
  const rank = ["INTEGER", "BIGINT", "DECIMAL", "DOUBLE"];
  const [lower, higher] = rank.indexOf(a.base) <= rank.indexOf(b.base) ? [a, b] : [b, a];
  if (!rank.includes(lower.base)) return undefined;
  if (higher.base !== "DECIMAL") return higher;
  const { precision, scale: own } = asDecimal(lower);
  const scale = Math.max(own, higher.scale);
  return decimal(Math.max(precision - own, higher.precision - higher.scale) + scale, scale);
}

/** A whole number's type as a DECIMAL that holds all of it. */
export function asDecimal(type: SqlType): DecimalType {
  return type.base === "DECIMAL" ? type : decimal(type.base === "INTEGER" ? 10 : 19, 0);
}
