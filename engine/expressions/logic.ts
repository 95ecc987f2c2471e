/** AND, OR, NOT, CASE, IS NULL. A condition that is NULL is an error where its value is needed; AND and OR need it only then. */
import type { Expression } from "../language/ast.ts";
import { BOOLEAN, sameType, typeText, type SqlType } from "../language/types.ts";
import { required, typeOfOperand, type Evaluate, type Scope, type Typed, type Type } from "./typed.ts";

/** An expression whose type must be BOOLEAN. */
export function condition(expression: Expression, scope: Scope, typed: Type): Typed {
  const operand = typed(expression);
  const type = typeOfOperand(operand, expression.at, scope.refuse);
  if (type.base !== "BOOLEAN")
    scope.refuse(expression.at, `a condition must be BOOLEAN, this is ${typeText(type)}`, "type");
  return operand;
}

export function logic(expression: Expression & { kind: "logic" }, scope: Scope, typed: Type): Typed {
  const left = condition(expression.left, scope, typed);
  const right = condition(expression.right, scope, typed);
  const decides = expression.op === "OR";
  if (constantOf(expression.right) === decides) {
    // The compiled code evaluates the left side and does not look at it: a NULL is no error.
    const evaluate: Evaluate = (row, log) => {
      left.evaluate(row, log);
      return decides;
    };
    return { type: BOOLEAN, guarded: left.guarded, evaluate };
  }
  return {
    type: BOOLEAN,
    guarded: left.guarded || right.guarded,
    evaluate: (row, log) =>
      required(left.evaluate(row, log)) === decides ? decides : required(right.evaluate(row, log)),
  };
}

/** The value of a condition that Java's compiler knows. */
function constantOf(expression: Expression): boolean | undefined {
  if (expression.kind === "literal" && expression.type === "BOOLEAN") return expression.value;
  if (expression.kind === "not") {
    const operand = constantOf(expression.operand);
    return operand === undefined ? undefined : !operand;
  }
  if (expression.kind !== "logic") return undefined;
  const sides = [constantOf(expression.left), constantOf(expression.right)];
  if (sides.includes(undefined)) return undefined;
  return expression.op === "OR" ? sides.includes(true) : !sides.includes(false);
}

export function not(expression: Expression & { kind: "not" }, scope: Scope, typed: Type): Typed {
  const { evaluate, guarded } = condition(expression.operand, scope, typed);
  return { type: BOOLEAN, guarded, evaluate: (row, log) => required(evaluate(row, log)) === false };
}

export function isNull(expression: Expression & { kind: "isNull" }, scope: Scope, typed: Type): Typed {
  const { evaluate, guarded, type } = typed(expression.operand);
  const { negated, operand } = expression;
  if (isPrimitive(operand, type)) {
    scope.refuse(
      expression.at,
      "IS NULL of what can not be NULL in Java (a number's arithmetic, a condition), which ksqlDB does not compile",
    );
  }
  return { type: BOOLEAN, guarded, evaluate: (row, log) => (evaluate(row, log) === null) !== negated };
}

/** Whether the compiled expression is one of Java's primitive values: DECIMAL and text are objects. */
function isPrimitive({ kind }: Expression, type: SqlType | null): boolean {
  if (["compare", "distinct", "between", "in", "like", "logic", "not", "isNull"].includes(kind)) return true;
  if (kind !== "literal" && kind !== "arithmetic" && kind !== "sign") return false;
  return type !== null && type.base !== "DECIMAL" && type.base !== "STRING";
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
        "type",
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
