import { describe, expect, it } from "vitest";
import { simulatedFrames } from "../../exchange/simulator.ts";
import type { End } from "../../exchange/market.ts";
import { TapeChecker, type Message } from "../local/tape-checker.ts";

/** A tape from `ends` on, by a clock that moves 100 µs a reading. */
function* tape(ends: ReadonlyMap<string, End> = new Map(), seed = 1): Generator<Message> {
  let micros = 1_790_000_000_000_000;
  for (const text of simulatedFrames({ seed, ends, now: () => (micros += 100) })) yield JSON.parse(text) as Message;
}

function take(frames: Generator<Message>, count: number): Message[] {
  return Array.from({ length: count }, () => frames.next().value as Message);
}

describe("the simulated exchange", () => {
  it("sends a valid tape: contiguous sequences, dense trades, whole orders, a book that is never crossed", () => {
    const checker = new TapeChecker();
    take(tape(), 60_000).forEach((frame, i) => {
      checker.check(frame);
      if (frame.type === "l2update" && i % 97 === 0) checker.expectBook(frame.product_id);
    });
    expect([...checker.counts.keys()].toSorted()).toEqual([
      "change",
      "done",
      "l2update",
      "match",
      "open",
      "received",
      "snapshot",
      "ticker",
    ]);
    expect(checker.products.size).toBeGreaterThanOrEqual(3);
    expect(checker.lives).toBeGreaterThan(5_000);
  });

  it("stays valid where one epoch of 50,000 events ends and the next begins", () => {
    const checker = new TapeChecker();
    const frames = tape();
    for (let last = 0; last < 51_000; last = checker.products.get("BTC-USD")?.sequence ?? 0) {
      const full = take(frames, 1000).filter(
        (frame) => frame.product_id === "BTC-USD" && !/snapshot|l2update|ticker/.test(frame.type),
      );
      for (const frame of full) checker.check(frame);
    }
  });

  it("is the same tape for the same seed, and a different tape for a different seed", () => {
    expect(take(tape(), 2000)).toEqual(take(tape(), 2000));
    expect(take(tape(new Map(), 2), 2000)).not.toEqual(take(tape(), 2000));
  });

  // Cuts fall between the events of one order too: whatever the log holds, the tape continues with the next event.
  it.each([1, 37, 4_321, 20_000, 20_003])(
    "continues where a tape of %i frames ends: no id twice, none skipped, no life cut",
    (length) => {
      const checker = new TapeChecker();
      const ends = new Map<string, End>();
      for (const frame of take(tape(), length)) {
        checker.check(frame);
        if (frame.type === "ticker" || !("sequence" in frame)) continue;
        const before = ends.get(frame.product_id)?.tradeId ?? 0;
        ends.set(frame.product_id, {
          sequence: frame["sequence"] as number,
          tradeId: before + (frame.type === "match" ? 1 : 0),
        });
      }
      // The snapshot with which it continues is checked against the orders that are open by then.
      for (const frame of take(tape(ends), 10_000)) checker.check(frame);
    },
  );
});
