/** Functions of times. Patterns and zones are literals. Where ksqlDB takes the server's zone, that is UTC. */
import { compilePattern, type TimePattern } from "../expressions/timestamp.ts";
import { BIGINT, STRING, TIMESTAMP, type SqlType, type Value } from "../language/types.ts";
import { OutsideSubset, type ScalarFunction } from "./function.ts";
import { orFail, overload, overloaded, unlessNull } from "./overloads.ts";
import { utc, zoneNamed, type Zone } from "./zone.ts";

export const time = {
  /** FORMAT_TIMESTAMP(timestamp, pattern[, zone]) */
  FORMAT_TIMESTAMP: byPattern(TIMESTAMP, STRING, unlessNull, formatting),
  /** TIMESTAMPTOSTRING(milliseconds, pattern[, zone]) */
  TIMESTAMPTOSTRING: byPattern(BIGINT, STRING, orFail, formatting),
  /** PARSE_TIMESTAMP(text, pattern[, 'UTC']) */
  PARSE_TIMESTAMP: byPattern(STRING, TIMESTAMP, unlessNull, parsing),
  /** STRINGTOTIMESTAMP(text, pattern[, 'UTC']): in milliseconds. */
  STRINGTOTIMESTAMP: byPattern(STRING, BIGINT, orFail, parsing),

  /** A number of milliseconds as a timestamp. */
  FROM_UNIXTIME: overloaded(overload([BIGINT], TIMESTAMP, milliseconds)),
  /** A timestamp as a number of milliseconds. */
  UNIX_TIMESTAMP: overloaded(overload([TIMESTAMP], BIGINT, (value: number) => value)),
} satisfies Record<string, ScalarFunction>;

function milliseconds(value: number | bigint): number {
  if (typeof value === "bigint") throw new OutsideSubset(`a time of ${value} milliseconds`);
  return value;
}

function formatting(pattern: () => TimePattern, zone: Zone) {
  return (value: number | bigint) => pattern().format(milliseconds(value), zone);
}

/** Of UTC: a local time of another zone ksqlDB makes by way of the same day of 1970, with the summer time of then. */
function parsing(pattern: () => TimePattern, zone: Zone) {
  return zone === utc ? (value: string) => pattern().parse(value) : undefined;
}

/** A function of a value, a pattern and, if given, a zone. */
function byPattern(
  from: SqlType,
  to: SqlType,
  nulls: typeof unlessNull,
  make: (pattern: () => TimePattern, zone: Zone) => ((value: never) => Value) | undefined,
): ScalarFunction {
  return (args, [, pattern, zoneName]) => {
    const zone = args.length === 2 ? utc : typeof zoneName === "string" ? zoneNamed(zoneName) : undefined;
    const compiled = typeof pattern === "string" ? compile(pattern) : undefined;
    const evaluate = zone && compiled && make(compiled, zone);
    if (evaluate === undefined) return undefined;
    return overloaded(overload([from, STRING, STRING].slice(0, args.length), to, evaluate, nulls))(args, []);
  };
}

/** Throws at each call for a pattern that Java refuses; undefined for one outside the subset. */
function compile(text: string): (() => TimePattern) | undefined {
  try {
    const pattern = compilePattern(text);
    return () => pattern;
  } catch (error) {
    if (error instanceof OutsideSubset) return undefined;
    return () => {
      throw error;
    };
  }
}
