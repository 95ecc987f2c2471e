/** Time zones, by the names that Java's ZoneId has for them. */
import { OutsideSubset } from "./function.ts";

export interface Zone {
  /** Seconds east of UTC, of a zone that never changes; undefined for any other. */
  readonly fixed: number | undefined;
  /** Seconds east of UTC at a time in milliseconds. */
  offsetAt(ms: number): number;
}

export const utc = fixedZone(0);

export function fixedZone(seconds: number): Zone {
  return { fixed: seconds, offsetAt: () => seconds };
}

/** The zone of a name; undefined for one that does not exist, or is outside the subset. */
export function zoneNamed(name: string): Zone | undefined {
  if (/^(?:UTC|GMT|UT|Z)$/.test(name)) return utc;
  if (/^[+-]/.test(name)) {
    const seconds = offsetOf(name);
    return seconds === undefined ? undefined : fixedZone(seconds);
  }
  // The names are those of the same database; Intl would take them in any case.
  return Intl.supportedValuesOf("timeZone").includes(name) ? namedZone(name) : undefined;
}

/** Seconds of ±h, ±hh, ±hhmm, ±hh:mm, ±hhmmss or ±hh:mm:ss, up to 18 hours; undefined for any other text. */
export function offsetOf(text: string): number | undefined {
  const match = /^([+-])(?:(\d)|(\d\d)(?::?([0-5]\d)|(:?)([0-5]\d)\5([0-5]\d))?)$/.exec(text);
  if (match === null) return undefined;
  const [, sign, short, hours, onlyMinutes, , minutes, seconds] = match;
  const total = Number(short ?? hours) * 3600 + Number(onlyMinutes ?? minutes ?? 0) * 60 + Number(seconds ?? 0);
  if (total > 18 * 3600) return undefined;
  return sign === "-" ? -total : total;
}

/** Between these the tables of Java and of Intl agree; before, they depend on their releases. */
const from = Date.UTC(2000, 0, 1);
const to = Date.UTC(2038, 0, 1);

function namedZone(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  return {
    fixed: undefined,
    offsetAt(ms) {
      if (ms < from || ms >= to) throw new OutsideSubset(`the time of ${timeZone} before 2000 or after 2037`);
      const [, offset] = / GMT(.*)$/.exec(format.format(ms))!;
      return offset === "" ? 0 : offsetOf(offset!)!;
    },
  };
}
