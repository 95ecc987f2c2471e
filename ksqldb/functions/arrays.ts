/** Functions that take or make lists. */
import { BIGINT, BOOLEAN, bigint, INTEGER, sameType, STRING, type SqlType, type Value } from "../language/types.ts";
import { OutsideSubset, type ScalarFunction } from "./function.ts";
import { equals, isPlain } from "./nulls.ts";
import { orFail, overload, overloaded } from "./overloads.ts";

const integers: SqlType = { base: "ARRAY", item: INTEGER };
const bigints: SqlType = { base: "ARRAY", item: BIGINT };

export const arrays = {
  /** What it is given: a copy of a key among the values. */
  AS_VALUE: ([type], { length }) => (type && length === 1 ? { type, evaluate: (value) => value! } : undefined),

  ARRAY_LENGTH: ([type], { length }) => {
    if (type?.base !== "ARRAY" || length !== 1) return undefined;
    return { type: INTEGER, evaluate: (list) => (list === null ? null : (list as readonly Value[]).length) };
  },

  /** Whether a list has a value, which may be NULL; false of a NULL list. */
  ARRAY_CONTAINS: ([list, type], { length }) => {
    if (list?.base !== "ARRAY" || !type || length !== 2) return undefined;
    // A DECIMAL's equals would compare scales.
    if (!sameType(list.item, type) || !isPlain(type) || type.base === "DECIMAL") return undefined;
    return {
      type: BOOLEAN,
      evaluate: (items, value) =>
        items !== null && (items as readonly Value[]).some((item) => equals(type, item, value)),
    };
  },

  /** The numbers from start to end, both included; downwards where start is not less than end. */
  GENERATE_SERIES: overloaded(
    overload(["INTEGER", "INTEGER"], integers, orFail(integerSeries)),
    overload(["INTEGER", "INTEGER", "INTEGER"], integers, orFail(integerSeries)),
    overload(["BIGINT", "BIGINT"], bigints, orFail(bigintSeries)),
    overload(["BIGINT", "BIGINT", "INTEGER"], bigints, orFail(bigintSeries)),
  ),

  /** ELT(n, text …): the n-th of the texts, from 1; NULL beyond them. */
  ELT: ([n, ...texts]) => {
    if (n?.base !== "INTEGER" || !areTexts(texts)) return undefined;
    return {
      type: STRING,
      evaluate: (position, ...values) => {
        if (position === null) throw new Error("an argument is NULL");
        return values[(position as number) - 1] ?? null;
      },
    };
  },

  /** FIELD(text, text …): where the first text is among the others, from 1; 0 where it is not, or is NULL. */
  FIELD: ([wanted, ...texts]) => {
    if (wanted?.base !== "STRING" || !areTexts(texts)) return undefined;
    return { type: INTEGER, evaluate: (value, ...values) => (value === null ? 0 : values.indexOf(value) + 1) };
  },
} satisfies Record<string, ScalarFunction>;

function areTexts(types: readonly (SqlType | null)[]): boolean {
  return types.length > 0 && types.every((type) => type?.base === "STRING");
}

function integerSeries(start: number, end: number, step?: number): Value {
  const distance = (end - start) | 0;
  const by = step ?? (distance > 0 ? 1 : -1);
  const size = sizeOf(by, distance, () => (1 + Math.trunc(distance / by)) | 0);
  return Array.from({ length: size }, (_, i) => (start + Math.imul(i, by)) | 0);
}

function bigintSeries(start: number | bigint, end: number | bigint, step?: number): Value {
  const distance = BigInt.asIntN(64, BigInt(end) - BigInt(start));
  const by = BigInt(step ?? (distance > 0n ? 1 : -1));
  const size = sizeOf(by, distance, () => Number(BigInt.asIntN(32, 1n + BigInt.asIntN(32, distance / by))));
  return Array.from({ length: size }, (_, i) => bigint(BigInt.asIntN(64, BigInt(start) + BigInt(i) * by)));
}

/** How many numbers there are; Java's arithmetic wraps around. */
function sizeOf(by: number | bigint, distance: number | bigint, count: () => number): number {
  if (Number(by) === 0) throw new Error("GENERATE_SERIES: the step is zero");
  if ((distance > 0 && by < 0) || (distance < 0 && by > 0))
    throw new Error("GENERATE_SERIES: the step has the wrong sign");
  const size = count();
  if (size < 0) throw new Error("GENERATE_SERIES: the series is too long");
  if (size > 1e7) throw new OutsideSubset("a series of more than ten million numbers");
  return size;
}
