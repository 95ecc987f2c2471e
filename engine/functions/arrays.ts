/** Functions that take or make lists, and the copy of a key among the values. */
import { INTEGER, type SqlType, type Value } from "../language/types.ts";
import { OutsideSubset, type ScalarFunction } from "./function.ts";
import { orFail, overload, overloaded } from "./overloads.ts";

const integers: SqlType = { base: "ARRAY", item: INTEGER };

export const arrays = {
  /** What it is given. */
  AS_VALUE: ([type], { length }) => (type && length === 1 ? { type, evaluate: (value) => value! } : undefined),

  ARRAY_LENGTH: ([type], { length }) => {
    if (type?.base !== "ARRAY" || length !== 1) return undefined;
    return { type: INTEGER, evaluate: (list) => (list === null ? null : (list as readonly Value[]).length) };
  },

  /** GENERATE_SERIES(start, end): both included; downwards where start is not less than end. */
  GENERATE_SERIES: overloaded(overload([INTEGER, INTEGER], integers, series, orFail)),
} satisfies Record<string, ScalarFunction>;

function series(start: number, end: number): Value {
  const distance = Math.abs(end - start);
  if (distance >= 1e7) throw new OutsideSubset("a series of more than ten million numbers");
  const step = start < end ? 1 : -1;
  return Array.from({ length: distance + 1 }, (_, i) => start + step * i);
}
