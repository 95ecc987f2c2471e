/** AND, OR, NOT, CASE, IS NULL. A condition that is NULL is an error where its value is needed; AND and OR need it only then. */
import type { Expression } from "../language/ast.ts";
import { BOOLEAN, sameType, typeText, type SqlType } from "../language/types.ts";
import { required, typeOfOperand, type Scope, type Typed, type Type } from "./typed.ts";

/** An expression whose type must be BOOLEAN. */
export function condition(expression: Expression, scope: Scope, typed: Type): Typed {
  const operand = typed(expression);
  const type = typeOfOperand(operand, expression.at, scope.refuse);
  if (type.base !== "BOOLEAN") scope.refuse(expression.at, `a condition must be BOOLEAN, this is ${typeText(type)}`);
  return operand;
}

export function logic(expression: Expression & { kind: "logic" }, scope: Scope, typed: Type): Typed {
  const left = condition(expression.left, scope, typed);
  const right = condition(expression.right, scope, typed);
  const decides = expression.op === "OR";
  return {
    type: BOOLEAN,
    guarded: left.guarded || right.guarded,
    evaluate: (row, log) =>
      required(left.evaluate(row, log)) === decides ? decides : required(right.evaluate(row, log)),
  };
}

export function not(expression: Expression & { kind: "not" }, scope: Scope, typed: Type): Typed {
  const { evaluate, guarded } = condition(expression.operand, scope, typed);
  return { type: BOOLEAN, guarded, evaluate: (row, log) => required(evaluate(row, log)) === false };
}

export function isNull(expression: Expression & { kind: "isNull" }, scope: Scope, typed: Type): Typed {
  const { evaluate, guarded } = typed(expression.operand);
  const { negated } = expression;
  return { type: BOOLEAN, guarded, evaluate: (row, log) => (evaluate(row, log) === null) !== negated };
}

/** All branches have exactly one type, nothing is widened; only the branch that is taken is evaluated. */
export function caseWhen(expression: Expression & { kind: "case" }, scope: Scope, typed: Type): Typed {
  const whens = expression.whens.map(({ condition: when, result }) => ({
    when: condition(when, scope, typed),
    then: typed(result),
  }));
  const otherwise = expression.otherwise === null ? undefined : typed(expression.otherwise);
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
