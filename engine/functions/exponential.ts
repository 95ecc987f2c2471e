/**
 * exp and ln, rounded correctly. JavaScript's own differ from Java's in the last digit for one number in twenty; Java's are
 * off by little more than half of it, so the correct one is Java's wherever the exact result is not close to the middle
 * between two doubles. Where it is, nobody can tell here.
 */
import { OutsideSubset } from "./function.ts";

/** Bits behind the point. */
const bits = 200n;
const one = 1n << bits;

export function exp(x: number): number {
  if (Number.isNaN(x) || x > 709.78 || x < -708) {
    if (Number.isNaN(x) || x === Number.POSITIVE_INFINITY || x > 710) return x + Number.POSITIVE_INFINITY;
    if (x < -746) return 0;
    throw new OutsideSubset(`EXP(${x}), at the end of what a double holds`);
  }
  const fixed = toFixedPoint(x);
  const powers = fixed / ln2;
  const rest = fixed - powers * ln2;
  let sum = one;
  let term = one;
  for (let n = 1n; term !== 0n; n++) sum += term = (term * rest) / (n << bits);
  return toDouble(sum, Number(powers), `EXP(${x})`);
}

export function ln(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0 || x === 1 || x === Number.POSITIVE_INFINITY) return Math.log(x);
  let exponent = Math.floor(Math.log2(x));
  const mantissa = toFixedPoint(x < 2 ** -900 ? x * 2 ** 900 * 2 ** (-exponent - 900) : x / 2 ** exponent);
  return toDouble(BigInt(exponent) * ln2 + lnOf(mantissa), 0, `LN(${x})`);
}

/** Of a number between 1/2 and 4, by the series of the inverse hyperbolic tangent. */
function lnOf(x: bigint): bigint {
  const z = ((x - one) << bits) / (x + one);
  const square = (z * z) >> bits;
  let sum = 0n;
  let power = z;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = (power * square) >> bits;
  }
  return 2n * sum;
}

const ln2 = lnOf(2n * one);

/** What is smaller than the last bit is cut off. */
function toFixedPoint(x: number): bigint {
  const high = Math.trunc(x * 2 ** 40);
  const low = (x * 2 ** 40 - high) * 2 ** 100;
  return (BigInt(high) << (bits - 40n)) + (BigInt(Math.trunc(low)) << (bits - 140n));
}

/** The nearest double of a fixed-point number times a power of two. */
function toDouble(fixed: bigint, power: number, what: string): number {
  const size = fixed < 0n ? -fixed : fixed;
  const cut = BigInt(size.toString(2).length - 53);
  if (cut <= 40n) throw new OutsideSubset(what);
  const rest = size & ((1n << cut) - 1n);
  const half = 1n << (cut - 1n);
  const distance = rest > half ? rest - half : half - rest;
  if (distance << 4n < half) throw new OutsideSubset(`${what}, whose last digit Java may round either way`);
  const mantissa = Number((size >> cut) + (rest > half ? 1n : 0n));
  const scale = power + Number(cut - bits);
  return (fixed < 0n ? -1 : 1) * mantissa * 2 ** scale;
}
