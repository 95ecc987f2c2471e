/**
 * One type for the items of a list, as IN and ARRAY need it: numbers widen; a literal text counts as the number or the
 * truth value that it spells, beside such. What ksqlDB would also bring together (constructors inside) is refused here.
 */
import type { Expression } from "../language/ast.ts";
import { decimal, INTEGER, BIGINT, sameType, typeText, type SqlType, type Value } from "../language/types.ts";
import { castTo, castValue, isTrue, widerNumber } from "./cast.ts";
import { castExact, digitsOf, parseExact } from "./decimal.ts";
import { trim } from "./text.ts";
import { literal, type Scope, type Typed } from "./typed.ts";

export interface Item {
  readonly expression: Expression;
  readonly typed: Typed;
}

/** The items brought to their common type; undefined where all are bare NULLs. */
export function toCommonType(items: readonly Item[], scope: Scope): { type: SqlType; items: Typed[] } | undefined {
  let type: SqlType | undefined;
  for (const item of items) {
    if (item.typed.type === null) continue;
    type = type === undefined ? item.typed.type : widen(type, item, scope);
  }
  if (type === undefined) return undefined;
  const common = type;
  return { type: common, items: items.map((item) => convert(item, common, scope)) };
}

function widen(common: SqlType, { expression, typed }: Item, scope: Scope): SqlType {
  const type = typed.type!;
  if (sameType(type, common)) return common;
  if (expression.kind === "literal" && type.base === "STRING") {
    const text = typed.constant as string;
    if (common.base === "BOOLEAN" && truthOf(text) !== undefined) return common;
    const number = numberType(text);
    const wider = number && widerNumber(number, common);
    if (wider !== undefined) return wider;
  }
  return (
    widerOf(type, common) ??
    scope.refuse(expression.at, `${typeText(type)} does not go together with ${typeText(common)}`)
  );
}

function widerOf(a: SqlType, b: SqlType): SqlType | undefined {
  if (sameType(a, b)) return b;
  if (a.base === "ARRAY" && b.base === "ARRAY") {
    const item = widerOf(a.item, b.item);
    return item && { base: "ARRAY", item };
  }
  return widerNumber(a, b);
}

/** The type of the number that a text spells: of its digits' kind, an exponent makes it DECIMAL as a point does. */
function numberType(text: string): SqlType | undefined {
  try {
    const { units, scale } = parseExact(trim(text));
    if (!/[.eE]/.test(text)) {
      // The limits themselves count as the next type.
      if (units < 2n ** 31n - 1n && units > -(2n ** 31n)) return INTEGER;
      if (units < 2n ** 63n - 1n && units > -(2n ** 63n)) return BIGINT;
    }
    return decimal(Math.max(digitsOf(units), scale + 1), Math.max(scale, 0));
  } catch {
    return undefined;
  }
}

function convert({ expression, typed }: Item, type: SqlType, scope: Scope): Typed {
  if (typed.type === null || sameType(typed.type, type)) return typed;
  if (expression.kind === "array" || expression.kind === "struct" || expression.kind === "map") {
    return scope.refuse(
      expression.at,
      "constructors of different types in one list are outside the subset that is executed here",
      "subset",
    );
  }
  if (expression.kind === "literal") return literal(type, literalAs(typed, type, expression, scope));
  return castTo(type, typed)!;
}

function literalAs(typed: Typed, type: SqlType, expression: Expression, scope: Scope): Value {
  const value = typed.constant!;
  if (type.base === "BOOLEAN") return truthOf(value as string)!;
  try {
    if (type.base === "DECIMAL" && typeof value === "string") return castExact(parseExact(trim(value)), type);
    if (typeof value === "string") return Number(value);
    return castValue(typed.type!, type)!(value);
  } catch {
    return scope.refuse(expression.at, `a literal of the list does not fit ${typeText(type)}`);
  }
}

/** A text that spells true or false, or starts to; undefined for any other. */
function truthOf(text: string): boolean | undefined {
  const lower = trim(text).toLowerCase();
  if (isTrue(lower)) return true;
  return lower !== "" && ("false".startsWith(lower) || "no".startsWith(lower)) ? false : undefined;
}
