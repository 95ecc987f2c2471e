/**
 * Decimals as text: which ones BigQuery can hold, and those with an exponent, such as 5e-8, which programs between the
 * exchange and a recording write.
 */

/** Whether a value fits its field, is not of the documented form, or has digits that a cast would round. */
export type Verdict = "ok" | "mistyped" | "too precise";

/** Digits before and after the point. */
export interface Digits {
  readonly whole: number;
  readonly decimals: number;
}

/** What NUMERIC holds, and BIGNUMERIC (BigQuery, "Numeric types"): more would be rounded silently, or fail every query that casts it. */
export const numeric: Digits = { whole: 29, decimals: 9 };
export const bigNumeric: Digits = { whole: 38, decimals: 38 };

/** Examines a text as a decimal: digits with an optional sign and point. */
export function examineDecimal(text: string): Verdict {
  let at = 0;
  const first = text.charCodeAt(0);
  if (first === 43 /* + */ || first === 45 /* - */) at = 1;
  const start = at;
  let point = -1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46 /* . */ && point === -1) point = at;
    else if (code < 48 || code > 57) return "mistyped";
  }
  const whole = (point === -1 ? at : point) - start;
  const decimals = point === -1 ? 0 : at - point - 1;
  if (whole + decimals === 0) return "mistyped";
  return whole > numeric.whole || decimals > numeric.decimals ? "too precise" : "ok";
}

const withExponent = /^([+-]?)(\d*)(?:\.(\d*))?[eE]([+-]?\d+)$/;

/** Whether a text is a number with an exponent. */
export function hasExponent(text: string): boolean {
  const match = withExponent.exec(text);
  return match !== null && match[2]!.length + (match[3] ?? "").length > 0;
}

/**
 * A number with an exponent as a decimal of the same value, without one: 5e-8 is 0.00000005. Undefined if that has
 * more than `most` digits; nothing is built before that is known, because an exponent may be of any size.
 */
export function spellOut(text: string, most: Digits): string | undefined {
  const [, sign, before = "", after = "", exponent] = withExponent.exec(text)!;
  const digits = before + after;
  /** The position of the point in the digits; negative: before them. */
  const point = before.length + Number(exponent);
  const zeros = /^0*/.exec(digits)![0].length;
  const decimals = Math.max(0, digits.length - point);
  const isZero = zeros === digits.length;
  if (decimals > most.decimals || (!isZero && point - zeros > most.whole)) return undefined;
  const whole = isZero ? "0" : digits.slice(zeros, Math.max(zeros, point)).padEnd(point - zeros, "0") || "0";
  const fraction = decimals === 0 ? "" : `.${digits.slice(Math.max(0, point)).padStart(decimals, "0")}`;
  return `${sign === "-" ? "-" : ""}${whole}${fraction}`;
}
