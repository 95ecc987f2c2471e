/** What an expression means: one file a kind, this one finds it. */
import type { Expression } from "../language/ast.ts";
import { BIGINT, bigint, BOOLEAN, decimal, DOUBLE, INTEGER, STRING } from "../language/types.ts";
import { arithmetic, sign } from "./arithmetic.ts";
import { call } from "./call.ts";
import { cast } from "./cast.ts";
import { arrayOf, field, mapOf, structOf, subscript } from "./collections.ts";
import { between, compare, distinct } from "./comparison.ts";
import { digitsOf, parseExact } from "./decimal.ts";
import { isIn } from "./in.ts";
import { like } from "./like.ts";
import { caseWhen, isNull, logic, not } from "./logic.ts";
import { literal, type Scope, type Typed } from "./typed.ts";

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
      return mapOf(expression, scope, inner);
    case "struct":
      return structOf(expression, scope, inner);
  }
}

function literalOf(expression: Expression & { kind: "literal" }, scope: Scope): Typed {
  switch (expression.type) {
    case "STRING":
      return literal(STRING, expression.value);
    case "BOOLEAN":
      return literal(BOOLEAN, expression.value);
    case "NULL":
      return { type: null, guarded: false, constant: null, evaluate: () => null };
    case "DOUBLE":
      return literal(DOUBLE, Number(expression.text));
    case "DECIMAL": {
      // The zero before the point counts as a digit.
      const { units, scale } = parseExact(expression.text);
      // ksqlDB reads its own text of the literal again, which is another type then.
      if (expression.text.endsWith(".") || digitsOf(units) - 1 - scale < -6) {
        scope.refuse(
          expression.at,
          `the literal ${expression.text}, which ksqlDB reads as another type: CAST('…' AS DECIMAL(…))`,
        );
      }
      return literal(decimal(Math.max(digitsOf(units), scale + 1), scale), units);
    }
    case "INTEGER": {
      const value = BigInt(expression.text);
      if (BigInt.asIntN(64, value) !== value)
        scope.refuse(expression.at, `the number ${expression.text} is beyond BIGINT`);
      return BigInt.asIntN(32, value) === value ? literal(INTEGER, Number(value)) : literal(BIGINT, bigint(value));
    }
  }
}
