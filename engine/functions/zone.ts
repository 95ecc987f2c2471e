/** Time zones, by the names that Java's ZoneId has for them. */
import { OutsideSubset } from "./function.ts";

/** Seconds east of UTC at a time in milliseconds. */
export type Zone = (ms: number) => number;

export const utc: Zone = () => 0;

/** The zone of a name; undefined for one that does not exist, or is outside the subset. */
export function zoneNamed(name: string): Zone | undefined {
  if (/^(?:UTC|GMT|UT|Z)$/.test(name)) return utc;
  // The names are those of the same database; Intl would take them in any case.
  return Intl.supportedValuesOf("timeZone").includes(name) ? namedZone(name) : undefined;
}

/** Seconds of ±h, ±hh, ±hhmm, ±hh:mm, ±hhmmss or ±hh:mm:ss, up to 18 hours; undefined for any other text. */
export function offsetOf(text: string): number | undefined {
  const match = /^([+-])(\d$|\d\d)(?:(:?)([0-5]\d)(?:\3([0-5]\d))?)?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, hours, , minutes = 0, seconds = 0] = match;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (total > 18 * 3600) return undefined;
  return sign === "-" ? -total : total;
}

/** Between these the tables of Java and of Intl agree; before, they depend on their releases. */
const from = Date.UTC(2000, 0, 1);
const to = Date.UTC(2038, 0, 1);

function namedZone(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  return (ms) => {
    if (ms < from || ms >= to) throw new OutsideSubset(`the time of ${timeZone} before 2000 or after 2037`);
    const [, offset] = / GMT(.*)$/.exec(format.format(ms))!;
    return offset === "" ? 0 : offsetOf(offset!)!;
  };
}
