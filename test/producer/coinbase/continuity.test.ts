import { describe, expect, it } from "vitest";
import { Continuity, type Gap, type Tape } from "../../../producer/coinbase/continuity.ts";

/** Which of some numbers are taken, and what is reported missing. */
function take(full: boolean, events: readonly (readonly [type: string, number: number])[]) {
  const gaps: Gap[] = [];
  const continuity = new Continuity(full, (gap) => gaps.push(gap));
  const taken = events.map(([type, number]) =>
    continuity.accept(type, "BTC-USD", full ? number : 1, full ? null : number),
  );
  return {
    taken,
    gaps: gaps.map(({ from, to }) => [from, to]),
    missed: continuity.missed,
    repeated: continuity.repeated,
  };
}

const events = (...numbers: number[]) => numbers.map((number) => ["open", number] as const);

it("takes the first number as it comes, and each that follows the last", () => {
  expect(take(true, events(70, 71, 72))).toEqual({ taken: [true, true, true], gaps: [], missed: 0, repeated: 0 });
});

it("reports a hole when it shows, and takes what comes late out of it, once", () => {
  expect(take(true, events(1, 5, 3, 3, 2, 4, 6))).toEqual({
    taken: [true, true, true, false, true, true, true],
    gaps: [[2, 4]],
    missed: 3,
    repeated: 1,
  });
});

it("leaves out what has been, whether before the first number or after", () => {
  expect(take(true, events(10, 11, 10, 9, 12)).taken).toEqual([true, true, false, false, true]);
});

it("goes by trades where there are no other events; the last match of a new connection tells what was missed", () => {
  const matches = [
    ["last_match", 40],
    ["match", 41],
    ["last_match", 44],
    ["match", 45],
    ["last_match", 45],
    ["match", 43],
  ] as const;
  expect(take(false, matches)).toEqual({
    taken: [true, true, true, true, true, true],
    gaps: [[42, 44]],
    missed: 3,
    repeated: 0,
  });
});

it("keeps products apart", () => {
  const gaps: Gap[] = [];
  const continuity = new Continuity(true, (gap) => gaps.push(gap));
  for (let sequence = 1; sequence < 5; sequence++)
    for (const product of ["BTC-USD", "ETH-USD"]) expect(continuity.accept("open", product, sequence, null)).toBe(true);
  continuity.accept("open", "ETH-USD", 7, null);
  expect(gaps).toEqual([{ product: "ETH-USD", numbers: "sequence", from: 5, to: 6, betweenRuns: false }]);
});

it("takes a hundred old numbers in a row, with no new one between them, for a count that has restarted", () => {
  const gaps: Gap[] = [];
  const restarts: unknown[] = [];
  const continuity = new Continuity(
    true,
    (gap) => gaps.push(gap),
    (product, at) => restarts.push([product, at]),
  );
  const accept = (sequence: number) => continuity.accept("open", "BTC-USD", sequence, null);
  accept(5_000);
  const taken = Array.from({ length: 150 }, (_, i) => accept(i + 1));
  expect(taken).toEqual(Array.from({ length: 150 }, (_, i) => i >= 99));
  expect(restarts).toEqual([["BTC-USD", 100]]);
  // Twice each is no new count.
  for (let sequence = 151; sequence < 400; sequence++)
    expect([accept(sequence), accept(sequence)]).toEqual([true, false]);
  expect(gaps).toEqual([]);
});

it("knows by heartbeats what a silent product has missed, one heartbeat later", () => {
  const gaps: Gap[] = [];
  const continuity = new Continuity(true, (gap) => gaps.push(gap));
  const hear = (sequence: number) => continuity.hear({ product_id: "BTC-USD", sequence, last_trade_id: 7 });
  continuity.accept("open", "BTC-USD", 10, null);
  hear(10);
  hear(13);
  expect(gaps).toEqual([]);
  continuity.accept("open", "BTC-USD", 11, null);
  hear(14);
  expect(gaps).toEqual([{ product: "BTC-USD", numbers: "sequence", from: 12, to: 13, betweenRuns: false }]);
  expect(continuity.accept("open", "BTC-USD", 12, null)).toBe(true);
  expect({ missed: continuity.missed, late: continuity.late }).toEqual({ missed: 2, late: 1 });
});

it("knows by heartbeats what a product misses of which nothing has ever come", () => {
  const gaps: [number, number][] = [];
  const continuity = new Continuity(true, ({ from, to }) => gaps.push([from, to]));
  const hear = (sequence: number) => continuity.hear({ product_id: "BTC-USD", sequence, last_trade_id: 0 });
  for (const sequence of [40, 40, 43]) hear(sequence);
  expect(gaps).toEqual([]);
  hear(45);
  expect(gaps).toEqual([[41, 43]]);
  // Where the exchange says 0 it knows no trade yet, or does not say.
  const trades = new Continuity(false, ({ from, to }) => gaps.push([from, to]));
  for (const trade of [0, 0, 900, 900]) trades.hear({ product_id: "BTC-USD", sequence: 1, last_trade_id: trade });
  expect(gaps).toHaveLength(1);
});

describe("a run after another", () => {
  /** What a run says that continues where another has ended, whose tape went through a file. */
  function resume(full: boolean, first: (continuity: Continuity) => void) {
    const earlier = new Continuity(full, () => {});
    first(earlier);
    const gaps: Gap[] = [];
    const before = JSON.parse(JSON.stringify(earlier.tape)) as Tape;
    return { continuity: new Continuity(full, (gap) => gaps.push(gap), undefined, before), gaps };
  }
  const gap = (from: number, to: number, betweenRuns: boolean, full = true) => ({
    product: "BTC-USD",
    numbers: full ? "sequence" : "trade_id",
    from,
    to,
    betweenRuns,
  });

  it("reports what was missed between the two at its first event, and no more than once", () => {
    const { continuity, gaps } = resume(true, (earlier) => earlier.accept("open", "BTC-USD", 10, null));
    const taken = [10, 14, 15, 17].map((sequence) => continuity.accept("open", "BTC-USD", sequence, null));
    expect(taken).toEqual([false, true, true, true]);
    expect(gaps).toEqual([gap(11, 13, true), gap(16, 16, false)]);
    expect(continuity).toMatchObject({ missed: 4, repeated: 1 });
  });

  it("reports nothing where nothing was missed", () => {
    const { continuity, gaps } = resume(true, (earlier) => earlier.accept("open", "BTC-USD", 10, null));
    continuity.accept("open", "BTC-USD", 11, null);
    continuity.accept("open", "ETH-USD", 70, null);
    expect(gaps).toEqual([]);
  });

  it("knows by the last match, or by two heartbeats, what it missed of a product that is silent now", () => {
    const trades = resume(false, (earlier) => earlier.accept("match", "BTC-USD", 900, 40));
    trades.continuity.accept("last_match", "BTC-USD", 950, 44);
    expect(trades.gaps).toEqual([gap(41, 44, true, false)]);
    const full = resume(true, (earlier) => earlier.accept("open", "BTC-USD", 10, null));
    const hear = (sequence: number) => full.continuity.hear({ product_id: "BTC-USD", sequence, last_trade_id: 1 });
    hear(13);
    expect(full.gaps).toEqual([]);
    hear(13);
    expect(full.gaps).toEqual([gap(11, 13, true)]);
  });

  it("continues from the last match where the earlier run has had no trade but that", () => {
    const { continuity, gaps } = resume(false, (earlier) => earlier.accept("last_match", "BTC-USD", 900, 40));
    continuity.accept("match", "BTC-USD", 910, 42);
    expect(gaps).toEqual([gap(41, 41, true, false)]);
  });

  it("takes what comes late out of a hole of the earlier run, and counts both runs", () => {
    const { continuity } = resume(true, (earlier) => {
      for (const sequence of [1, 5]) earlier.accept("open", "BTC-USD", sequence, null);
    });
    expect([3, 3].map((sequence) => continuity.accept("open", "BTC-USD", sequence, null))).toEqual([true, false]);
    expect(continuity).toMatchObject({ missed: 0, late: 1, repeated: 1, tape: { missed: 3, late: 1 } });
  });

  it("takes a hundred old numbers in a row for a count that has begun again, as within a run", () => {
    const { continuity, gaps } = resume(true, (earlier) => earlier.accept("open", "BTC-USD", 5_000, null));
    const taken = Array.from({ length: 150 }, (_, i) => continuity.accept("open", "BTC-USD", i + 1, null));
    expect(taken).toEqual(Array.from({ length: 150 }, (_, i) => i >= 99));
    expect(gaps).toEqual([]);
  });

  it("does not take trade ids for sequences", () => {
    const earlier = new Continuity(false, () => {});
    earlier.accept("match", "BTC-USD", 900, 40);
    const gaps: Gap[] = [];
    const continuity = new Continuity(true, (missed) => gaps.push(missed), undefined, earlier.tape);
    expect(continuity.accept("open", "BTC-USD", 30, null)).toBe(true);
    expect(gaps).toEqual([]);
  });
});
