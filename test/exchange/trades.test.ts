import { describe, expect, it } from "vitest";
import { Trades } from "../../exchange/trades.ts";

/** Trades with the ids from 5 on, at seconds after 2026-01-01T00:00:00Z. */
function made(...trades: readonly (readonly [second: number, price: string, size: string])[]): Trades {
  const kept = new Trades();
  trades.forEach(([second, price, size], i) => {
    const time = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    const sequence = 10 * i;
    kept.add({ type: "match", product_id: "A-B", sequence, trade_id: 5 + i, time, side: "buy", price, size });
  });
  return kept;
}

describe("a page of trades", () => {
  const ten = made(...Array.from({ length: 10 }, (_, i) => [i, "1", "1"] as const));
  const ids = (...args: Parameters<Trades["page"]>) => ten.page(...args).map(({ trade_id }) => trade_id);

  it.each<[Parameters<Trades["page"]>, number[]]>([
    [[1000], [14, 13, 12, 11, 10, 9, 8, 7, 6, 5]],
    [[3], [14, 13, 12]],
    [
      [3, undefined, 10],
      [9, 8, 7],
    ],
    [
      [3, 10],
      [14, 13, 12],
    ],
    [
      [1000, 10],
      [14, 13, 12, 11],
    ],
    [
      [1000, 7, 11],
      [10, 9, 8],
    ],
    [
      [2, 7, 11],
      [10, 9],
    ],
    [[1000, 10, 11], []],
    [[1000, 14], []],
    [[1000, undefined, 5], []],
    [
      [1000, 0, 7],
      [6, 5],
    ],
    [
      [1000, 12, 99],
      [14, 13],
    ],
  ])("%j holds the newest between two exclusive bounds", (page, expected) => {
    expect(ids(...page)).toEqual(expected);
  });

  it("is empty without trades", () => {
    expect(made().page(10)).toEqual([]);
  });
});

describe("candles", () => {
  it("have time, low, high, open, close and volume, newest first, none for a bucket without trades", () => {
    const start = Date.UTC(2026, 0, 1) / 1000;
    const trades = made(
      [0, "10.5", "0.1"],
      [30, "12", "0.2"],
      [59, "11", "1"],
      [180, "9", "2"],
      [181, "9.5", "1"],
      [240, "1", "1"],
    );
    expect(trades.candles(60, start, start + 200)).toEqual([
      [start + 180, 9, 9.5, 9, 9.5, 3],
      [start, 10.5, 12, 10.5, 11, 1.3],
    ]);
    // The bucket that holds the start counts whole.
    expect(trades.candles(60, start + 59, start + 59)).toEqual([[start, 10.5, 12, 10.5, 11, 1.3]]);
    expect(trades.candles(300, start, start)).toEqual([[start, 1, 12, 10.5, 1, 5.3]]);
  });
});
