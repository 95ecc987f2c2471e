/** Functions of times. Patterns and zones are literals. Where ksqlDB takes the server's zone, that is UTC. */
import { compilePattern, type TimePattern } from "../expressions/timestamp.ts";
import { BIGINT, STRING, TIMESTAMP, type SqlType, type Value } from "../language/types.ts";
import { OutsideSubset, type ScalarFunction } from "./function.ts";
import { orFail, overload, overloaded, unlessNull } from "./overloads.ts";
import { utc, zoneNamed, type Zone } from "./zone.ts";

export const time = {
  /** FORMAT_TIMESTAMP(timestamp, pattern[, zone]) */
  FORMAT_TIMESTAMP: byPattern(
    TIMESTAMP,
    STRING,
    unlessNull,
    (pattern, zone) => (value: number) => pattern().format(value, zone),
  ),
  /** TIMESTAMPTOSTRING(milliseconds, pattern[, zone]) */
  TIMESTAMPTOSTRING: byPattern(
    BIGINT,
    STRING,
    orFail,
    (pattern, zone) => (value: number | bigint) => pattern().format(milliseconds(value), zone),
  ),
  /** PARSE_TIMESTAMP(text, pattern[, zone]) */
  PARSE_TIMESTAMP: byPattern(STRING, TIMESTAMP, unlessNull, parsing),
  /** STRINGTOTIMESTAMP(text, pattern[, zone]): in milliseconds. */
  STRINGTOTIMESTAMP: byPattern(STRING, BIGINT, orFail, parsing),

  /** A number of milliseconds as a timestamp. */
  FROM_UNIXTIME: overloaded(overload(["BIGINT"], TIMESTAMP, unlessNull(milliseconds))),
  /** A timestamp as a number of milliseconds. */
  UNIX_TIMESTAMP: overloaded(overload(["TIMESTAMP"], BIGINT, (value) => value!)),
} satisfies Record<string, ScalarFunction>;

function milliseconds(value: number | bigint): number {
  if (typeof value === "bigint") throw new OutsideSubset(`a time of ${value} milliseconds`);
  return value;
}

function parsing(pattern: () => TimePattern, zone: Zone): ((value: string) => number) | undefined {
  return zone.fixed === undefined ? undefined : (value) => pattern().parse(value, zone);
}

/** A function of a value, a pattern and, if given, a zone. `nulls` makes of it what it does with NULL. */
function byPattern(
  from: SqlType,
  to: SqlType,
  nulls: typeof unlessNull,
  make: (pattern: () => TimePattern, zone: Zone) => ((value: never) => Value) | undefined,
): ScalarFunction {
  return (args, constants) => {
    const [, pattern, zoneName] = constants;
    const zone = args.length === 2 ? utc : typeof zoneName === "string" ? zoneNamed(zoneName) : undefined;
    const compiled = typeof pattern === "string" ? compile(pattern) : undefined;
    const evaluate = zone && compiled && make(compiled, zone);
    if (evaluate === undefined) return undefined;
    const one = nulls(evaluate);
    const params = [from.base, "STRING", "STRING"] as const;
    return overloaded(overload(params.slice(0, args.length), to, (value) => one(value)))(args, constants);
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
