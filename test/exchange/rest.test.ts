import { describe, expect, it } from "vitest";
import type { Exchange } from "../../exchange/server.ts";
import { usual } from "../../exchange/settings.ts";
import { TapeChecker, type Message } from "../local/tape-checker.ts";
import { Client, exchange } from "./client.ts";

const generous = { limits: { ...usual.limits, requests: { rate: 1000, burst: 1000 } } };

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** An exchange that has stopped after some trades of BTC-USD, and what its full channel brought. */
async function stopped(trades: number): Promise<Exchange & { readonly frames: readonly Message[] }> {
  const started = await exchange({ ...generous, wait: true, rate: 20_000 });
  const client = await Client.connect(started.url);
  client.subscribe(["full"]);
  await client.take(trades, "match");
  client.send({ type: "unsubscribe", channels: ["full"] });
  while (((await client.next("subscriptions"))["channels"] as unknown[]).length > 0);
  return { ...started, frames: client.frames.filter(({ type }) => type !== "subscriptions") };
}

describe("REST", () => {
  it("returns the time", async () => {
    const { rest } = await exchange();
    const { iso, epoch } = await get<{ iso: string; epoch: number }>(`${rest}/time`);
    expect(iso).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Date.parse(iso)).toBe(Math.round(epoch * 1000));
    expect(Math.abs(Date.now() / 1000 - epoch)).toBeLessThan(5);
  });

  it("describes the products, as many as requested", async () => {
    const { rest } = await exchange({ ...generous, products: 1200 });
    const products = await get<{ id: string }[]>(`${rest}/products`);
    expect(new Set(products.map(({ id }) => id)).size).toBe(1200);
    expect(products[0]).toMatchObject({ id: "BTC-USD", base_currency: "BTC", quote_currency: "USD", status: "online" });
    expect(products[1199]).toMatchObject({ id: "SIM1200-USD", display_name: "SIM1200/USD" });
    expect(await get(`${rest}/products/SIM1200-USD`)).toEqual(products[1199]);
    expect(await get(`${rest}/products/SIM1200-USD/trades`)).toEqual([]);
  });

  it("pages through the exact trades of the feed", async () => {
    const { rest, frames } = await stopped(120);
    const matches = frames.filter(({ type }) => type === "match");
    const expected = matches.map(({ time, trade_id, price, size, side }) => ({ time, trade_id, price, size, side }));
    expected.reverse();
    const paged: unknown[] = [];
    let query = "limit=50";
    for (let after: string | null = ""; after !== null; query = `limit=50&after=${after}`) {
      const response = await fetch(`${rest}/products/BTC-USD/trades?${query}`);
      const page = (await response.json()) as { trade_id: number }[];
      expect(response.headers.get("cb-before")).toBe(String(page[0]!.trade_id));
      paged.push(...page);
      after = response.headers.get("cb-after");
      if (after !== null) expect(after).toBe(String(page.at(-1)!.trade_id));
    }
    expect(paged).toEqual(expected);
    const between = await get(`${rest}/products/BTC-USD/trades?before=17&after=31&limit=100`);
    expect(between).toEqual(expected.filter(({ trade_id }) => Number(trade_id) > 17 && Number(trade_id) < 31));
  });

  it("answers with the exchange's headers", async () => {
    const { rest } = await exchange();
    const { headers } = await fetch(`${rest}/products/BTC-USD/trades`);
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(headers.get("cache-control")).toBe("public, max-age=1");
    expect(headers.get("access-control-expose-headers")).toBe("cb-before, cb-after");
  });

  it("shows the book that the events up to its sequence make, on every level", async () => {
    const { rest, frames } = await stopped(50);
    const checker = new TapeChecker();
    for (const frame of frames) checker.check(frame);
    const { sequence, orders } = checker.products.get("BTC-USD")!;
    const open = [...orders].filter(([, { state }]) => state === "open");
    type Rows = [price: string, size: string, third: string | number][];
    const [one, two, three] = await Promise.all(
      ["", "?level=2", "?level=3"].map((level) =>
        get<{ sequence: number; bids: Rows; asks: Rows }>(`${rest}/products/BTC-USD/book${level}`),
      ),
    );
    for (const book of [one, two, three]) expect(book).toMatchObject({ sequence, auction_mode: false, auction: null });
    for (const [side, rows] of [
      ["buy", three!.bids],
      ["sell", three!.asks],
    ] as const) {
      const mine = open.filter(([, order]) => order.side === side);
      expect(new Set(rows.map(([, , id]) => id))).toEqual(new Set(mine.map(([id]) => id)));
      for (const [price, size, id] of rows) {
        expect([price, Math.round(Number(size) * 1e9)]).toEqual([
          orders.get(id as string)!.price,
          Number(orders.get(id as string)!.remaining),
        ]);
      }
      const prices = rows.map(([price]) => Number(price));
      expect(prices).toEqual(prices.toSorted((a, b) => (side === "buy" ? b - a : a - b)));
    }
    for (const side of ["bids", "asks"] as const) {
      const levels = new Map<string, Rows>();
      for (const row of three![side]) levels.set(row[0], [...(levels.get(row[0]) ?? []), row]);
      expect(two![side].map(([price, , count]) => [price, count])).toEqual(
        [...levels].map(([price, rows]) => [price, rows.length]),
      );
      for (const [price, size] of two![side]) {
        const sum = levels.get(price)!.reduce((total, [, each]) => total + Number(each), 0);
        expect(Number(size)).toBeCloseTo(sum, 7);
      }
      expect(one![side]).toEqual(two![side].slice(0, 1));
    }
  });

  it("derives candles, a ticker and stats from the trades", async () => {
    const { rest, frames } = await stopped(50);
    const trades = frames.filter(({ type }) => type === "match") as (Message &
      Record<"price" | "size" | "time", string>)[];
    const prices = trades.map(({ price }) => Number(price));
    const volume = trades.reduce((sum, { size }) => sum + Number(size), 0);
    const day = Math.floor(Date.parse(trades[0]!.time) / 86_400_000) * 86_400;
    const candles = await get<number[][]>(`${rest}/products/BTC-USD/candles?granularity=86400`);
    expect(candles).toHaveLength(1);
    expect(candles[0]!.slice(0, 5)).toEqual([day, Math.min(...prices), Math.max(...prices), prices[0], prices.at(-1)]);
    expect(candles[0]![5]).toBeCloseTo(volume, 7);
    const { price, size, time, trade_id } = trades.at(-1)!;
    expect(await get(`${rest}/products/BTC-USD/ticker`)).toMatchObject({ price, size, time, trade_id });
    const stats = await get<Record<string, string>>(`${rest}/products/BTC-USD/stats`);
    expect(stats["last"]).toBe(price);
    expect(Number(stats["volume"])).toBeCloseTo(volume, 7);
    const path = `${rest}/products/BTC-USD/candles?granularity=86400`;
    // One bound alone is ignored; both leave out what is not between them.
    expect(await get(`${path}&start=${day + 86_400}`)).toEqual(candles);
    expect(await get(`${path}&start=${day + 86_400}&end=${day + 2 * 86_400}`)).toEqual([]);
    expect(await get(`${path}&start=${trades[0]!.time}&end=${new Date((day + 60) * 1000).toISOString()}`)).toEqual(
      candles,
    );
  });

  const tooMany = "granularity too small for the requested time range. Count of aggregations requested exceeds 300";

  it.each([
    [404, "/products/XYZ-USD", "NotFound"],
    [404, "/products/XYZ-USD/trades", "NotFound"],
    [404, "/products/BTC-USD/ticker", "NotFound"],
    [404, "/products/BTC-USD/nonsense", "Route not found"],
    [404, "/products/BTC-USD/trades/1", "Route not found"],
    [404, "//", "Route not found"],
    [404, "/_/faults", "Route not found"],
    [400, "/products/BTC-USD/book?level=4", "Invalid level"],
    [400, "/products/BTC-USD/trades?limit=many", "Invalid limit or cursor"],
    [400, "/products/BTC-USD/trades?after=-1", "Invalid limit or cursor"],
    [400, "/products/BTC-USD/candles?granularity=61", "Unsupported granularity"],
    [400, "/products/BTC-USD/candles?start=0&end=today", "Invalid start or end"],
    [400, "/products/BTC-USD/candles?granularity=60&start=0&end=18001", tooMany],
    [200, "/products/BTC-USD/candles?granularity=60&start=0&end=18000", undefined],
  ])("answers %i to %s", async (status, path, message) => {
    const { rest } = await exchange({ wait: true });
    const response = await fetch(rest + path);
    expect([response.status, await response.json()]).toEqual([status, message === undefined ? [] : { message }]);
  });
});
