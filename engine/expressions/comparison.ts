/**
 * Comparisons have two values: with NULL they are FALSE, whatever the operator. IS DISTINCT FROM takes NULL for a value.
 * Numbers compare by value, whatever their types; a TIMESTAMP also with text.
 */
import type { CompareOperator, Expression, Place } from "../language/ast.ts";
import { nodesIn } from "../language/nodes.ts";
import { BOOLEAN, isNumber, sameType, typeText, type SqlType, type Value } from "../language/types.ts";
import { parseExact, powerOfTen } from "./decimal.ts";
import { doubleText } from "./double.ts";
import { parsePartial } from "./timestamp.ts";
import type { Refuse } from "../language/parse.ts";
import { typeOfOperand, type Log, type Row, type Scope, type Typed, type Type } from "./typed.ts";

type Test = (left: NonNullable<Value>, right: NonNullable<Value>) => boolean;

export function compare(expression: Expression & { kind: "compare" }, scope: Scope, typed: Type): Typed {
  const left = typed(expression.left);
  const right = typed(expression.right);
  const [a, b] = magicRowtime(expression, left, right, scope);
  return comparison(expression.op, a, b, expression, scope.refuse);
}

/** In a filter a text beside ROWTIME is a time, as it is beside a TIMESTAMP everywhere. */
function magicRowtime(
  expression: Expression & { kind: "compare" },
  left: Typed,
  right: Typed,
  scope: Scope,
): [Typed, Typed] {
  return [asRowtime(left, expression.left, right, scope), asRowtime(right, expression.right, left, scope)];
}

function asRowtime(typedText: Typed, expression: Expression, other: Typed, scope: Scope): Typed {
  if (scope.filter !== true || other.column !== "ROWTIME" || typeof typedText.constant !== "string") return typedText;
  try {
    const time = parsePartial(typedText.constant);
    return { type: other.type, guarded: false, constant: time, evaluate: () => time };
  } catch (error) {
    return scope.refuse(expression.at, (error as Error).message);
  }
}

interface Comparison extends Typed {
  /** Of two values that are not NULL. */
  readonly compare: (row: Row, log: Log, left: NonNullable<Value>, right: NonNullable<Value>) => boolean;
}

function comparison(
  op: CompareOperator,
  left: Typed,
  right: Typed,
  places: { readonly at: Place; readonly left: Expression; readonly right: Expression },
  refuse: Refuse,
): Comparison {
  const leftType = typeOfOperand(left, places.left.at, refuse);
  const rightType = typeOfOperand(right, places.right.at, refuse);
  if (places.left.kind === "like" || places.right.kind === "like") {
    refuse(places.at, "a comparison with the result of LIKE, which ksqlDB does not compile");
  }
  const order = orderOf(leftType, rightType, op);
  if (order === undefined) {
    return refuse(places.at, `${typeText(leftType)} can not be compared with ${typeText(rightType)} by ${op}`, "type");
  }
  const test = testOf(op, order);
  const guarded = left.guarded || right.guarded;
  const scalar = isNumber(leftType) && leftType.base !== "DECIMAL" && rightType.base !== "DECIMAL";
  const evaluate = (row: Row, log: Log, a: NonNullable<Value>, b: NonNullable<Value>): boolean => {
    if (guarded) {
      // ksqlDB's code names each operand once more than in the check for NULL, for = and <> of numbers up to twice.
      const times = scalar && ((op === "=" && order(a, b) <= 0) || (op === "<>" && !(order(a, b) < 0))) ? 2 : 1;
      for (let i = 0; i < times; i++) {
        left.evaluate(row, log);
        right.evaluate(row, log);
      }
    }
    return test(a, b);
  };
  return {
    type: BOOLEAN,
    guarded,
    compare: evaluate,
    evaluate: (row, log) => {
      const a = left.evaluate(row, log);
      if (a === null) return false;
      const b = right.evaluate(row, log);
      return b === null ? false : evaluate(row, log, a, b);
    },
  };
}

export function distinct(expression: Expression & { kind: "distinct" }, scope: Scope, typed: Type): Typed {
  const left = typed(expression.left);
  const right = typed(expression.right);
  const differs = comparison("<>", left, right, expression, scope.refuse);
  const { negated } = expression;
  return {
    type: BOOLEAN,
    guarded: differs.guarded,
    evaluate: (row, log) => {
      const a = left.evaluate(row, log);
      const b = a === null ? null : right.evaluate(row, log);
      if (a !== null && b !== null) return differs.compare(row, log, a, b) !== negated;
      return ((left.evaluate(row, log) === null) !== (right.evaluate(row, log) === null)) !== negated;
    },
  };
}

export function between(expression: Expression & { kind: "between" }, scope: Scope, typed: Type): Typed {
  const { operand, low, high, negated } = expression;
  if (nodesIn(operand).some(({ kind }) => kind === "call")) {
    scope.refuse(operand.at, "a function call as the first operand of BETWEEN, which ksqlDB refuses: write >= and <=");
  }
  const value = typed(operand);
  const bound = (op: CompareOperator, right: Expression) =>
    comparison(
      op,
      value,
      asRowtime(typed(right), right, value, scope),
      { at: expression.at, left: operand, right },
      scope.refuse,
    );
  const above = bound(">=", low);
  const below = bound("<=", high);
  return {
    type: BOOLEAN,
    guarded: above.guarded || below.guarded,
    evaluate: (row, log) => (above.evaluate(row, log) === true && below.evaluate(row, log) === true) !== negated,
  };
}

/** Below, at or above zero as in a sort; NaN where neither holds. Undefined where the types do not compare. */
type Order = (left: NonNullable<Value>, right: NonNullable<Value>) => number;

function orderOf(left: SqlType, right: SqlType, op: CompareOperator): Order | undefined {
  const equality = op === "=" || op === "<>";
  if (isNumber(left) && isNumber(right)) return numberOrder(left, right);
  if (left.base === "TIMESTAMP" || right.base === "TIMESTAMP") return timeOrder(left, right);
  if (left.base === "STRING" && right.base === "STRING") return natural;
  if (left.base === "BOOLEAN" || !isPrimitiveText(left)) {
    return equality && sameType(left, right) ? (a, b) => (sameValue(a, b) ? 0 : 1) : undefined;
  }
  return undefined;
}

function isPrimitiveText(type: SqlType): boolean {
  return type.base !== "ARRAY" && type.base !== "MAP" && type.base !== "STRUCT";
}

const natural: Order = (a, b) => (a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN);

function numberOrder(left: SqlType, right: SqlType): Order {
  if (left.base === "DECIMAL" || right.base === "DECIMAL") {
    const toLeft = exactOf(left);
    const toRight = exactOf(right);
    return (a, b) => {
      const x = toLeft(a);
      const y = toRight(b);
      const scale = Math.max(x.scale, y.scale);
      return natural(x.units * powerOfTen(scale - x.scale), y.units * powerOfTen(scale - y.scale));
    };
  }
  // Beside a DOUBLE a BIGINT is one, with its loss of digits.
  if (left.base === "DOUBLE" || right.base === "DOUBLE") return (a, b) => natural(Number(a), Number(b));
  return natural;
}

/** A number with all its digits; a DOUBLE is the one that its shortest text gives. */
function exactOf(type: SqlType): (value: NonNullable<Value>) => { units: bigint; scale: number } {
  if (type.base === "DECIMAL") return (value) => ({ units: BigInt(value as number | bigint), scale: type.scale });
  if (type.base === "DOUBLE") return (value) => parseExact(doubleText(value as number));
  return (value) => ({ units: BigInt(value as number), scale: 0 });
}

function timeOrder(left: SqlType, right: SqlType): Order | undefined {
  const toTime = (type: SqlType) => {
    if (type.base === "TIMESTAMP") return (value: NonNullable<Value>) => value as number;
    return type.base === "STRING" ? (value: NonNullable<Value>) => parsePartial(value as string) : undefined;
  };
  const toLeft = toTime(left);
  const toRight = toTime(right);
  return toLeft && toRight && ((a, b) => natural(toLeft(a), toRight(b)));
}

function testOf(op: CompareOperator, order: Order): Test {
  if (order === natural) return tests[op];
  switch (op) {
    case "=":
      return (a, b) => order(a, b) === 0;
    // NaN is neither equal nor unequal.
    case "<>":
      return (a, b) => order(a, b) < 0 || order(a, b) > 0;
    case "<":
      return (a, b) => order(a, b) < 0;
    case "<=":
      return (a, b) => order(a, b) <= 0;
    case ">":
      return (a, b) => order(a, b) > 0;
    case ">=":
      return (a, b) => order(a, b) >= 0;
  }
}

const tests: Record<CompareOperator, Test> = {
  "=": (a, b) => a === b,
  "<>": (a, b) => a < b || a > b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** Java's equals, inside lists and structs too, where NULL equals NULL. */
export function sameValue(a: Value, b: Value): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    const other: readonly Value[] = b;
    return a.length === other.length && a.every((item: Value, i) => sameValue(item, other[i]!));
  }
  if (a instanceof Map && b instanceof Map) {
    const other: ReadonlyMap<string, Value> = b;
    return (
      a.size === other.size &&
      [...(a as ReadonlyMap<string, Value>)].every(
        ([key, value]) => other.has(key) && sameValue(value, other.get(key)!),
      )
    );
  }
  return false;
}

/** Java's compareTo: a double's NaN is the largest, and -0.0 less than 0.0. */
export function javaCompare(a: NonNullable<Value>, b: NonNullable<Value>): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === 0 && b === 0 ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : 0;
}
