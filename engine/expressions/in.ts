/** IN: NULL is in no list, and no NULL of a list is found; so NULL NOT IN (…) is TRUE. */
import type { Expression } from "../language/ast.ts";
import { BOOLEAN } from "../language/types.ts";
import { toCommonType } from "./coercion.ts";
import { sameValue } from "./comparison.ts";
import type { Scope, Typed, Type } from "./typed.ts";

export function isIn(expression: Expression & { kind: "in" }, scope: Scope, typed: Type): Typed {
  const candidates = expression.list.filter((item) => item.kind !== "literal" || item.type !== "NULL");
  const items = [expression.operand, ...candidates].map((item) => ({ expression: item, typed: typed(item) }));
  const common = toCommonType(items, scope);
  if (common === undefined || items[0]!.typed.type === null)
    return scope.refuse(expression.at, "a bare NULL can not be looked for");
  if (candidates.length === 0) return scope.refuse(expression.at, "a list of nothing but NULL");
  if (items.some((item) => item.expression.kind === "like"))
    scope.refuse(expression.at, "LIKE inside IN, which ksqlDB does not compile");
  const [operand, ...list] = common.items as [Typed, ...Typed[]];
  const { negated } = expression;
  return {
    type: BOOLEAN,
    guarded: common.items.some(({ guarded }) => guarded),
    evaluate: (row, log) => {
      const value = operand.evaluate(row, log);
      // All are evaluated before any is compared.
      const found = list
        .map((item) => item.evaluate(row, log))
        .some((item) => item !== null && value !== null && sameValue(value, item));
      return found !== negated;
    },
  };
}
