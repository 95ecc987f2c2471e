/** Functions that deal with NULL. Their arguments have one type exactly, without casts. */
import { sameType, type SqlType, type Value } from "../language/types.ts";
import type { ScalarFunction } from "./function.ts";

/** The first value that is not NULL. */
const coalesce: ScalarFunction = (args) => {
  const type = oneType(args);
  return type && { type, evaluate: (...values) => values.find((value) => value !== null) ?? null };
};

export const nulls = {
  COALESCE: coalesce,
  /** The first value, or the second where it is NULL. */
  IFNULL: (args, constants) => (args.length === 2 ? coalesce(args, constants) : undefined),
  /** The first value, or NULL where it equals the second. */
  NULLIF: (args) => {
    const type = oneType(args);
    if (type === undefined || args.length !== 2 || !isPlain(type)) return undefined;
    return { type, evaluate: (value, other) => (equals(type, value, other) ? null : value!) };
  },
} satisfies Record<string, ScalarFunction>;

function oneType([first, ...rest]: readonly (SqlType | null)[]): SqlType | undefined {
  return first && rest.every((type) => type !== null && sameType(type, first)) ? first : undefined;
}

/** A type whose values are not made of others. */
export function isPlain({ base }: SqlType): boolean {
  return base !== "ARRAY" && base !== "MAP" && base !== "STRUCT";
}

/** Java's equals of two values of a plain type: of doubles, NaN is itself, and -0.0 is not 0.0. */
export function equals({ base }: SqlType, a: Value, b: Value): boolean {
  return base === "DOUBLE" ? Object.is(a, b) : a === b;
}
