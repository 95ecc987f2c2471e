/** The feed against the simulated exchange, by socket: what it takes, and how it comes back. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { publicCredentials } from "../../../exchange/credentials.ts";
import { exchange } from "../../exchange/client.ts";
import { follow, isContiguous, sequencesOf } from "./follow.ts";

const fast = { step: 5, heartbeat: 50, level2Batch: 20, tickerBatch: 100, status: 1000 };

it("takes every event of the full channel, and the book, when it has keys", async () => {
  const { url } = await exchange({ every: fast });
  const followed = follow(url);
  await followed.until(() => followed.counters.events > 3_000);
  await followed.stop();
  for (const product of ["BTC-USD", "ETH-USD"]) {
    const sequences = sequencesOf(followed, product);
    expect(sequences.length).toBeGreaterThan(100);
    expect(isContiguous(sequences)).toBe(true);
  }
  const types = new Set(followed.records.map(({ value }) => value["type"] ?? value["reason"]));
  expect(types).toEqual(new Set(["change", "done", "l2update", "match", "open", "received", "snapshot"]));
  expect(followed.counters).toMatchObject({ quarantined: 0, extra: 0, untimed: 0 });
  expect(Object.keys(followed.counters.control).toSorted()).toEqual(["heartbeat", "subscriptions"]);
});

it("takes every trade, tickers and the book, when it has none", async () => {
  const { url } = await exchange({ every: fast, rate: 5_000 });
  const followed = follow(url, { keyless: true });
  const trades = () => followed.records.filter(({ value }) => value["type"] === "match");
  await followed.until(() => trades().length > 200);
  await followed.stop();
  for (const product of ["BTC-USD", "ETH-USD"])
    expect(
      isContiguous(
        trades()
          .filter(({ key }) => key === product)
          .map(({ value }) => value["trade_id"] as number),
      ),
    ).toBe(true);
  const topics = new Set(followed.records.map(({ topic }) => topic));
  expect([...topics].toSorted()).toEqual(["coinbase_full", "coinbase_level2", "coinbase_ticker"]);
});

it("names what was dropped, event by event, and continues", async () => {
  const { url, faults } = await exchange({ every: fast });
  const followed = follow(url);
  await followed.until(() => followed.counters.events > 500);
  faults.inject({ kind: "drop", count: 7, channel: "full", product: "BTC-USD" });
  await followed.until(() => followed.gaps.length > 0);
  const after = followed.counters.events;
  await followed.until(() => followed.counters.events > after + 500);
  await followed.stop();
  const sequences = sequencesOf(followed, "BTC-USD");
  const [first, last] = [sequences[0]!, sequences.at(-1)!];
  const got = new Set(sequences);
  const missing = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((number) => !got.has(number));
  expect(missing).toHaveLength(7);
  const named = followed.gaps.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
  expect(named).toEqual(missing);
  expect(followed.continuity.missed).toBe(7);
});

it("publishes once what comes twice, and what comes late", async () => {
  const { url, faults } = await exchange({ every: fast });
  const followed = follow(url);
  await followed.until(() => followed.counters.events > 200);
  faults.inject({ kind: "duplicate", count: 20 });
  await followed.until(() => followed.continuity.repeated === 20);
  faults.inject({ kind: "reorder", count: 5, channel: "full", product: "BTC-USD" });
  await followed.until(() => followed.gaps.length > 0);
  const after = followed.counters.events;
  await followed.until(() => followed.counters.events > after + 200);
  await followed.stop();
  const sequences = sequencesOf(followed, "BTC-USD");
  expect(new Set(sequences).size).toBe(sequences.length);
  expect(isContiguous(sequences.toSorted((a, b) => a - b))).toBe(true);
});

it.each([
  ["stall", { kind: "stall" }, /^socket: .* s without a frame, though it answers pings; again in/],
  ["freeze", { kind: "freeze" }, /^socket: .* s without a frame, and no answer to a ping; again in/],
  ["reset", { kind: "reset" }, /^socket: (read ECONNRESET|the connection broke \(1006\)); again in/],
  ["close with 1001", { kind: "close", code: 1001 }, /^socket: closed by the exchange \(1001.*\); again in/],
  ["close with 1009", { kind: "close", code: 1009 }, /^socket: closed by the exchange \(1009.*\); again in/],
] as const)("comes back after a %s, with a new book, and names what it missed", async (_, fault, message) => {
  const { url, faults } = await exchange({ every: fast });
  const followed = follow(url);
  await followed.until(() => followed.counters.events > 500);
  const snapshots = () => followed.records.filter(({ value }) => value["type"] === "snapshot").length;
  const before = snapshots();
  faults.inject(fault);
  await followed.until(() => followed.said.some((line) => message.test(line)));
  await followed.until(() => followed.feed.open === 1 && snapshots() === before + 2 && followed.gaps.length > 0);
  await followed.stop();
  const sequences = sequencesOf(followed, "BTC-USD");
  const missed = followed.gaps
    .filter(({ product }) => product === "BTC-USD")
    .reduce((sum, { from, to }) => sum + to - from + 1, 0);
  expect(sequences.length + missed).toBe(sequences.at(-1)! - sequences[0]! + 1);
});

it.each([
  [
    "a handshake refused with 429",
    { kind: "handshake-429", count: 2 },
    /HTTP 429 Too Many Requests at the handshake; again/,
  ],
  [
    "an expired signature",
    { kind: "expired-signature", count: 2 },
    /request timestamp expired \(is this machine's clock right\?\); again/,
  ],
  [
    "a channel that is not confirmed",
    { kind: "lacking-channel" },
    /has not confirmed (full|level2|heartbeat) of .*; again/,
  ],
  ["a snapshot that breaks off", { kind: "cut-snapshot" }, /; again in/],
] as const)("comes back from %s", async (_, fault, message) => {
  const { url } = await exchange({ every: fast, faults: [fault] });
  const followed = follow(url);
  await followed.until(() => followed.said.some((line) => message.test(line)));
  await followed.until(() => followed.feed.open === 1 && followed.counters.events > 100);
  await followed.stop();
});

it("tells frames that are none and unknown types from data, and errors from both", async () => {
  const { url, faults } = await exchange({ every: fast });
  const followed = follow(url);
  await followed.until(() => followed.counters.events > 100);
  faults.inject({ kind: "malformed", count: 2 });
  faults.inject({ kind: "unknown", count: 3 });
  faults.inject({ kind: "error" });
  await followed.until(() => followed.counters.quarantined === 5 && followed.feed.complaints === 1);
  await followed.stop();
  expect(followed.said.filter((line) => line.startsWith("socket: the exchange says: "))).toHaveLength(1);
  expect(followed.counters.control["error"]).toBe(1);
  expect(followed.feed.connects).toBe(1);
});

it("ends at once when the exchange rejects the key, and names what to look at", async () => {
  const { url } = await exchange({ every: fast });
  const wrong = { ...publicCredentials, secret: Buffer.from("another secret").toString("base64") };
  await expect(follow(url, { credentials: wrong }).ended).rejects.toThrow(
    /127.0.0.1:\d+ rejects the subscription: .*invalid signature.* Look at COINBASE_KEY/,
  );
});

it("goes to the other endpoint when the first fails, and says so", async () => {
  const { url } = await exchange({ every: fast });
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const dead = `ws://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  await once(gone.close(), "close");
  const followed = follow(url, { endpoints: [dead, url] });
  await followed.until(() => followed.feed.open === 1);
  await followed.stop();
  expect(followed.said[0]).toMatch(/^socket: connect ECONNREFUSED .*; again in/);
});

it("waits longer after each failure, at random, and never longer than the longest", async () => {
  const { url } = await exchange({ every: fast, faults: [{ kind: "handshake-429", count: 12 }] });
  const followed = follow(url, { patience: { firstRetry: 16, lastRetry: 128 } });
  await followed.until(() => followed.feed.open === 1);
  await followed.stop();
  const waits = followed.said.flatMap((line) => /again in ([\d.]+) s/.exec(line)?.[1] ?? []).map(Number);
  expect(waits).toHaveLength(12);
  // One failure: 8 to 16 ms; each doubles; from the fourth on 64 to 128 ms. Shown with a tenth of a second.
  expect(Math.max(...waits)).toBeLessThanOrEqual(0.1);
  expect(waits.slice(4).every((wait) => wait >= 0.1)).toBe(true);
});

it("resyncs one socket alone while the others continue", async () => {
  const { url, faults } = await exchange({ every: fast });
  const products = ["BTC-USD", "ETH-USD", "SOL-USD"];
  const followed = follow(url, { products, productsPerSocket: 1 });
  await followed.until(() => followed.feed.open === 3 && followed.counters.events > 300);
  faults.inject({ kind: "reset", connection: 1 });
  await followed.until(() => followed.gaps.length > 0 && followed.feed.open === 3);
  await followed.stop();
  expect(new Set(followed.gaps.map(({ product }) => product)).size).toBe(1);
  expect(followed.feed.connects).toBe(4);
});

it("stops reading from the socket while the sink is full, and loses nothing by it", async () => {
  const { url } = await exchange({ every: fast, rate: 40_000, products: 5, backlog: 2 ** 30 });
  let full = true;
  let open = () => {};
  const room = new Promise<void>((resolve) => (open = resolve));
  const followed = follow(url, { drained: async () => (full ? room : undefined) });
  await expect.poll(() => followed.feed.pauses, { timeout: 20_000 }).toBe(1);
  const records = followed.records.length;
  full = false;
  open();
  await followed.until(() => followed.records.length > records + 20_000);
  await followed.stop();
  expect(followed.gaps).toEqual([]);
  expect(followed.feed.connects).toBe(1);
});

it("comes back while the sink is full, without taking the exchange for one that does not answer", async () => {
  const { url, faults } = await exchange({ every: fast, rate: 100 });
  let open = () => {};
  const room = new Promise<void>((resolve) => (open = resolve));
  const followed = follow(url, { drained: () => room, patience: { answer: 100 } });
  const connected = () => followed.said.filter((line) => line.includes(": connected to")).length;
  await followed.until(() => connected() === 1);
  faults.inject({ kind: "reset" });
  await followed.until(() => connected() === 2);
  // Twice as long as an answer may take.
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(followed.feed.open).toBe(1);
  expect(followed.said.join("\n")).not.toContain("has not confirmed");
  open();
});

it("names what a product misses whose channel has fallen silent, by its heartbeats", async () => {
  const { url, faults } = await exchange({ every: fast });
  const followed = follow(url);
  await followed.until(() => followed.counters.events > 300);
  faults.inject({ kind: "stall", channel: "full", product: "BTC-USD" });
  await followed.until(() => followed.gaps.some(({ product }) => product === "BTC-USD"));
  expect(followed.feed.connects).toBe(1);
});

it("continues after an exchange that counts again from the start", async () => {
  const first = await exchange({ every: fast, ends: new Map([["BTC-USD", { sequence: 60_000, tradeId: 900 }]]) });
  const followed = follow(first.url, { products: ["BTC-USD"] });
  await followed.until(() => sequencesOf(followed, "BTC-USD").length > 50);
  await first.close();
  await exchange({ every: fast, port: Number(new URL(first.url).port) });
  await followed.until(() => sequencesOf(followed, "BTC-USD").some((sequence) => sequence < 5_000));
  await followed.stop();
});
