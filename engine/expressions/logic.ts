/**
 * AND, OR, NOT, CASE, IS NULL and LIKE. A condition that is NULL is an error if its value is needed; AND and OR
 * evaluate their right side only if the left side does not decide.
 */
import type { Expression } from "../language/ast.ts";
import { outside } from "../language/parse.ts";
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
    // The compiled code evaluates the left side and ignores the result: a NULL is not an error.
    const evaluate: Evaluate = (row, log) => {
      left.evaluate(row, log);
      return decides;
    };
    return { type: BOOLEAN, evaluate };
  }
  return {
    type: BOOLEAN,
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
  const { evaluate } = condition(expression.operand, scope, typed);
  return { type: BOOLEAN, evaluate: (row, log) => required(evaluate(row, log)) === false };
}

/** IS [NOT] NULL. */
export function isNull(expression: Expression & { kind: "isNull" }, scope: Scope, typed: Type): Typed {
  const { evaluate, type } = typed(expression.operand);
  const { negated, operand } = expression;
  if (isPrimitive(operand, type)) {
    scope.refuse(
      expression.at,
      "IS NULL of what cannot be NULL in Java (a number's arithmetic, a condition), which ksqlDB does not compile",
    );
  }
  return { type: BOOLEAN, evaluate: (row, log) => (evaluate(row, log) === null) !== negated };
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
    evaluate: (row, log) => {
      for (const { when, then } of whens) {
        if (required(when.evaluate(row, log)) === true) return then.evaluate(row, log);
      }
      return otherwise === undefined ? null : otherwise.evaluate(row, log);
    },
  };
}

/** % stands for any text, _ for one character, of one line. NULL is an error. */
export function like(expression: Expression & { kind: "like" }, scope: Scope, typed: Type): Typed {
  const { operand, pattern, escape, negated, at } = expression;
  const [value, wanted] = [operand, pattern].map((part) => {
    const found = typed(part);
    const type = typeOfOperand(found, part.at, scope.refuse);
    if (type.base !== "STRING") scope.refuse(part.at, `LIKE takes STRING, this is ${typeText(type)}`);
    return found;
  }) as [Typed, Typed];
  if (typeof wanted.constant !== "string")
    return outside(pattern.at, "LIKE with a pattern that is not a literal", scope.refuse);
  if (escape !== null && !/^[^\\'\r\n]$/.test(escape))
    scope.refuse(at, "ESCAPE takes one character, neither \\ nor ', which ksqlDB does not compile");
  const expected = patternOf(wanted.constant, escape);
  if (expected === undefined)
    return outside(pattern.at, "LIKE with a pattern that ends with its escape character", scope.refuse);
  return {
    type: BOOLEAN,
    evaluate: (row, log) => expected.test(required(value.evaluate(row, log)) as string) !== negated,
  };
}

const anyCharacter = "[^\\n\\r\\u0085\\u2028\\u2029]";

/** Undefined for a pattern that ends with its escape character. */
function patternOf(pattern: string, escape: string | null): RegExp | undefined {
  let source = "";
  let escaped = false;
  for (const character of pattern) {
    if (!escaped && character === escape) escaped = true;
    else {
      if (!escaped && character === "%") source += `${anyCharacter}*`;
      else if (!escaped && character === "_") source += anyCharacter;
      else source += character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
      escaped = false;
    }
  }
  return escaped ? undefined : new RegExp(`^${source}$`, "u");
}
