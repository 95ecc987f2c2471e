/** Lists and structs: constructors, elements, fields, and IN. Elements count from 1, or from the end if negative. */
import type { Expression, Place } from "../language/ast.ts";
import { outside } from "../language/parse.ts";
import { BOOLEAN, isNumber, sameType, typeText, type SqlType, type Value } from "../language/types.ts";
import { castTo } from "./cast.ts";
import { widerNumber } from "./decimal.ts";
import { guard, required, typeOfOperand, type Scope, type Typed, type Type } from "./typed.ts";

/** `list[index]`. NULL for a NULL list; a NULL index is an error. */
export function subscript(expression: Expression & { kind: "subscript" }, scope: Scope, typed: Type): Typed {
  const base = typed(expression.base);
  const index = typed(expression.index);
  const type = typeOfOperand(base, expression.base.at, scope.refuse);
  const indexType = typeOfOperand(index, expression.index.at, scope.refuse);
  if (type.base !== "ARRAY")
    return scope.refuse(expression.at, `only an ARRAY has elements, this is ${typeText(type)}`, "type");
  if (indexType.base !== "INTEGER")
    scope.refuse(expression.index.at, `the index of an element must be INTEGER, not ${typeText(indexType)}`, "type");
  return {
    type: type.item,
    evaluate: (row, log) => {
      const list = base.evaluate(row, log) as readonly Value[] | null;
      return list === null ? null : elementAt(list, required(index.evaluate(row, log)) as number);
    },
  };
}

/** NULL for an index outside the list. */
function elementAt(list: readonly Value[], index: number): Value {
  return (index > 0 ? list[index - 1] : index < 0 ? list[list.length + index] : null) ?? null;
}

/** `struct->field`. NULL for a NULL struct. */
export function field(expression: Expression & { kind: "field" }, scope: Scope, typed: Type): Typed {
  const base = typed(expression.base);
  const type = typeOfOperand(base, expression.base.at, scope.refuse);
  if (type.base !== "STRUCT")
    return scope.refuse(expression.at, `only a STRUCT has fields, this is ${typeText(type)}`, "type");
  const place = type.fields.findIndex(({ name }) => name === expression.name);
  if (place < 0) return scope.refuse(expression.at, `${typeText(type)} has no field ${expression.name}`);
  return {
    type: type.fields[place]!.type,
    evaluate: (row, log) => (base.evaluate(row, log) as readonly Value[] | null)?.[place] ?? null,
  };
}

/** `ARRAY[…]`. An item that fails is NULL. */
export function arrayOf(expression: Expression & { kind: "array" }, scope: Scope, typed: Type): Typed {
  const common = toCommonType(expression.items, scope, typed);
  if (common === undefined)
    return scope.refuse(expression.at, "ARRAY[…] needs an item that is not a bare NULL: CAST(NULL AS …)");
  const items = common.items.map((item) => guard(item, "array item"));
  return {
    type: { base: "ARRAY", item: common.type },
    evaluate: (row, log) => items.map((item) => item.evaluate(row, log)),
  };
}

/** NULL is in no list and a NULL in a list equals nothing, so NULL NOT IN (…) is TRUE. */
export function isIn(expression: Expression & { kind: "in" }, scope: Scope, typed: Type): Typed {
  const { operand: wanted, negated, at } = expression;
  const candidates = expression.list.filter((item) => item.kind !== "literal" || item.type !== "NULL");
  if (wanted.kind === "literal" && wanted.type === "NULL") scope.refuse(at, "a bare NULL cannot be looked for");
  if (candidates.length === 0) scope.refuse(at, "a list of nothing but NULL");
  if ([wanted, ...candidates].some((item) => item.kind === "like"))
    scope.refuse(at, "LIKE inside IN, which ksqlDB does not compile");
  const common = toCommonType([wanted, ...candidates], scope, typed)!;
  if (common.type.base === "ARRAY" || common.type.base === "STRUCT")
    outside(at, `IN of ${typeText(common.type)}`, scope.refuse);
  const [operand, ...list] = common.items as [Typed, ...Typed[]];
  return {
    type: BOOLEAN,
    evaluate: (row, log) => {
      const value = operand.evaluate(row, log);
      // All are evaluated before any is compared.
      const found = list.map((item) => item.evaluate(row, log)).some((item) => item !== null && item === value);
      return found !== negated;
    },
  };
}

/** Brings the items of a list to one type: numbers widen. Undefined if all are bare NULLs. */
function toCommonType(
  expressions: readonly Expression[],
  { refuse }: Scope,
  typed: Type,
): { type: SqlType; items: Typed[] } | undefined {
  const items = expressions.map(typed);
  let common: SqlType | undefined;
  items.forEach(({ type }, i) => {
    if (type !== null) common = common === undefined ? type : wider(type, common, expressions[i]!.at, refuse);
  });
  const type = common;
  return (
    type && { type, items: items.map((item) => (item.type && !sameType(item.type, type) ? castTo(type, item)! : item)) }
  );
}

function wider(type: SqlType, common: SqlType, at: Place, refuse: Scope["refuse"]): SqlType {
  if (sameType(type, common)) return common;
  if (isNumber(type) && isNumber(common)) return widerNumber(type, common);
  return outside(at, `${typeText(type)} beside ${typeText(common)} in one list, without a CAST,`, refuse);
}
