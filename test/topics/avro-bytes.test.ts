import avsc from "avsc";
import { describe, expect, it } from "vitest";
import {
  longestLong,
  readLength,
  readLong,
  readSafeLong,
  writeLong,
  writePiece,
  writeText,
} from "../../topics/avro-bytes.ts";

const edges = [0, 1, 63, 64, 8191, 8192, 2 ** 27 - 1, 2 ** 27, 2 ** 31, 2 ** 32, 2 ** 48 + 5, 2 ** 53 - 2, 2 ** 53 - 1];
const safe = [...edges, ...edges.map((edge) => -edge - 1).filter(Number.isSafeInteger)];
const huge = [2n ** 53n, -(2n ** 53n), 2n ** 62n + 7n, 2n ** 63n - 1n, -(2n ** 63n)];
const long = avsc.Type.forSchema("long");

function written(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(longestLong);
  return bytes.subarray(0, writeLong(bytes, 0, value));
}

describe("a long", () => {
  it("has avsc's bytes as far as avsc goes, and is read from them", () => {
    for (const value of safe.filter((one) => Math.abs(one) < 2 ** 52)) {
      const bytes = long.toBuffer(value);
      expect(written(value)).toEqual(bytes);
      expect(written(BigInt(value))).toEqual(bytes);
    }
    for (const value of [...safe, ...huge]) {
      const input = { bytes: Buffer.concat([Buffer.from("x"), written(value)]), at: 1 };
      expect(readLong(input)).toBe(value);
      expect(input.at).toBe(input.bytes.length);
    }
  });

  // Zigzag by hand: 2^64 - 2 is nine bytes of ones but for the last bit, and a final one.
  it("of 64 bits has the ten bytes of the specification", () => {
    expect(written(2n ** 63n - 1n).toString("hex")).toBe("feffffffffffffffff01");
    expect(written(-(2n ** 63n)).toString("hex")).toBe("ffffffffffffffffff01");
  });

  it("is refused beyond what is exact, beyond its ten bytes, and as a length beyond the record", () => {
    for (const value of huge) expect(() => readSafeLong({ bytes: written(value), at: 0 })).toThrow("2^53");
    expect(() => readLong({ bytes: Buffer.alloc(12, 0x80), at: 0 })).toThrow("ten bytes");
    for (const value of [-1, 3]) expect(() => readLength({ bytes: written(value), at: 0 })).toThrow("beyond");
  });
});

describe("a text", () => {
  it.each(["", "BTC-USD", "é", "a".repeat(63), "a".repeat(64), `${"a".repeat(40)}😀`, "ü".repeat(200)])(
    "%j has avsc's bytes, from a string and from a piece of other bytes",
    (text) => {
      const bytes = Buffer.alloc(longestLong + 3 * text.length);
      expect(bytes.subarray(0, writeText(bytes, 0, text))).toEqual(avsc.Type.forSchema("string").toBuffer(text));
      const from = Buffer.from(`{${text}}`);
      const copy = Buffer.alloc(bytes.length + 1);
      expect(copy.subarray(1, writePiece(copy, 1, from, 1, from.length - 1))).toEqual(
        avsc.Type.forSchema("string").toBuffer(text),
      );
    },
  );
});
