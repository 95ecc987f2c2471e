/**
 * Resolves the names of an expression and gives it its type, by ksqlDB's rules: no implicit conversion between text and
 * numbers, all branches of a CASE of one type, no comparison with a bare NULL, table functions only in the SELECT list.
 */
import type { Expression, Place } from "./ast.ts";
import type { PlannedExpression, ScalarFunction, Stream } from "./plan.ts";
import { isNumber, sameType, typeText, type SqlType } from "./types.ts";

/** Refuses a statement at a place. */
export type Refuse = (at: Place, message: string) => never;

/** Argument types → result type of each function; undefined refuses the call. */
const functions: Record<ScalarFunction, (args: readonly SqlType[]) => SqlType | undefined> = {
  AS_VALUE: (args) => (args.length === 1 ? args[0] : undefined),
  ARRAY_LENGTH: (args) => (args.length === 1 && typeof args[0] === "object" ? "INTEGER" : undefined),
  GENERATE_SERIES: (args) =>
    args.length === 2 && args.every((type) => type === "INTEGER") ? { array: "INTEGER" } : undefined,
};

/**
 * Plans expressions over one source. Lists that EXPLODE names are collected in `explode`; where that is undefined
 * (WHERE, CASE, inside another EXPLODE) the function is refused, as ksqlDB does.
 */
export function planExpression(
  expression: Expression,
  source: Stream,
  explode: PlannedExpression[] | undefined,
  refuse: Refuse,
): PlannedExpression {
  const plan = (inner: Expression) => planExpression(inner, source, explode, refuse);
  const planScalar = (inner: Expression) => planExpression(inner, source, undefined, refuse);
  const condition = (inner: Expression, planned: PlannedExpression) => requireCondition(inner, planned, refuse);

  switch (expression.kind) {
    case "literal": {
      const { value, type } = expression;
      if (value === null || type === "NULL")
        return refuse(expression.at, "a bare NULL is outside the subset that is executed here");
      return { kind: "literal", value, type };
    }
    case "name": {
      if (expression.name === source.key) return { kind: "key", type: "STRING" };
      const column = source.columns.find(({ name }) => name === expression.name);
      if (column === undefined) {
        return refuse(
          expression.at,
          `${source.name} has no column ${expression.name} (a name keeps its case only in back quotes)`,
        );
      }
      return { kind: "column", name: column.name, type: column.type };
    }
    case "subscript": {
      const array = plan(expression.array);
      const index = plan(expression.index);
      if (typeof array.type === "string")
        return refuse(expression.at, `only a list can be indexed, this is ${typeText(array.type)}`);
      if (index.type !== "INTEGER") return refuse(expression.index.at, "an index must be INTEGER");
      return { kind: "subscript", array, index, type: array.type.array };
    }
    case "case": {
      const whens = expression.whens.map(({ condition: when, result }) => ({
        condition: condition(when, planScalar(when)),
        result: planScalar(result),
      }));
      const otherwise = expression.otherwise === null ? undefined : planScalar(expression.otherwise);
      const { type } = whens[0]!.result;
      for (const branch of [...whens.map(({ result }) => result), ...(otherwise ? [otherwise] : [])]) {
        if (!sameType(branch.type, type)) {
          refuse(
            expression.at,
            `the branches of a CASE must have one type, here ${typeText(type)} and ${typeText(branch.type)}`,
          );
        }
      }
      return { kind: "case", whens, otherwise, type };
    }
    case "compare": {
      const left = plan(expression.left);
      const right = plan(expression.right);
      const comparable = sameType(left.type, right.type) || (isNumber(left.type) && isNumber(right.type));
      if (!comparable) refuse(expression.at, `${typeText(left.type)} can not be compared with ${typeText(right.type)}`);
      if (typeof left.type !== "string")
        refuse(expression.at, "comparing lists is outside the subset that is executed here");
      return { kind: "compare", op: expression.op, left, right, type: "BOOLEAN" };
    }
    case "logic": {
      const left = condition(expression.left, plan(expression.left));
      const right = condition(expression.right, plan(expression.right));
      return { kind: "logic", op: expression.op, left, right, type: "BOOLEAN" };
    }
    case "not":
      return { kind: "not", operand: condition(expression.operand, plan(expression.operand)), type: "BOOLEAN" };
    case "isNull":
      return { kind: "isNull", operand: plan(expression.operand), negated: expression.negated, type: "BOOLEAN" };
    case "call": {
      if (expression.name === "EXPLODE") return planExplode(expression, source, explode, refuse);
      const args = expression.args.map(plan);
      if (!(expression.name in functions)) {
        return refuse(expression.at, `the function ${expression.name} is outside the subset that is executed here`);
      }
      const name = expression.name as ScalarFunction;
      const type = functions[name](args.map((arg) => arg.type));
      if (type === undefined) {
        return refuse(expression.at, `${name} does not take (${args.map((arg) => typeText(arg.type)).join(", ")})`);
      }
      return { kind: "call", name, args, type };
    }
  }
}

/**
 * A condition is BOOLEAN and never NULL. A column, a CASE or an element can be: on a server such a condition ends the
 * query, or raises an error.
 */
export function requireCondition(inner: Expression, planned: PlannedExpression, refuse: Refuse): PlannedExpression {
  if (planned.type !== "BOOLEAN") refuse(inner.at, `a condition must be BOOLEAN, this is ${typeText(planned.type)}`);
  if (!["compare", "logic", "not", "isNull", "literal"].includes(planned.kind)) {
    refuse(inner.at, "a condition that can be NULL ends the query on a server: compare it, as in flag = true");
  }
  return planned;
}

function planExplode(
  call: Expression & { kind: "call" },
  source: Stream,
  explode: PlannedExpression[] | undefined,
  refuse: Refuse,
): PlannedExpression {
  if (explode === undefined)
    return refuse(call.at, "EXPLODE may stand in the SELECT list only, not in WHERE, CASE or another EXPLODE");
  if (call.args.length !== 1) return refuse(call.at, "EXPLODE takes one list");
  const list = planExpression(call.args[0]!, source, undefined, refuse);
  if (typeof list.type === "string") return refuse(call.at, `EXPLODE takes a list, this is ${typeText(list.type)}`);
  explode.push(list);
  return { kind: "exploded", list: explode.length - 1, type: list.type.array };
}
