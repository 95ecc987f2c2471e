/**
 * Expressions to closures, each compiled once. The semantics are ksqlDB's: a comparison with NULL is FALSE (two-valued
 * logic), an index out of range gives NULL, lists count from 1.
 */
import type { CompareOperator } from "../language/ast.ts";
import type { PlannedExpression, ScalarFunction } from "../language/plan.ts";

/** STRING is a string, INTEGER and BIGINT a number, a list an array; NULL is null. */
export type Value = string | number | boolean | null | readonly Value[];

/** What an expression can see. */
export interface Row {
  readonly key: string | null;
  readonly columns: Readonly<Record<string, Value>>;
  /** The element of each exploded list. */
  readonly exploded: readonly Value[];
}

export type Evaluate = (row: Row) => Value;

const functions: Record<ScalarFunction, (...args: Value[]) => Value> = {
  AS_VALUE: (value) => value!,
  ARRAY_LENGTH: (array) => (array === null ? null : (array as Value[]).length),
  GENERATE_SERIES: (from, to) => series(from as number | null, to as number | null),
};

const comparisons: Record<CompareOperator, (left: Value, right: Value) => boolean> = {
  "=": (left, right) => left === right,
  "<>": (left, right) => left !== right,
  "<": (left, right) => left! < right!,
  "<=": (left, right) => left! <= right!,
  ">": (left, right) => left! > right!,
  ">=": (left, right) => left! >= right!,
};

export function compile(expression: PlannedExpression): Evaluate {
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      return () => value;
    }
    case "key":
      return (row) => row.key;
    case "column": {
      const { name } = expression;
      return (row) => row.columns[name] ?? null;
    }
    case "exploded": {
      const { list } = expression;
      return (row) => row.exploded[list] ?? null;
    }
    case "subscript": {
      const array = compile(expression.array);
      const index = compile(expression.index);
      return (row) => elementAt(array(row) as readonly Value[] | null, index(row) as number | null);
    }
    case "call": {
      const call = functions[expression.name];
      const args = expression.args.map(compile);
      const [first] = args;
      return args.length === 1 ? (row) => call(first!(row)) : (row) => call(...args.map((arg) => arg(row)));
    }
    case "case": {
      const whens = expression.whens.map(({ condition, result }) => ({
        when: compile(condition),
        then: compile(result),
      }));
      const otherwise = expression.otherwise && compile(expression.otherwise);
      return (row) => {
        for (const { when, then } of whens) if (when(row) === true) return then(row);
        return otherwise ? otherwise(row) : null;
      };
    }
    case "compare": {
      const test = comparisons[expression.op];
      const left = compile(expression.left);
      const right = compile(expression.right);
      return (row) => {
        const a = left(row);
        const b = right(row);
        return a !== null && b !== null && test(a, b);
      };
    }
    case "logic": {
      const left = compile(expression.left);
      const right = compile(expression.right);
      return expression.op === "AND"
        ? (row) => left(row) === true && right(row) === true
        : (row) => left(row) === true || right(row) === true;
    }
    case "not": {
      const operand = compile(expression.operand);
      return (row) => operand(row) !== true;
    }
    case "isNull": {
      const operand = compile(expression.operand);
      const { negated } = expression;
      return (row) => (operand(row) === null) !== negated;
    }
  }
}

/** From 1, or from the end where negative; NULL outside the list. */
function elementAt(array: readonly Value[] | null, index: number | null): Value {
  if (array === null || index === null || index === 0) return null;
  return array[index > 0 ? index - 1 : array.length + index] ?? null;
}

/** Both ends included; counts down where the end is before the start. */
function series(from: number | null, to: number | null): Value {
  if (from === null || to === null) throw new Error("GENERATE_SERIES of NULL");
  const step = to < from ? -1 : 1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => from + i * step);
}
