/** The meaning of an expression: this file finds the one that knows its kind. */
import type { Expression } from "../language/ast.ts";
import { outside } from "../language/parse.ts";
import { BIGINT, bigint, BOOLEAN, decimal, INTEGER, STRING } from "../language/types.ts";
import { call } from "../functions/functions.ts";
import { arithmetic, sign } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { arrayOf, field, isIn, subscript } from "./collections.ts";
import { between, compare, distinct } from "./comparison.ts";
import { digitsOf, parseExact } from "./decimal.ts";
import { caseWhen, isNull, like, logic, not } from "./logic.ts";
import { literal, type Scope, type Typed } from "./typed.ts";

/** Types an expression. Refuses, by its scope, what ksqlDB refuses and what is outside the subset. */
export function typed(expression: Expression, scope: Scope): Typed {
  const inner = (part: Expression) => typed(part, scope);
  const special = scope.special?.(expression, scope);
  if (special !== undefined) return special;
  switch (expression.kind) {
    case "literal":
      return literalOf(expression, scope);
    case "name":
      return scope.column(expression);
    case "call":
      return call(expression, scope, inner);
    case "lambda":
      return scope.refuse(expression.at, "a lambda is outside the subset that is executed here", "subset");
    case "subscript":
      return subscript(expression, scope, inner);
    case "field":
      return field(expression, scope, inner);
    case "case":
      return caseWhen(expression, scope, inner);
    case "compare":
      return compare(expression, scope, inner);
    case "distinct":
      return distinct(expression, scope, inner);
    case "between":
      return between(expression, scope, inner);
    case "in":
      return isIn(expression, scope, inner);
    case "like":
      return like(expression, scope, inner);
    case "logic":
      return logic(expression, scope, inner);
    case "not":
      return not(expression, scope, inner);
    case "isNull":
      return isNull(expression, scope, inner);
    case "arithmetic":
      return arithmetic(expression, scope, inner);
    case "sign":
      return sign(expression, scope, inner);
    case "cast":
      return cast(expression, scope, inner);
    case "array":
      return arrayOf(expression, scope, inner);
    case "map":
    case "struct":
      return outside(expression.at, `${expression.kind.toUpperCase()}(…)`, scope.refuse);
  }
}

function literalOf(expression: Expression & { kind: "literal" }, { refuse }: Scope): Typed {
  switch (expression.type) {
    case "STRING":
      return literal(STRING, expression.value);
    case "BOOLEAN":
      return literal(BOOLEAN, expression.value);
    case "NULL":
      return { type: null, constant: null, evaluate: () => null };
    case "DOUBLE":
      return outside(expression.at, `the DOUBLE ${expression.text}`, refuse);
    case "DECIMAL": {
      // The zero before the point counts as a digit.
      const { units, scale } = parseExact(expression.text);
      // ksqlDB reads its own text of the literal again, which is another type then.
      if (expression.text.endsWith(".") || digitsOf(units) - 1 - scale < -6) {
        outside(expression.at, `the literal ${expression.text}, which ksqlDB reads as another type,`, refuse);
      }
      return literal(decimal(Math.max(digitsOf(units), scale + 1), scale), units);
    }
    case "INTEGER": {
      const value = BigInt(expression.text);
      if (BigInt.asIntN(64, value) !== value) refuse(expression.at, `the number ${expression.text} is beyond BIGINT`);
      return BigInt.asIntN(32, value) === value ? literal(INTEGER, Number(value)) : literal(BIGINT, bigint(value));
    }
  }
}
