/** The values of a frame as bytes: where each ends, what it may be, and its text. */

/** Letters of JSON, as bytes. */
export const quote = 34;
export const comma = 44;
export const point = 46;
export const zero = 48;
const nine = 57;
export const colon = 58;
export const Z = 90;
const backslash = 92;
export const n = 110;
export const open = 123;
export const close = 125;

/** More digits may exceed what an Avro long can hold exactly. */
const mostDigits = 15;

/** Whether the frame has `bytes` from `start` to `end`. */
export function isAt(bytes: Buffer, frame: Buffer, start: number, end: number): boolean {
  if (end - start !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== frame[start + i]) return false;
  return true;
}

/** Where a text of printable ASCII without escapes ends; -1 for any other value. */
export function endOfText(frame: Buffer, start: number): number {
  for (let at = start; at < frame.length; at++) {
    const byte = frame[at]!;
    if (byte === quote) return at;
    if (byte < 32 || byte > 126 || byte === backslash) return -1;
  }
  return -1;
}

/** Where a text of digits with at most one point ends, if NUMERIC can hold it (29 and 9 digits); -1 otherwise. */
export function endOfDecimal(frame: Buffer, start: number): number {
  let pointAt = -1;
  let at = start;
  for (; frame[at] !== quote; at++) {
    const byte = frame[at]!;
    if (byte === point && pointAt === -1) pointAt = at;
    else if (!(byte >= zero && byte <= nine)) return -1;
  }
  const whole = (pointAt === -1 ? at : pointAt) - start;
  const decimals = pointAt === -1 ? 0 : at - pointAt - 1;
  return whole + decimals > 0 && whole <= 29 && decimals <= 9 ? at : -1;
}

/** Where an unsigned integer without a leading zero ends; -1 for any other number, or one with too many digits. */
export function endOfInteger(frame: Buffer, start: number): number {
  let at = start;
  while (frame[at]! >= zero && frame[at]! <= nine) at++;
  const digits = at - start;
  return digits === 0 || digits > mostDigits || (digits > 1 && frame[start] === zero) ? -1 : at;
}

const buy = Buffer.from("buy");
const sell = Buffer.from("sell");

export function isSide(frame: Buffer, start: number, end: number): boolean {
  return isAt(buy, frame, start, end) || isAt(sell, frame, start, end);
}

const buckets = 1024;
/** Ever new texts must not fill the memory. */
const mostInBucket = 16;

/** Texts of bytes that repeat, such as product ids: each text is made once. */
export class Names {
  readonly #known: { readonly bytes: Buffer; readonly text: string }[][] = Array.from({ length: buckets }, () => []);

  /** The text of the ASCII bytes from `start` to `end`. */
  of(frame: Buffer, start: number, end: number): string {
    let sum = 0;
    for (let at = start; at < end; at++) sum = (sum * 31 + frame[at]!) & (buckets - 1);
    const bucket = this.#known[sum]!;
    for (const { bytes, text } of bucket) if (isAt(bytes, frame, start, end)) return text;
    const text = frame.toString("latin1", start, end);
    if (bucket.length < mostInBucket) bucket.push({ bytes: Buffer.from(text), text });
    return text;
  }
}
