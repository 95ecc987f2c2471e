/** An independent client works with the exchange: the npm package coinbase-api. */
import { once, type EventEmitter } from "node:events";
import { CBExchangeClient, WebsocketClient } from "coinbase-api";
import { expect, it, onTestFinished } from "vitest";
import { publicCredentials } from "../../exchange/credentials.ts";
import { usual } from "../../exchange/settings.ts";
import type { Message } from "../local/tape-checker.ts";
import { Client, exchange } from "./client.ts";

interface Follower {
  readonly socket: WebsocketClient;
  readonly frames: Message[];
  readonly troubles: unknown[];
  /** Resolves when `count` frames of a type have arrived. */
  readonly came: (type: string, count: number) => Promise<void>;
}

function follow(wsUrl: string): Follower {
  const { key, secret, passphrase } = publicCredentials;
  const troubles: unknown[] = [];
  const silent = { trace() {}, info() {}, error: (...what: unknown[]) => void troubles.push(what) };
  const options = { wsUrl, apiKey: key, apiSecret: secret, apiPassphrase: passphrase };
  const socket = new WebsocketClient(
    { ...options, pingInterval: 100, pongTimeout: 1000, reconnectTimeout: 50 },
    silent,
  );
  onTestFinished(() => socket.closeAll(true));
  const frames: Message[] = [];
  for (const event of ["update", "response"] as const) socket.on(event, (frame: Message) => void frames.push(frame));
  socket.on("exception", (what: unknown) => void troubles.push(what));
  const came = async (type: string, count: number) => {
    while (frames.filter((frame) => frame.type === type).length < count)
      await once(socket as unknown as EventEmitter, "update");
  };
  return { socket, frames, troubles, came };
}

const product_ids = ["BTC-USD", "ETH-USD"];

it("coinbase-api follows the channels of the public feed", async () => {
  const { url } = await exchange({ every: { ...usual.every, tickerBatch: 100 } });
  const early = await Client.connect(url);
  early.subscribe(["matches"], product_ids);
  await early.take(20, "match");
  const { socket, frames, troubles, came } = follow(url);
  const channels = ["matches", "ticker", "ticker_batch", "heartbeat", "level2_batch"];
  socket.subscribe(
    [...channels.map((topic) => ({ topic, payload: { product_ids } })), { topic: "status" }],
    "exchangeMarketData",
  );
  await came("heartbeat", 4);
  await came("match", 20);
  expect(troubles).toEqual([]);
  expect(new Set(frames.map(({ type }) => type))).toEqual(
    new Set(["subscriptions", "status", "snapshot", "l2update", "match", "last_match", "ticker", "heartbeat"]),
  );
});

it("coinbase-api signs for the direct feed, and follows full and level2", async () => {
  const { url } = await exchange();
  const { socket, frames, troubles, came } = follow(`${url}/direct`);
  socket.subscribe(
    ["full", "level2"].map((topic) => ({ topic, payload: { product_ids } })),
    "exchangeDirectMarketData",
  );
  await came("done", 500);
  expect(troubles).toEqual([]);
  const full = frames.filter(({ type, product_id }) => product_id === "BTC-USD" && !/snapshot|l2update/.test(type));
  const first = full[0]!["sequence"] as number;
  expect(full.map(({ sequence }) => sequence)).toEqual(full.map((_, i) => first + i));
});

it("coinbase-api connects and subscribes again after a reset", async () => {
  const { url, faults } = await exchange();
  const { socket, frames, came } = follow(url);
  socket.subscribe([{ topic: "matches", payload: { product_ids } }], "exchangeMarketData");
  await came("match", 3);
  faults.inject({ kind: "reset" });
  await once(socket as unknown as EventEmitter, "open");
  await came("match", frames.filter(({ type }) => type === "match").length + 3);
  expect(frames.filter(({ type }) => type === "subscriptions")).toHaveLength(2);
});

it("coinbase-api reads REST", async () => {
  const { url, rest } = await exchange();
  const { socket, came } = follow(url);
  socket.subscribe([{ topic: "matches", payload: { product_ids } }], "exchangeMarketData");
  await came("match", 30);
  const client = new CBExchangeClient({ baseUrl: rest });
  const product_id = "BTC-USD";
  const products = (await client.getAllTradingPairs()) as { id: string }[];
  expect(products.map(({ id }) => id)).toContain(product_id);
  expect(await client.getProduct({ product_id })).toMatchObject({ id: product_id, base_currency: "BTC" });
  const trades = (await client.getProductTrades({ product_id, limit: 5 })) as { trade_id: number }[];
  expect(trades).toHaveLength(5);
  const older = (await client.getProductTrades({ product_id, limit: 1, after: String(trades[4]!.trade_id) })) as {
    trade_id: number;
  }[];
  expect(older[0]!.trade_id).toBe(trades[4]!.trade_id - 1);
  const book = (await client.getProductBook({ product_id, level: 2 })) as { bids: unknown[]; sequence: number };
  expect(book.bids.length).toBeGreaterThan(1);
  const candles = (await client.getProductCandles({ product_id, granularity: 60 })) as unknown as number[][];
  expect(candles[0]).toHaveLength(6);
  expect(await client.getProductTicker({ product_id })).toHaveProperty("trade_id");
  expect(await client.getProductStats({ product_id })).toHaveProperty("last");
  await expect(client.getProduct({ product_id: "XYZ-USD" })).rejects.toMatchObject({
    code: 404,
    body: { message: "NotFound" },
  });
});
