/**
 * DECIMAL: an integer without its point, to the scale that the type says. The rules are those of Java's BigDecimal as
 * ksqlDB uses it: a cast rounds half up, arithmetic is exact or fails, and what does not fit its type is an error.
 */
import { decimal, type DecimalType, type SqlType } from "../language/types.ts";
import { OutsideSubset } from "./typed.ts";

const powers: bigint[] = Array.from({ length: 100 }, (_, i) => 10n ** BigInt(i));

/** 10 to the power of a whole number that is not negative. */
export function powerOfTen(exponent: number): bigint {
  return powers[exponent] ?? 10n ** BigInt(exponent);
}

/** Digits, an optional sign and point, an optional exponent: what BigDecimal reads. */
const numeral = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** A number with all the digits of its text. */
interface Exact {
  readonly units: bigint;
  /** Digits behind the point; negative for trailing zeros that an exponent stands for. */
  readonly scale: number;
}

/** The number that a text is, with all its digits. Throws if it is not a number. */
export function parseExact(text: string): Exact {
  const match = numeral.exec(text);
  const digits = match === null ? "" : match[2]! + (match[3] ?? "");
  if (digits === "" || !(Math.abs(Number(match![4] ?? 0)) < 2 ** 31)) throw notANumber(text);
  const units = BigInt(digits);
  return { units: match![1] === "-" ? -units : units, scale: (match![3] ?? "").length - Number(match![4] ?? 0) };
}

/** Java accepts the digits of every script; those beyond ASCII are outside the subset. */
export function notANumber(text: string): Error {
  return /[^\0-\x7f]/.test(text) && /\p{Nd}/u.test(text)
    ? new OutsideSubset(`the number ${text}`)
    : new Error(`For input string: "${text}"`);
}

/** The common case, a short plain number, without a regular expression or a text for BigInt; undefined for any other. */
function parseShort(text: string, scale: number): bigint | undefined {
  let units = 0;
  let point = -1;
  const { length } = text;
  if (length === 0 || length > 15) return undefined;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) units = units * 10 + (code - 48);
    else if (code === 46 && point < 0) point = i;
    else return undefined;
  }
  const fraction = point < 0 ? 0 : length - point - 1;
  if (fraction > scale || (point >= 0 && length === 1)) return undefined;
  const missing = scale - fraction;
  // Up to 15 digits are exact in a double: what is missing is added there if it fits.
  return length + missing <= 15 ? BigInt(units * 10 ** missing) : BigInt(units) * powerOfTen(missing);
}

/** Text as a DECIMAL, rounded half up. Throws if it is not a number or does not fit before it is rounded. */
export function parseDecimal(text: string, type: DecimalType): bigint {
  const short = parseShort(text, type.scale);
  if (short !== undefined && text.length <= type.precision - type.scale) return short;
  return castExact(parseExact(trim(text)), type);
}

/** A number as a DECIMAL, rounded half up. Throws if it does not fit; a digit that rounding carries over is not checked. */
export function castExact(exact: Exact, type: DecimalType): bigint {
  const digits = type.precision - type.scale;
  // ksqlDB's bound is a DOUBLE by its text, which is less than 1E23 before Java 19.
  if (digits === 23 && isBelow(exact, 23) && Math.abs(Number(exactText(exact))) >= 9.9e22)
    throw new OutsideSubset(`a number just below the bound of DECIMAL(${type.precision}, ${type.scale})`);
  if (!isBelow(exact, digits)) {
    throw new Error(`Numeric field overflow: ${exactText(exact)} is beyond DECIMAL(${type.precision}, ${type.scale})`);
  }
  return rescale(exact.units, exact.scale, type.scale);
}

/** Whether a number has at most so many digits before its point. */
function isBelow({ units, scale }: Exact, digits: number): boolean {
  const places = digits + scale;
  if (units === 0n || places < 0) return units === 0n;
  // With a large exponent the digits are counted: the power of ten would have as many digits as the exponent says.
  if (places > 1000) return digitsOf(units) <= places;
  const bound = powerOfTen(places);
  return units < bound && units > -bound;
}

/** The number as a DECIMAL if it fits without rounding; throws otherwise. */
export function fitExact(exact: Exact, type: DecimalType): bigint {
  const units = castExact(exact, type);
  if (exact.scale > type.scale && rescale(units, type.scale, exact.scale) !== exact.units) {
    throw new Error(`${exactText(exact)} does not fit DECIMAL(${type.precision}, ${type.scale}) without rounding`);
  }
  return units;
}

/** Units of one scale to another; digits that are cut off round half away from zero. */
export function rescale(units: bigint, from: number, to: number): bigint {
  if (to === from || units === 0n) return units;
  if (to > from) return units * powerOfTen(to - from);
  if (from - to > 1000 && digitsOf(units) < from - to) return 0n;
  const divisor = powerOfTen(from - to);
  const half = divisor / 2n;
  return (units < 0n ? units - half : units + half) / divisor;
}

/** How many digits a number has, 1 for zero. */
export function digitsOf(units: bigint): number {
  return String(units < 0n ? -units : units).length;
}

/** All digits of the scale, never an exponent. */
export function decimalText(units: bigint, scale: number): string {
  if (scale === 0) return String(units);
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${units < 0n ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function exactText({ units, scale }: Exact): string {
  return scale < 0 || scale > 1000 ? `${units}E${-scale}` : decimalText(units, scale);
}

/** A whole number's type as a DECIMAL that holds all of it. */
export function asDecimal(type: SqlType): DecimalType {
  return type.base === "DECIMAL" ? type : decimal(type.base === "INTEGER" ? 10 : 19, 0);
}

/** The type that two types of numbers are widened to. */
export function widerNumber(a: SqlType, b: SqlType): SqlType {
  if (a.base !== "DECIMAL" && b.base !== "DECIMAL") return a.base === "BIGINT" ? a : b;
  const [one, other] = [asDecimal(a), asDecimal(b)];
  const scale = Math.max(one.scale, other.scale);
  return decimal(Math.max(one.precision - one.scale, other.precision - other.scale) + scale, scale);
}

/** Without the control characters and spaces at both ends, as Java's String.trim: other white space stays. */
export function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}
