/** ARRAY, MAP and STRUCT: their making, and what is taken out of them. Lists count from 1, or from the end where negative. */
import type { Expression } from "../language/ast.ts";
import { expressionText } from "../language/format.ts";
import { STRING, typeText, type SqlType, type Value } from "../language/types.ts";
import { toCommonType } from "./coercion.ts";
import { guard, required, typeOfOperand, type Evaluate, type Scope, type Typed, type Type } from "./typed.ts";

export function subscript(expression: Expression & { kind: "subscript" }, scope: Scope, typed: Type): Typed {
  const base = typed(expression.base);
  const index = typed(expression.index);
  const type = typeOfOperand(base, expression.base.at, scope.refuse);
  const indexType = typeOfOperand(index, expression.index.at, scope.refuse);
  const wanted = type.base === "ARRAY" ? "INTEGER" : "STRING";
  if (type.base !== "ARRAY" && type.base !== "MAP") {
    return scope.refuse(expression.at, `only an ARRAY or a MAP has elements, this is ${typeText(type)}`);
  }
  if (indexType.base !== wanted)
    scope.refuse(expression.index.at, `an element of this is found by ${wanted}, not by ${typeText(indexType)}`);
  const access: Evaluate =
    type.base === "ARRAY"
      ? (row, log) =>
          elementAt(base.evaluate(row, log) as readonly Value[], required(index.evaluate(row, log)) as number)
      : (row, log) => (base.evaluate(row, log) as ReadonlyMap<Value, Value>).get(index.evaluate(row, log)) ?? null;
  return {
    type: type.base === "ARRAY" ? type.item : type.value,
    guarded: base.guarded || index.guarded,
    evaluate: (row, log) => (base.evaluate(row, log) === null ? null : access(row, log)),
  };
}

/** NULL outside the list. */
function elementAt(list: readonly Value[], index: number): Value {
  return (index > 0 ? list[index - 1] : index < 0 ? list[list.length + index] : null) ?? null;
}

export function field(expression: Expression & { kind: "field" }, scope: Scope, typed: Type): Typed {
  const base = typed(expression.base);
  const type = typeOfOperand(base, expression.base.at, scope.refuse);
  if (type.base !== "STRUCT") return scope.refuse(expression.at, `only a STRUCT has fields, this is ${typeText(type)}`);
  const place = type.fields.findIndex(({ name }) => name === expression.name);
  if (place < 0) return scope.refuse(expression.at, `${typeText(type)} has no field ${expression.name}`);
  return {
    type: type.fields[place]!.type,
    guarded: base.guarded,
    evaluate: (row, log) =>
      base.evaluate(row, log) === null ? null : (base.evaluate(row, log) as readonly Value[])[place]!,
  };
}

export function arrayOf(expression: Expression & { kind: "array" }, scope: Scope, typed: Type): Typed {
  const items = expression.items.map((item) => ({ expression: item, typed: typed(item) }));
  const common = toCommonType(items, scope);
  if (common === undefined)
    return scope.refuse(expression.at, "ARRAY[…] needs an item that is no bare NULL: CAST(NULL AS …)");
  const guarded = common.items.map((item) => guard(item, "array item"));
  return {
    type: { base: "ARRAY", item: common.type },
    guarded: true,
    evaluate: (row, log) => guarded.map((item) => item.evaluate(row, log)),
  };
}

export function mapOf(expression: Expression & { kind: "map" }, scope: Scope, typed: Type): Typed {
  const side = (part: "key" | "value") =>
    toCommonType(
      expression.entries.map((entry) => ({ expression: entry[part], typed: typed(entry[part]) })),
      scope,
    );
  const keys = side("key");
  const values = side("value");
  const texts = expression.entries.map(({ key }) => expressionText(key));
  if (new Set(texts).size < texts.length) scope.refuse(expression.at, "a MAP must not name a key twice");
  if (keys === undefined || values === undefined)
    return scope.refuse(expression.at, "MAP(…) needs a key and a value that are no bare NULL");
  if (keys.type.base !== STRING.base)
    scope.refuse(
      expression.at,
      "a MAP whose keys are not STRING is outside the subset that is executed here",
      "subset",
    );
  const guardedKeys = keys.items.map((key) => guard(key, "map key"));
  const guardedValues = values.items.map((value) => guard(value, "map value"));
  return {
    type: { base: "MAP", value: values.type },
    guarded: true,
    evaluate: (row, log) => {
      const map = new Map<Value, Value>();
      guardedKeys.forEach((key, i) => map.set(key.evaluate(row, log), guardedValues[i]!.evaluate(row, log)));
      // A key may be NULL, which can be looked up and not written.
      return map as Map<string, Value>;
    },
  };
}

export function structOf(expression: Expression & { kind: "struct" }, scope: Scope, typed: Type): Typed {
  const fields = expression.fields.map(({ name, value }) => {
    const inner = typed(value);
    return { name, type: typeOfOperand(inner, value.at, scope.refuse), value: guard(inner, "struct field") };
  });
  if (new Set(fields.map(({ name }) => name)).size < fields.length)
    scope.refuse(expression.at, "a STRUCT must not name a field twice");
  const type: SqlType = {
    base: "STRUCT",
    fields: fields.map(({ name, type: fieldType }) => ({ name, type: fieldType })),
  };
  return { type, guarded: true, evaluate: (row, log) => fields.map(({ value }) => value.evaluate(row, log)) };
}
