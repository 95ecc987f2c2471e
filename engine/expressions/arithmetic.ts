/**
 * + - * / %: INTEGER and BIGINT wrap around as in Java, their division cuts, by zero it is an error; DECIMAL is exact or
 * an error; beside a DOUBLE everything is DOUBLE. + also joins texts, where NULL is the word null. Any other NULL is an
 * error: the whole expression becomes NULL, not this part of it.
 */
import type { ArithmeticOperator, Expression } from "../language/ast.ts";
import { BIGINT, bigint, decimal, DOUBLE, INTEGER, isNumber, STRING, typeText } from "../language/types.ts";
import type { DecimalType, SqlType, Value } from "../language/types.ts";
import { asDecimal, castValue } from "./cast.ts";
import { OutsideSubset } from "../functions/function.ts";
import { digitsOf, powerOfTen } from "./decimal.ts";
import { required, typeOfOperand, type Scope, type Typed, type Type } from "./typed.ts";

type Operation = (left: NonNullable<Value>, right: NonNullable<Value>) => Value;

export function arithmetic(expression: Expression & { kind: "arithmetic" }, scope: Scope, typed: Type): Typed {
  const { op, at } = expression;
  const left = typed(expression.left);
  const right = typed(expression.right);
  const leftType = typeOfOperand(left, expression.left.at, scope.refuse);
  const rightType = typeOfOperand(right, expression.right.at, scope.refuse);
  const guarded = left.guarded || right.guarded;
  if (op === "+" && leftType.base === "STRING" && rightType.base === "STRING") {
    return {
      type: STRING,
      guarded,
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
  const toLeft = widen(leftType, type);
  const toRight = widen(rightType, type);
  const operate = operation(op, type, toLeft.type, toRight.type);
  return {
    type,
    guarded,
    evaluate: (row, log) => {
      const a = toLeft.convert(left.evaluate(row, log));
      const b = toRight.convert(right.evaluate(row, log));
      return operate(required(a), required(b));
    },
  };
}

export function sign(expression: Expression & { kind: "sign" }, scope: Scope, typed: Type): Typed {
  const operand = typed(expression.operand);
  const type = typeOfOperand(operand, expression.operand.at, scope.refuse);
  if (!isNumber(type)) return scope.refuse(expression.at, `a sign does not stand before ${typeText(type)}`);
  const { evaluate, guarded } = operand;
  if (
    expression.operand.kind === "sign" &&
    expression.op === "+" &&
    expression.operand.op === "+" &&
    type.base !== "DECIMAL"
  ) {
    scope.refuse(expression.at, "a + before a +, which ksqlDB does not compile");
  }
  if (expression.operand.kind === "literal" && operand.constant === 2 ** 31) {
    scope.refuse(expression.at, "-(2147483648), which ksqlDB reads as another type: write it without parentheses");
  }
  if (type.base === "DECIMAL") return ofDecimal(operand, type, expression.op);
  if (expression.op === "+") return { type, guarded, evaluate: (row, log) => required(evaluate(row, log)) };
  const negate = negation(type);
  return { type, guarded, evaluate: (row, log) => negate(required(evaluate(row, log))) };
}

/** A value with more digits than its type, as a CAST may leave by rounding, gets another scale there. */
function ofDecimal({ evaluate, guarded }: Typed, type: DecimalType, op: "+" | "-"): Typed {
  const bound = powerOfTen(type.precision);
  return {
    type,
    guarded,
    evaluate: (row, log) => {
      const value = required(evaluate(row, log));
      // The 0 that nothing sums up to.
      if (typeof value !== "bigint") return value;
      if (value >= bound || value <= -bound)
        throw new OutsideSubset("the sign of a DECIMAL with more digits than its type");
      return op === "-" ? -value : value;
    },
  };
}

function negation(type: SqlType): (value: NonNullable<Value>) => Value {
  switch (type.base) {
    case "INTEGER":
      return (value) => -(value as number) | 0;
    case "BIGINT":
      return (value) =>
        value === 0 ? 0 : typeof value === "number" ? -value : bigint(BigInt.asIntN(64, -(value as bigint)));
    case "ARRAY":
    case "BOOLEAN":
    case "DECIMAL":
    case "DOUBLE":
    case "MAP":
    case "STRING":
    case "STRUCT":
    case "TIMESTAMP":
      return (value) => -(value as number);
  }
}

/** As ksqlDB's documentation gives it; a whole number counts as DECIMAL(10, 0) or DECIMAL(19, 0). */
function resultType(op: ArithmeticOperator, left: SqlType, right: SqlType): SqlType {
  if (left.base === "DOUBLE" || right.base === "DOUBLE") return DOUBLE;
  if (left.base !== "DECIMAL" && right.base !== "DECIMAL") {
    return left.base === "BIGINT" || right.base === "BIGINT" ? BIGINT : INTEGER;
  }
  const { precision: p1, scale: s1 } = asDecimal(left);
  const { precision: p2, scale: s2 } = asDecimal(right);
  switch (op) {
    case "+":
    case "-":
      return decimal(Math.max(s1, s2) + Math.max(p1 - s1, p2 - s2) + 1, Math.max(s1, s2));
    case "*":
      return decimal(p1 + p2 + 1, s1 + s2);
    case "/": {
      const scale = Math.max(6, s1 + p2 + 1);
      return decimal(p1 - s1 + s2 + scale, scale);
    }
    case "%":
      return decimal(Math.min(p1 - s1, p2 - s2) + Math.max(s1, s2), Math.max(s1, s2));
  }
}

/** Brings an operand to the kind of the result; a DECIMAL keeps its scale. */
function widen(from: SqlType, to: SqlType): { type: SqlType; convert: (value: Value) => Value } {
  const type = to.base === "DECIMAL" ? asDecimal(from) : to.base === "DOUBLE" ? DOUBLE : from;
  return { type, convert: type === from ? (value) => value : castValue(from, type)! };
}

function operation(op: ArithmeticOperator, type: SqlType, left: SqlType, right: SqlType): Operation {
  switch (type.base) {
    case "INTEGER":
      return integers[op] as Operation;
    case "BIGINT":
      return bigints(op);
    case "DECIMAL":
      return decimals(op, type, left as DecimalType, right as DecimalType);
    case "ARRAY":
    case "BOOLEAN":
    case "DOUBLE":
    case "MAP":
    case "STRING":
    case "STRUCT":
    case "TIMESTAMP":
      return doubles[op] as Operation;
  }
}

function dividedByZero(): never {
  throw new Error("/ by zero");
}

const integers: Record<ArithmeticOperator, (a: number, b: number) => number> = {
  "+": (a, b) => (a + b) | 0,
  "-": (a, b) => (a - b) | 0,
  "*": Math.imul,
  "/": (a, b) => (b === 0 ? dividedByZero() : (a / b) | 0),
  "%": (a, b) => (b === 0 ? dividedByZero() : (a % b) | 0),
};

const doubles: Record<ArithmeticOperator, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

const exact: Record<ArithmeticOperator, (a: bigint, b: bigint) => bigint> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => (b === 0n ? dividedByZero() : a / b),
  "%": (a, b) => (b === 0n ? dividedByZero() : a % b),
};

/** In doubles while that is exact, which it nearly always is. */
function bigints(op: ArithmeticOperator): Operation {
  const wide = (a: Value, b: Value) =>
    bigint(BigInt.asIntN(64, exact[op](BigInt(a as number | bigint), BigInt(b as number | bigint))));
  const fast = doubles[op];
  if (op === "/" || op === "%") return wide;
  return (a, b) => {
    if (typeof a === "number" && typeof b === "number") {
      const result = fast(a, b);
      if (Number.isSafeInteger(result)) return result + 0;
    }
    return wide(a, b);
  };
}

function decimals(op: ArithmeticOperator, type: DecimalType, left: DecimalType, right: DecimalType): Operation {
  const { precision, scale } = type;
  const bound = powerOfTen(precision);
  const fit = (units: bigint): bigint => {
    // Trailing zeros need no digits: only a number with more digits than the type has is an error.
    if (units < bound && units > -bound) return units;
    if (digitsOf(units) - /0*$/.exec(String(units))![0].length > precision) throw new Error("Rounding necessary");
    return units;
  };
  if (op === "*") return (a, b) => fit((a as bigint) * (b as bigint));
  const up = (from: number) => powerOfTen(Math.max(left.scale, right.scale) - from);
  const leftFactor = up(left.scale);
  const rightFactor = up(right.scale);
  if (op === "%") {
    return (a, b) => {
      const dividend = (a as bigint) * leftFactor;
      const divisor = (b as bigint) * rightFactor;
      // Java divides to a whole number first, which must fit the digits of the result.
      if (divisor !== 0n) fit(dividend / divisor);
      return fit(exact["%"](dividend, divisor));
    };
  }
  if (op !== "/") {
    return (a, b) => fit(exact[op]((a as bigint) * leftFactor, (b as bigint) * rightFactor));
  }
  const factor = powerOfTen(scale);
  return (a, b) => {
    const dividend = (a as bigint) * leftFactor * factor;
    const divisor = (b as bigint) * rightFactor;
    if (divisor === 0n) return dividedByZero();
    if (dividend % divisor !== 0n)
      throw new Error("Non-terminating decimal expansion; no exact representable decimal result.");
    return fit(dividend / divisor);
  };
}
