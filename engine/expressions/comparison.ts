/**
 * Comparisons have two values: with NULL they are FALSE, whatever the operator. IS DISTINCT FROM treats NULL as a value.
 * Numbers compare by value, whatever their types.
 */
import { type CompareOperator, type Expression, nodesIn, type Place } from "../language/ast.ts";
import { outside, type Refuse } from "../language/parse.ts";
import { BOOLEAN, isNumber, sameType, typeText, type SqlType, type Value } from "../language/types.ts";
import { asDecimal, powerOfTen } from "./decimal.ts";
import { typeOfOperand, type Scope, type Typed, type Type } from "./typed.ts";

/** Compares two values that are not NULL. */
type Test = (left: NonNullable<Value>, right: NonNullable<Value>) => boolean;

export function compare(expression: Expression & { kind: "compare" }, scope: Scope, typed: Type): Typed {
  const { left, right } = expression;
  return comparison(expression.op, typed(left), typed(right), expression, scope.refuse);
}

type Places = { readonly at: Place; readonly left: Expression; readonly right: Expression };

function comparison(op: CompareOperator, left: Typed, right: Typed, places: Places, refuse: Refuse): Typed {
  const test = testOf(op, left, right, places, refuse);
  return {
    type: BOOLEAN,
    evaluate: (row, log) => {
      const a = left.evaluate(row, log);
      if (a === null) return false;
      const b = right.evaluate(row, log);
      return b === null ? false : test(a, b);
    },
  };
}

function testOf(op: CompareOperator, left: Typed, right: Typed, places: Places, refuse: Refuse): Test {
  const leftType = typeOfOperand(left, places.left.at, refuse);
  const rightType = typeOfOperand(right, places.right.at, refuse);
  if (places.left.kind === "like" || places.right.kind === "like")
    refuse(places.at, "a comparison with the result of LIKE, which ksqlDB does not compile");
  const test = tests[op];
  if (isNumber(leftType) && isNumber(rightType)) return numberTest(test, leftType, rightType);
  const scalar = leftType.base === "STRING" || leftType.base === "BOOLEAN";
  const equality = op === "=" || op === "<>";
  if (leftType.base === rightType.base && scalar && (equality || leftType.base === "STRING")) return test;
  if (sameType(leftType, rightType) && equality && !scalar)
    return outside(places.at, `the comparison of ${typeText(leftType)}`, refuse);
  // ksqlDB reads a text beside ROWTIME as a time.
  const isTime = [left, right].some(({ column }) => column === "ROWTIME");
  if (isTime && [leftType, rightType].some(({ base }) => base === "STRING"))
    return outside(places.at, "ROWTIME beside a text", refuse);
  return refuse(places.at, `${typeText(leftType)} cannot be compared with ${typeText(rightType)} by ${op}`, "type");
}

const tests: Record<CompareOperator, Test> = {
  "=": (a, b) => a === b,
  "<>": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** Whole numbers as they are; with a DECIMAL both in units of the larger scale. */
function numberTest(test: Test, left: SqlType, right: SqlType): Test {
  if (left.base !== "DECIMAL" && right.base !== "DECIMAL") return test;
  const scale = Math.max(asDecimal(left).scale, asDecimal(right).scale);
  const unitsOf = (type: SqlType) => {
    const factor = powerOfTen(scale - asDecimal(type).scale);
    return (value: NonNullable<Value>) => BigInt(value as number | bigint) * factor;
  };
  const toLeft = unitsOf(left);
  const toRight = unitsOf(right);
  return (a, b) => test(toLeft(a), toRight(b));
}

/** IS [NOT] DISTINCT FROM: NULL is distinct from every value, and not from NULL. */
export function distinct(expression: Expression & { kind: "distinct" }, scope: Scope, typed: Type): Typed {
  const left = typed(expression.left);
  const right = typed(expression.right);
  const differs = testOf("<>", left, right, expression, scope.refuse);
  const { negated } = expression;
  return {
    type: BOOLEAN,
    evaluate: (row, log) => {
      const a = left.evaluate(row, log);
      const b = right.evaluate(row, log);
      return (a === null || b === null ? a !== b : differs(a, b)) !== negated;
    },
  };
}

/** [NOT] BETWEEN: FALSE with a NULL bound or operand, and NOT BETWEEN then TRUE. */
export function between(expression: Expression & { kind: "between" }, scope: Scope, typed: Type): Typed {
  const { operand, low, high, negated, at } = expression;
  if (nodesIn(operand).some(({ kind }) => kind === "call"))
    scope.refuse(operand.at, "a function call as the first operand of BETWEEN, which ksqlDB refuses: write >= and <=");
  const value = typed(operand);
  const bound = (op: CompareOperator, right: Expression) =>
    comparison(op, value, typed(right), { at, left: operand, right }, scope.refuse);
  const above = bound(">=", low);
  const below = bound("<=", high);
  return {
    type: BOOLEAN,
    evaluate: (row, log) => (above.evaluate(row, log) === true && below.evaluate(row, log) === true) !== negated,
  };
}

/** Java's compareTo of numbers of one type, or of texts. */
export function javaCompare(a: NonNullable<Value>, b: NonNullable<Value>): number {
  return a < b ? -1 : Number(a > b);
}
