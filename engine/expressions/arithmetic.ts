/**
 * + - *: INTEGER and BIGINT wrap around as in Java; DECIMAL is exact or an error. + also joins texts, where NULL is the
 * word null. Any other NULL is an error: the whole expression becomes NULL, not only this part of it.
 */
import type { Expression } from "../language/ast.ts";
import { outside } from "../language/parse.ts";
import { BIGINT, bigint, decimal, INTEGER, isNumber, STRING, typeText } from "../language/types.ts";
import type { DecimalType, SqlType, Value } from "../language/types.ts";
import { castValue } from "./cast.ts";
import { asDecimal, digitsOf, powerOfTen } from "./decimal.ts";
import { OutsideSubset, required, typeOfOperand, type Scope, type Typed, type Type } from "./typed.ts";

type Operator = "+" | "-" | "*";
type Operation = (left: NonNullable<Value>, right: NonNullable<Value>) => Value;

export function arithmetic(expression: Expression & { kind: "arithmetic" }, scope: Scope, typed: Type): Typed {
  const { op, at } = expression;
  const left = typed(expression.left);
  const right = typed(expression.right);
  const leftType = typeOfOperand(left, expression.left.at, scope.refuse);
  const rightType = typeOfOperand(right, expression.right.at, scope.refuse);
  if (op === "/" || op === "%") return outside(at, `the operator ${op}`, scope.refuse);
  if (op === "+" && leftType.base === "STRING" && rightType.base === "STRING") {
    return {
      type: STRING,
      evaluate: (row, log) => `${left.evaluate(row, log) as string}${right.evaluate(row, log) as string}`,
    };
  }
  if (!isNumber(leftType) || !isNumber(rightType)) {
    return scope.refuse(
      at,
      `the operator ${op} does not take ${typeText(leftType)} and ${typeText(rightType)}`,
      "type",
    );
  }
  const type = resultType(op, leftType, rightType);
  const toLeft = widening(leftType, type);
  const toRight = widening(rightType, type);
  const operate = operation(op, type, leftType, rightType);
  return {
    type,
    evaluate: (row, log) => {
      const a = toLeft(left.evaluate(row, log));
      const b = toRight(right.evaluate(row, log));
      return operate(required(a), required(b));
    },
  };
}

/** As ksqlDB's documentation gives it; a whole number counts as DECIMAL(10, 0) or DECIMAL(19, 0). */
function resultType(op: Operator, left: SqlType, right: SqlType): SqlType {
  if (left.base !== "DECIMAL" && right.base !== "DECIMAL")
    return left.base === "BIGINT" || right.base === "BIGINT" ? BIGINT : INTEGER;
  const { precision: p1, scale: s1 } = asDecimal(left);
  const { precision: p2, scale: s2 } = asDecimal(right);
  if (op === "*") return decimal(p1 + p2 + 1, s1 + s2);
  return decimal(Math.max(s1, s2) + Math.max(p1 - s1, p2 - s2) + 1, Math.max(s1, s2));
}

/** Brings an operand to the kind of the result; a DECIMAL keeps its scale. */
function widening(from: SqlType, to: SqlType): (value: Value) => Value {
  return to.base === "DECIMAL" && from.base !== "DECIMAL" ? castValue(from, asDecimal(from))! : (value) => value;
}

function operation(op: Operator, type: SqlType, left: SqlType, right: SqlType): Operation {
  if (type.base === "DECIMAL") return decimals(op, type, asDecimal(left), asDecimal(right));
  return type.base === "BIGINT" ? bigints(op) : (integers[op] as Operation);
}

const integers: Record<Operator, (a: number, b: number) => number> = {
  "+": (a, b) => (a + b) | 0,
  "-": (a, b) => (a - b) | 0,
  "*": Math.imul,
};

const doubles: Record<Operator, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
};

const exact: Record<Operator, (a: bigint, b: bigint) => bigint> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
};

/** In doubles while that is exact, which it nearly always is. */
function bigints(op: Operator): Operation {
  const wide = (a: Value, b: Value) =>
    bigint(BigInt.asIntN(64, exact[op](BigInt(a as number | bigint), BigInt(b as number | bigint))));
  const fast = doubles[op];
  return (a, b) => {
    if (typeof a === "number" && typeof b === "number") {
      const result = fast(a, b);
      if (Number.isSafeInteger(result)) return result + 0;
    }
    return wide(a, b);
  };
}

function decimals(op: Operator, type: DecimalType, left: DecimalType, right: DecimalType): Operation {
  const bound = powerOfTen(type.precision);
  const fit = (units: bigint): bigint => {
    // Trailing zeros need no digits: only a number with more digits than the type has is an error.
    if (units < bound && units > -bound) return units;
    if (digitsOf(units) - /0*$/.exec(String(units))![0].length > type.precision) throw new Error("Rounding necessary");
    return units;
  };
  if (op === "*") return (a, b) => fit((a as bigint) * (b as bigint));
  const leftFactor = powerOfTen(type.scale - left.scale);
  const rightFactor = powerOfTen(type.scale - right.scale);
  return (a, b) => fit(exact[op]((a as bigint) * leftFactor, (b as bigint) * rightFactor));
}

export function sign(expression: Expression & { kind: "sign" }, scope: Scope, typed: Type): Typed {
  const { op, operand, at } = expression;
  const inner = typed(operand);
  const type = typeOfOperand(inner, operand.at, scope.refuse);
  if (!isNumber(type)) return scope.refuse(at, `a sign cannot precede ${typeText(type)}`);
  if (op === "+" && operand.kind === "sign" && operand.op === "+" && type.base !== "DECIMAL")
    scope.refuse(at, "a + before a +, which ksqlDB does not compile");
  if (operand.kind === "literal" && inner.constant === 2 ** 31)
    scope.refuse(at, "-(2147483648), which ksqlDB reads as another type: write it without parentheses");
  const { evaluate } = inner;
  const change = op === "+" && type.base !== "DECIMAL" ? (value: NonNullable<Value>) => value : negation(type, op);
  return { type, evaluate: (row, log) => change(required(evaluate(row, log))) };
}

function negation(type: SqlType, op: "+" | "-"): (value: NonNullable<Value>) => Value {
  if (type.base === "INTEGER") return (value) => -(value as number) | 0;
  if (type.base !== "DECIMAL") {
    return (value) =>
      value === 0 ? 0 : typeof value === "number" ? -value : bigint(BigInt.asIntN(64, -(value as bigint)));
  }
  const bound = powerOfTen(type.precision);
  return (value) => {
    // The 0 that nothing sums up to.
    if (typeof value !== "bigint") return value;
    // A value with more digits than its type, as a CAST may leave by rounding, gets another scale there.
    if (value >= bound || value <= -bound)
      throw new OutsideSubset("the sign of a DECIMAL with more digits than its type");
    return op === "-" ? -value : value;
  };
}
