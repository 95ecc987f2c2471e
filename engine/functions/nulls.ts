/** Functions that deal with NULL. Their arguments have one type exactly, without casts. */
import { sameType, type SqlType } from "../language/types.ts";
import type { ScalarFunction } from "./function.ts";

export const nulls = {
  /** The first value that is not NULL. */
  COALESCE: coalesce,
  /** The first value, or the second where it is NULL. */
  IFNULL: (args) => (args.length === 2 ? coalesce(args) : undefined),
  /** The first value, or NULL where it equals the second. */
  NULLIF: (args) => {
    const type = oneType(args);
    if (type === undefined || args.length !== 2 || ["ARRAY", "MAP", "STRUCT"].includes(type.base)) return undefined;
    // Java's equals of doubles: NaN is itself, and -0.0 is not 0.0.
    const equals = type.base === "DOUBLE" ? Object.is : (a: unknown, b: unknown) => a === b;
    return { type, evaluate: (value, other) => (equals(value, other) ? null : value!) };
  },
} satisfies Record<string, ScalarFunction>;

function coalesce(args: readonly (SqlType | null)[]): ReturnType<ScalarFunction> {
  const type = oneType(args);
  return type && { type, evaluate: (...values) => values.find((value) => value !== null) ?? null };
}

function oneType([first, ...rest]: readonly (SqlType | null)[]): SqlType | undefined {
  return first && rest.every((type) => type !== null && sameType(type, first)) ? first : undefined;
}
