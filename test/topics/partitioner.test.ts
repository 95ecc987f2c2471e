import { expect, it } from "vitest";
import { murmur2, partitionOf } from "../../topics/partitioner.ts";

// The vectors of Apache Kafka's own UtilsTest (testMurmur2).
it.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("hashes %s as Kafka does", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

it("puts a key into the partition that Kafka's default partitioner gives it: the hash without its sign, modulo", () => {
  expect(partitionOf(Buffer.from("foobar"), 6)).toBe((-790332482 & 0x7fffffff) % 6);
});
