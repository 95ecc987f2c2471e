/**
 * Avro's binary encoding of longs, strings and bytes, for code on the hot path that makes no object of a record.
 * Everything else uses avsc. https://avro.apache.org/docs/1.12.0/specification/#binary-encoding-1
 */

/** Where to read: `at` is the next byte. Reading past the end gives zeros: compare `at` with the length afterwards. */
export interface Cursor {
  bytes: Buffer;
  at: number;
}

/** A long (or an int): zigzag, seven bits a byte, the lowest first. A bigint only beyond the safe integers. */
export function readLong(input: Cursor): number | bigint {
  const { bytes } = input;
  let { at } = input;
  let byte = bytes[at++]!;
  // The lowest bit is the sign. Without it the rest stays exact in a double.
  const negative = (byte & 1) === 1;
  let size = (byte & 0x7f) >> 1;
  for (let unit = 64; byte > 0x7f; unit *= 128) size += ((byte = bytes[at++]!) & 0x7f) * unit;
  if (at - input.at > 8 || size >= Number.MAX_SAFE_INTEGER) return readHuge(input);
  input.at = at;
  return negative ? -size - 1 : size;
}

function readHuge(input: Cursor): number | bigint {
  let bits = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = input.bytes[input.at++] ?? 0;
    bits |= BigInt(byte & 0x7f) << shift;
    if (byte > 0x7f) continue;
    const value = BigInt.asIntN(64, (bits >> 1n) ^ -(bits & 1n));
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  throw new Error("a long has more than ten bytes");
}

/** A long that must be a safe integer. Throws beyond. */
export function readSafeLong(input: Cursor): number {
  const value = readLong(input);
  if (typeof value === "bigint") throw new Error("a number beyond 2^53 cannot be read exactly");
  return value;
}

/** The length of a string, bytes or a block, which cannot be more than the record has bytes. Throws if it is. */
export function readLength(input: Cursor): number {
  const length = readLong(input);
  if (length < 0 || length > input.bytes.length) throw new Error(`a length of ${length} is beyond the record's bytes`);
  return length as number;
}

/** The most bytes that a long takes. */
export const longestLong = 10;

/** Writes a long at `at`; returns where it ends. Numbers must be safe integers. */
export function writeLong(to: Buffer, at: number, value: number | bigint): number {
  let rest: number;
  if (typeof value === "bigint") {
    let bits = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; bits > 0x7fffffffn; bits >>= 7n) to[at++] = Number(bits & 0x7fn) | 0x80;
    rest = Number(bits);
  } else {
    const negative = value < 0 ? 1 : 0;
    const size = negative === 1 ? -value - 1 : value;
    // A double has no bit operations beyond 32 bits, so the lowest 28 bits of the zigzag go first.
    rest = ((size & 0x7ffffff) << 1) | negative;
    if (size >= 0x8000000) {
      to[at] = (rest & 0x7f) | 0x80;
      to[at + 1] = ((rest >>> 7) & 0x7f) | 0x80;
      to[at + 2] = ((rest >>> 14) & 0x7f) | 0x80;
      to[at + 3] = (rest >>> 21) | 0x80;
      at += 4;
      rest = Math.floor(size / 0x8000000);
    }
  }
  for (; rest > 0x7f; rest >>>= 7) to[at++] = (rest & 0x7f) | 0x80;
  to[at++] = rest;
  return at;
}

/** Writes a piece of other bytes with its length in front, as a string or bytes; returns where it ends. */
export function writePiece(to: Buffer, at: number, from: Buffer, start: number, end: number): number {
  at = writeLong(to, at, end - start);
  // Pieces are short: a call into native code would take longer than the loop.
  for (let i = start; i < end; i++) to[at++] = from[i]!;
  return at;
}

/** Writes a string; returns where it ends. It takes up to `longestLong` and three bytes a character of room. */
export function writeText(to: Buffer, at: number, text: string): number {
  const { length } = text;
  if (length < 64) {
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) break;
      to[at + 1 + i] = code;
    }
    if (i === length) {
      to[at] = 2 * length;
      return at + 1 + length;
    }
  }
  at = writeLong(to, at, Buffer.byteLength(text));
  return at + to.write(text, at, "utf8");
}
