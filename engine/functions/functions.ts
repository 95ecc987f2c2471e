/** Scalar functions: https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-reference/scalar-functions.html */
import type { Expression } from "../language/ast.ts";
import { INTEGER, sameType, STRING, type SqlType, type Value } from "../language/types.ts";
import { trim } from "../expressions/decimal.ts";
import { describeTypes, guard, OutsideSubset, type Scope, type Typed, type Type } from "../expressions/typed.ts";

interface Resolved {
  readonly type: SqlType;
  /** Throws where ksqlDB's function does. */
  readonly evaluate: (...args: Value[]) => Value;
}

/** Resolves a function for arguments of these types (null for a bare NULL); undefined if it does not take them here. */
type ScalarFunction = (args: readonly (SqlType | null)[]) => Resolved | undefined;

const functions: Readonly<Record<string, ScalarFunction>> = {
  /** A copy of a key among the values. */
  AS_VALUE: ([type, ...more]) => (type && more.length === 0 ? { type, evaluate: (value) => value! } : undefined),

  ARRAY_LENGTH: ([type, ...more]) => {
    if (type?.base !== "ARRAY" || more.length > 0) return undefined;
    return { type: INTEGER, evaluate: (list) => (list === null ? null : (list as readonly Value[]).length) };
  },

  /** GENERATE_SERIES(start, end): both included, downwards if start is above end. */
  GENERATE_SERIES: (args) => {
    if (args.length !== 2 || args.some((type) => type?.base !== "INTEGER")) return undefined;
    return { type: { base: "ARRAY", item: INTEGER }, evaluate: series };
  },

  /** The first value that is not NULL. */
  COALESCE: coalesce,
  /** The first value, or the second if it is NULL. */
  IFNULL: (args) => (args.length === 2 ? coalesce(args) : undefined),
  /** The first value, or NULL if it equals the second. */
  NULLIF: (args) => {
    const type = oneType(args);
    if (type === undefined || args.length !== 2 || type.base === "ARRAY" || type.base === "STRUCT") return undefined;
    return { type, evaluate: (value, other) => (value === other ? null : value!) };
  },

  /** The texts one after the other, without those that are NULL. */
  CONCAT: (args) => {
    if (args.length === 0 || args.some((type) => type?.base !== "STRING")) return undefined;
    return { type: STRING, evaluate: (...values) => (values as (string | null)[]).join("") };
  },
  TRIM: ofText(STRING, trim),
  /** Lengths and positions count UTF-16 units, as Java does. */
  LEN: ofText(INTEGER, (text) => text.length),
  /** SUBSTRING(text, position[, length]): from 1, or from the end if negative; what lies outside is left out. */
  SUBSTRING: ([text, ...numbers]) => {
    const taken = text?.base === "STRING" && numbers.every((type) => type?.base === "INTEGER");
    if (!taken || numbers.length < 1 || numbers.length > 2) return undefined;
    return {
      type: STRING,
      evaluate: (...args) => (args.includes(null) ? null : substring(...(args as [string, number]))),
    };
  },
};

/** Types a call. An argument that is itself a call or a field has its own guard. */
export function call(expression: Expression & { kind: "call" }, scope: Scope, typed: Type): Typed {
  const { name, at } = expression;
  const resolve = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (resolve === undefined) {
    return scope.refuse(
      at,
      `the function ${name} does not exist, is not allowed here, or is outside the subset that is executed here`,
      "unknown-function",
      name,
    );
  }
  if (expression.star) return scope.refuse(at, `${name} does not take *`, "arguments");
  if (expression.args.some((arg) => arg.kind === "like"))
    scope.refuse(at, "LIKE as an argument, which ksqlDB does not compile");
  const args = expression.args.map(typed);
  const types = args.map(({ type }) => type);
  const resolved = resolve(types);
  if (resolved === undefined)
    return scope.refuse(at, `${name} does not take (${describeTypes(types)}), or not here`, "arguments");
  const guarded = args.map((arg, i) =>
    expression.args[i]!.kind === "call" || expression.args[i]!.kind === "field" ? guard(arg, name) : arg,
  );
  const { type, evaluate } = resolved;
  const [first] = guarded;
  if (guarded.length === 1) return { type, evaluate: (row, log) => evaluate(first!.evaluate(row, log)) };
  return { type, evaluate: (row, log) => evaluate(...guarded.map((arg): Value => arg.evaluate(row, log))) };
}

function series(start: Value, end: Value): Value {
  // Both are primitives of Java.
  if (start === null || end === null) throw new Error("an argument is NULL");
  const [from, to] = [start as number, end as number];
  const distance = Math.abs(to - from);
  if (distance >= 1e7) throw new OutsideSubset("a series of more than ten million numbers");
  const step = from < to ? 1 : -1;
  return Array.from({ length: distance + 1 }, (_, i) => from + step * i);
}

function coalesce(args: readonly (SqlType | null)[]): Resolved | undefined {
  const type = oneType(args);
  return type && { type, evaluate: (...values) => values.find((value) => value !== null) ?? null };
}

/** ksqlDB casts nothing here. */
function oneType([first, ...rest]: readonly (SqlType | null)[]): SqlType | undefined {
  return first && rest.every((type) => type !== null && sameType(type, first)) ? first : undefined;
}

function ofText(type: SqlType, evaluate: (text: string) => Value): ScalarFunction {
  return (args) =>
    args.length === 1 && args[0]?.base === "STRING"
      ? { type, evaluate: (text) => (text === null ? null : evaluate(text as string)) }
      : undefined;
}

function substring(text: string, from: number, length?: number): string {
  const start = from < 0 ? Math.max(text.length + from, 0) : Math.max(Math.min(from - 1, text.length), 0);
  if (length === undefined) return text.slice(start);
  // Java's sum wraps around.
  const end = Math.max(Math.min((start + length) | 0, text.length), start);
  return text.slice(start, end);
}
