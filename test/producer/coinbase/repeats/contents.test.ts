import { expect, it } from "vitest";
import { Random } from "../../../../exchange/random.ts";
import { Contents } from "../../../../producer/coinbase/repeats/contents.ts";

it("tells new numbers, known contents and other ones apart, as a map of sets does", () => {
  const random = new Random(3, 0, 0);
  const contents = new Contents();
  const plain = new Map<number, Set<number>>();
  // Runs of numbers, around 0 and 2^32 too, and scattered ones; contents that are 0 and that are often the same.
  const starts = [0, 2 ** 32 - 500, 2 ** 40, 135_437_581_854];
  for (let i = 0; i < 200_000; i++) {
    const start = starts[random.below(starts.length)]!;
    const number = random.fraction() < 0.9 ? start + random.below(20_000) : random.below(2 ** 48);
    const content = random.fraction() < 0.9 ? number % 1000 : random.below(2 ** 32);
    const known = plain.get(number);
    const expected = known === undefined ? "new" : known.has(content) ? "same" : "other";
    plain.set(number, (known ?? new Set()).add(content));
    if (contents.put(number, content) !== expected) expect([i, number, content]).toEqual(expected);
  }
  expect(plain.size).toBeGreaterThan(80_000);
});

it("takes a number with thousands of contents in the time of as many numbers", () => {
  const contents = new Contents();
  for (const expected of ["other", "same"] as const) {
    for (let content = 1; content <= 50_000; content++) {
      const verdict = contents.put(17, content);
      if (content > 1 && verdict !== expected) expect([content, verdict]).toEqual(expected);
    }
  }
});
