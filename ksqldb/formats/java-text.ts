/** Texts as Java's classes read and write them. */
import { parseExact, type Exact } from "../expressions/decimal.ts";
import { bigint } from "../language/types.ts";

/** Integer.parseInt and Long.parseLong: digits after an optional sign, within so many bits. */
export function parseInteger(text: string, bits: 32 | 64): number | bigint {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`"${text}" is not a whole number`);
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  if (BigInt.asIntN(bits, value) !== value) throw new Error(`${text} has more than ${bits} bits`);
  return bigint(value);
}

/** Double.parseDouble, without its hexadecimal form. */
export function parseDouble(text: string): number {
  const trimmed = text.replace(/^[\0- ]+|[\0- ]+$/g, "");
  const number = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?$/.exec(trimmed);
  if (number !== null) return Number(number[1]);
  if (!/^[+-]?(?:NaN|Infinity)$/.test(trimmed)) throw new Error(`"${text}" is not a number`);
  return Number(trimmed);
}

/** BigDecimal.longValue and intValue: without its fraction, the lowest bits. */
export function lowestBits({ units, scale }: Exact, bits: 32 | 64): number | bigint {
  // So many zeros at the end leave no bit, and so many digits behind the point no whole.
  if (scale <= -bits || scale > String(units).length) return 0;
  return bigint(BigInt.asIntN(bits, scale > 0 ? units / 10n ** BigInt(scale) : units * 10n ** BigInt(-scale)));
}

/** BigDecimal.toString: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/math/BigDecimal.html#toString() */
export function bigDecimalText(text: string): string {
  const { units, scale } = parseExact(text);
  const sign = units < 0n ? "-" : "";
  const digits = String(units < 0n ? -units : units);
  const exponent = digits.length - 1 - scale;
  if (scale >= 0 && exponent >= -6) {
    if (scale === 0) return sign + digits;
    const padded = digits.padStart(scale + 1, "0");
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  return `${sign}${digits[0]}${fraction}E${exponent < 0 ? "" : "+"}${exponent}`;
}
