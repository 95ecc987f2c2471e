/** DOUBLE as Java reads and prints it: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Double.html#toString(double) */
import { OutsideSubset } from "../functions/function.ts";
import { notANumber } from "./decimal.ts";

/** Throws OutsideSubset where the digits depend on Java's release: before 19 it wrote some numbers longer than need be. */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if ((size > 2 ** 53 && size < 1e26) || (size > Number.MIN_VALUE && size < 2 ** -1022))
    throw new OutsideSubset(`the text of the DOUBLE ${value}`);
  return shortestText(value);
}

/** The text with as few digits as tell the number from its neighbours. */
export function shortestText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  return scientific(value.toExponential(), value.toExponential(1));
}

/** A float of 32 bits, with as few digits as tell it from its neighbours. */
export function floatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return doubleText(value);
  let digits = 0;
  while (Math.fround(Number(value.toExponential(digits))) !== value) digits++;
  const shortest = value.toExponential(digits);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e7 ? doubleText(Number(shortest)) : scientific(shortest, value.toExponential(1));
}

/** Java looks for the nearest number of two digits where one digit would do: the smallest double is 4.9E-324. */
function scientific(shortest: string, twoDigits: string): string {
  return (shortest.includes(".") ? shortest : twoDigits).replace("e+", "E").replace("e", "E");
}

const decimalForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?=[fFdD]?$)/;
const hexadecimalForm = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)[fFdD]?$/;

/**
 * Double.parseDouble of a text without space around it. Throws where it is no number, and OutsideSubset for a hexadecimal
 * one that has to be rounded.
 */
export function parseDouble(text: string): number {
  const decimal = decimalForm.exec(text);
  if (decimal !== null) return Number(decimal[0]);
  if (/^[+-]?(?:NaN|Infinity)$/.test(text)) return Number(text);
  const [, sign, whole = "", fraction = "", exponent] = hexadecimalForm.exec(text) ?? [];
  if (whole + fraction === "") throw notANumber(text);
  const power = Number(exponent) - 4 * fraction.length;
  const value = Number(`0x${whole}${fraction}`) * 2 ** power;
  const exact = whole.length + fraction.length <= 13 && (value === 0 || (value > 1e-290 && value < 1e300));
  if (!exact) throw new OutsideSubset(`the number ${text}`);
  return sign === "-" ? -value : value;
}
