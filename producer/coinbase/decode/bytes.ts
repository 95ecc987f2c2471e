/** Values of a frame as bytes: where they end, and what they may be. */

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

/** Longer numbers may be beyond what an Avro long of ours holds. */
const mostDigits = 15;

/** Whether `bytes` stand in the frame from `start` to `end`. */
export function isAt(bytes: Buffer, frame: Buffer, start: number, end: number): boolean {
  if (end - start !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== frame[start + i]) return false;
  return true;
}

/** Where a text of plain ASCII ends; -1 for any other, or none. */
export function endOfText(frame: Buffer, start: number): number {
  for (let at = start; at < frame.length; at++) {
    const byte = frame[at]!;
    if (byte === quote) return at;
    if (byte < 32 || byte > 126 || byte === backslash) return -1;
  }
  return -1;
}

/** Where a text of digits with at most one point ends, as many as NUMERIC holds (29 and 9); -1 for any other. */
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

/** Where a number of digits alone ends, without a zero in front; -1 for any other, or a very long one. */
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
