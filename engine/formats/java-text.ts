/** Numbers as Java's classes read and write them in texts. */
import { parseWhole } from "../expressions/cast.ts";
import { decimalText, fitExact, parseExact, type Exact } from "../expressions/decimal.ts";
import { doubleText, parseDouble } from "../expressions/double.ts";
import { trim } from "../expressions/text.ts";
import { bigint, type SqlType, type Value } from "../language/types.ts";

/** A text as a number; throws where it is none. Undefined for a type that is none. */
export function parseNumber(text: string, type: SqlType): Value | undefined {
  if (type.base === "INTEGER") return parseWhole(text, 32);
  if (type.base === "BIGINT") return parseWhole(text, 64);
  if (type.base === "TIMESTAMP") return Number(parseWhole(text, 64));
  if (type.base === "DOUBLE") return parseDouble(trim(text));
  return type.base === "DECIMAL" ? fitExact(parseExact(text), type) : undefined;
}

/** A DECIMAL that is a number is the 0 that nothing sums up to, which has no scale. */
export function plainText(value: boolean | string | number | bigint, type: SqlType): string {
  if (type.base === "DOUBLE") return doubleText(value as number);
  if (type.base === "DECIMAL" && typeof value === "bigint") return decimalText(value, type.scale);
  return String(value);
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
  const digits = String(units < 0n ? -units : units);
  const exponent = digits.length - 1 - scale;
  if (scale >= 0 && exponent >= -6) return decimalText(units, scale);
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  return `${units < 0n ? "-" : ""}${digits[0]}${fraction}E${exponent < 0 ? "" : "+"}${exponent}`;
}
