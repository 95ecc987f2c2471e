/**
 * CAST and the implicit casts. What cannot be cast is NULL with an entry in the processing log; pairs of types that ksqlDB
 * does not cast, or that are outside the subset, are refused.
 */
import type { Expression } from "../language/ast.ts";
import { outside } from "../language/parse.ts";
import { bigint, sameType, typeOf, typeText, type SqlType, type Value } from "../language/types.ts";
import { castExact, decimalText, notANumber, parseDecimal, trim } from "./decimal.ts";
import { guard, type Log, type Row, type Scope, type Typed, type Type } from "./typed.ts";

type Convert = (value: Value) => Value;
type NonNullConvert = (value: NonNullable<Value>) => Value;

/** An explicit CAST. */
export function cast(expression: Expression & { kind: "cast" }, scope: Scope, typed: Type): Typed {
  const type = typeOf(expression.type, scope.refuse);
  const operand = typed(expression.operand);
  if (expression.operand.kind === "like") scope.refuse(expression.at, "a CAST of LIKE, which ksqlDB does not compile");
  const name = operand.column === undefined ? undefined : `${operand.column} ${typeText(type)}`;
  const known = name === undefined ? undefined : scope.casts?.get(name);
  const result =
    known ??
    castTo(type, operand) ??
    (isNested(operand.type!) || isNested(type)
      ? outside(expression.at, `a CAST of ${typeText(operand.type!)} to ${typeText(type)}`, scope.refuse)
      : scope.refuse(
          expression.at,
          `${typeText(operand.type!)} cannot be cast to ${typeText(type)} by ksqlDB`,
          "type",
        ));
  if (name !== undefined) scope.casts?.set(name, result);
  return result;
}

/** A cast with its guard; undefined for a pair of types that is not cast here. */
export function castTo(type: SqlType, operand: Typed): Typed | undefined {
  const convert = operand.type === null ? (value: Value) => value : castValue(operand.type, type);
  if (convert === undefined) return undefined;
  const { evaluate } = operand;
  // The next value is often the last one, cast in another place of the statement.
  let last: Value = null;
  let result: Value = null;
  const remembering = (row: Row, log: Log): Value => {
    const value = evaluate(row, log);
    if (value === null || value !== last) {
      result = convert(value);
      last = value;
    }
    return result;
  };
  return guard({ type, evaluate: remembering }, typeText(type));
}

/** Converts a value, NULL to NULL; throws if it cannot be converted. Undefined for a pair that is not cast here. */
export function castValue(from: SqlType, to: SqlType): Convert | undefined {
  if (sameType(from, to)) return (value) => value;
  const convert = conversion(from, to);
  return convert && ((value) => (value === null ? null : convert(value)));
}

function conversion(from: SqlType, to: SqlType): NonNullConvert | undefined {
  if (isNested(from)) return undefined;
  switch (to.base) {
    case "STRING":
      // A SUM of nothing but NULL is a zero without a scale: ksqlDB prints it so.
      return from.base === "DECIMAL"
        ? (value) => (value === 0 ? "0" : decimalText(value as bigint, from.scale))
        : String;
    case "BOOLEAN":
      return from.base === "STRING" ? (value) => isTrue(trim(value as string)) : undefined;
    case "INTEGER":
      return toWhole(from, 32);
    case "BIGINT":
      return toWhole(from, 64);
    case "DECIMAL":
      if (from.base === "BOOLEAN") return undefined;
      if (from.base === "STRING") return (value) => parseDecimal(value as string, to);
      return (value) =>
        castExact({ units: BigInt(value as number | bigint), scale: from.base === "DECIMAL" ? from.scale : 0 }, to);
    case "ARRAY":
    case "STRUCT":
      return undefined;
  }
}

function isNested({ base }: SqlType): boolean {
  return base === "ARRAY" || base === "STRUCT";
}

/** Whether a text spells yes or true, or starts to. */
function isTrue(text: string): boolean {
  const lower = text.toLowerCase();
  return lower !== "" && ("true".startsWith(lower) || "yes".startsWith(lower));
}

function toWhole(from: SqlType, bits: 32 | 64): NonNullConvert | undefined {
  if (from.base === "INTEGER") return (value) => value;
  if (from.base === "BIGINT") return (value) => bigint(BigInt.asIntN(bits, BigInt(value as number | bigint)));
  if (from.base === "STRING") return (value) => parseWhole(trim(value as string), bits);
  if (from.base !== "DECIMAL") return undefined;
  const unit = 10n ** BigInt(from.scale);
  return (value) => bigint(BigInt.asIntN(bits, BigInt(value as number | bigint) / unit));
}

/** Digits with an optional sign, within the range. Throws for anything else. */
function parseWhole(text: string, bits: 32 | 64): Value {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
  if (value === undefined || BigInt.asIntN(bits, value) !== value) throw notANumber(text);
  return bigint(value);
}
