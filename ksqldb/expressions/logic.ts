/** AND, OR, NOT, CASE, IS NULL. A condition that is NULL is an error where its value is needed; AND and OR need it only then. */
import type { Expression } from "../language/ast.ts";
import { BOOLEAN, sameType, typeText, type SqlType } from "../language/types.ts";
import { typed } from "./expression.ts";
import { required, typeOfOperand, type Scope, type Typed } from "./typed.ts";

/** An expression whose type must be BOOLEAN. */
export function condition(expression: Expression, scope: Scope): Typed {
  const operand = typed(expression, scope);
  const type = typeOfOperand(operand, expression.at, scope.refuse);
  if (type.base !== "BOOLEAN") scope.refuse(expression.at, `a condition must be BOOLEAN, this is ${typeText(type)}`);
  return operand;
}

export function logic(expression: Expression & { kind: "logic" }, scope: Scope): Typed {
  const left = condition(expression.left, scope);
  const right = condition(expression.right, scope);
  const decides = expression.op === "OR";
  return {
    type: BOOLEAN,
    guarded: left.guarded || right.guarded,
    evaluate: (row, log) =>
      required(left.evaluate(row, log)) === decides ? decides : required(right.evaluate(row, log)),
  };
}

export function not(expression: Expression & { kind: "not" }, scope: Scope): Typed {
  const { evaluate, guarded } = condition(expression.operand, scope);
  return { type: BOOLEAN, guarded, evaluate: (row, log) => required(evaluate(row, log)) === false };
}

export function isNull(expression: Expression & { kind: "isNull" }, scope: Scope): Typed {
  const { evaluate, guarded } = typed(expression.operand, scope);
  const { negated } = expression;
  return { type: BOOLEAN, guarded, evaluate: (row, log) => (evaluate(row, log) === null) !== negated };
}

/** All branches have exactly one type, nothing is widened; only the branch that is taken is evaluated. */
export function caseWhen(expression: Expression & { kind: "case" }, scope: Scope): Typed {
  const whens = expression.whens.map(({ condition: when, result }) => ({
    when: condition(when, scope),
    then: typed(result, scope),
  }));
  const otherwise = expression.otherwise === null ? undefined : typed(expression.otherwise, scope);
  let type: SqlType | undefined;
  for (const branch of [...whens.map(({ then }) => then), ...(otherwise ? [otherwise] : [])]) {
    if (branch.type === null) continue;
    type ??= branch.type;
    if (!sameType(branch.type, type)) {
      scope.refuse(
        expression.at,
        `the branches of a CASE must have one type, here ${typeText(type)} and ${typeText(branch.type)}: cast one of them`,
      );
    }
  }
  if (type === undefined) return scope.refuse(expression.at, "a CASE of nothing but NULL");
  return {
    type,
    guarded: [...whens.flatMap(({ when, then }) => [when, then]), ...(otherwise ? [otherwise] : [])].some(
      (part) => part.guarded,
    ),
    evaluate: (row, log) => {
      for (const { when, then } of whens) {
        if (required(when.evaluate(row, log)) === true) return then.evaluate(row, log);
      }
      return otherwise === undefined ? null : otherwise.evaluate(row, log);
    },
  };
}
