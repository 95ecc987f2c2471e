/**
 * Times of the wire. The exchange writes ISO 8601 in UTC with 0 to 9 digits of a second's fraction, depending on the
 * year and the server; a JavaScript Date would lose the microseconds.
 */

/** The last microsecond that an Avro long of ours can hold exactly (avsc stops short of 2^53): in June of 2255. */
export const lastTime = Number.MAX_SAFE_INTEGER - 1;

const wholeSecond = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

// Frames come many a second: the second's text is parsed once.
let cachedSecond = "";
let cachedMicros = 0;

/** Microseconds since 1970 of `YYYY-MM-DDThh:mm:ss[.f…]Z`, cut at microseconds; undefined if it is no such time. */
export function parseTime(text: string): number | undefined {
  const second = text.slice(0, 19);
  if (second !== cachedSecond) {
    const micros = parseSecond(second);
    if (micros === undefined) return undefined;
    cachedSecond = second;
    cachedMicros = micros;
  }
  const end = text.length - 1;
  if (text.charCodeAt(end) !== 90 /* Z */) return undefined;
  if (end === 19) return cachedMicros;
  const digits = end - 20;
  if (text.charCodeAt(19) !== 46 /* . */ || digits < 1 || digits > 9) return undefined;
  return addFraction(cachedMicros, text, 20, end);
}

/** Microseconds since 1970 of `<seconds>[.f…]`, cut at microseconds; undefined if it is no such number. */
export function parseSeconds(text: string): number | undefined {
  if (!/^\d{1,11}(\.\d+)?$/.test(text)) return undefined;
  const point = text.indexOf(".");
  const seconds = Number(point === -1 ? text : text.slice(0, point)) * 1e6;
  return point === -1 ? seconds : addFraction(seconds, text, point + 1, text.length);
}

function parseSecond(text: string): number | undefined {
  if (!wholeSecond.test(text)) return undefined;
  const date = new Date(`${text}Z`);
  // Date accepts the 30th of February and 24:00 and moves them on; the exchange does not send them.
  if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(text)) return undefined;
  return date.getTime() * 1000;
}

/** Adds the digits of `text` from `start` to `end` as a fraction of a second; NaN-free: undefined on a non-digit. */
function addFraction(micros: number, text: string, start: number, end: number): number | undefined {
  let fraction = 0;
  let weight = 100_000;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    if (weight >= 1) fraction += digit * weight;
    weight /= 10;
  }
  return micros + fraction;
}
