import { expect, it } from "vitest";
import { Continuity, type Gap } from "../../producer/continuity.ts";

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
  expect(gaps).toEqual([{ product: "ETH-USD", numbers: "sequence", from: 5, to: 6 }]);
});

it("takes a hundred old numbers in a row, with no new one between them, for a count that has begun anew", () => {
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
  expect(gaps).toEqual([{ product: "BTC-USD", numbers: "sequence", from: 12, to: 13 }]);
  expect(continuity.accept("open", "BTC-USD", 12, null)).toBe(true);
  expect({ missed: continuity.missed, late: continuity.late }).toEqual({ missed: 2, late: 1 });
});
