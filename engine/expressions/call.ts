/** Calls of scalar functions. An argument that is a call or a field has a guard of its own. */
import type { Expression } from "../language/ast.ts";
import { sameType, type Value } from "../language/types.ts";
import { functions } from "../functions/functions.ts";
import { castTo } from "./cast.ts";
import { describeTypes, guard, type Scope, type Typed, type Type } from "./typed.ts";

export function call(expression: Expression & { kind: "call" }, scope: Scope, typed: Type): Typed {
  const { name, at } = expression;
  const resolve = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (resolve === undefined) {
    return scope.refuse(
      at,
      `the function ${name} does not exist, can not stand here, or is outside the subset that is executed here`,
      "unknown-function",
      name,
    );
  }
  if (expression.star) return scope.refuse(at, `${name} does not take *`, "arguments");
  const args = expression.args.map((arg) => typed(arg));
  const types = args.map(({ type }) => type);
  const resolved = resolve(
    types,
    args.map(({ constant }) => constant),
  );
  if (resolved === undefined)
    return scope.refuse(at, `${name} does not take (${describeTypes(types)}), or not here`, "arguments");
  if (expression.args.some((arg) => arg.kind === "like"))
    scope.refuse(at, "LIKE as an argument, which ksqlDB does not compile");
  const converted = args.map((arg, i) => {
    const kind = expression.args[i]!.kind;
    const wanted = resolved.casts?.[i];
    const value = wanted === undefined || arg.type === null || sameType(arg.type, wanted) ? arg : castTo(wanted, arg)!;
    return kind === "call" || kind === "field" ? guard(value, name) : value;
  });
  const { evaluate } = resolved;
  const guarded = converted.some((arg) => arg.guarded);
  const [first] = converted;
  if (converted.length === 1)
    return { type: resolved.type, guarded, evaluate: (row, log) => evaluate(first!.evaluate(row, log)) };
  return {
    type: resolved.type,
    guarded,
    evaluate: (row, log) => evaluate(...converted.map((arg): Value => arg.evaluate(row, log))),
  };
}
