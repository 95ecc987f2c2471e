/** What the exchange refuses of one product, by socket: the others never notice, and it comes back when it may. */
import { expect, it } from "vitest";
import { exchange } from "../../local/exchange/client.ts";
import { follow, isContiguous, sequencesOf, type Followed } from "./follow.ts";

const fast = { step: 5, heartbeat: 50, level2Batch: 20, tickerBatch: 100, status: 1000 };

/** Refused products are not asked for again while the test runs. */
const never = { firstTry: 600_000, lastTry: 600_000 };

const saying = ({ said }: Followed, text: string) => said.filter((line) => line.includes(text));
const isTaken = (followed: Followed, product: string) => sequencesOf(followed, product).length > 10;

it.each([
  ["refuses it by name, and takes the rest", "refuse-product", "Failed to subscribe: ETH-USD is not a valid product"],
  ["refuses it by name, and all with it", "refuse-request", "Failed to subscribe: ETH-USD is not a valid product"],
  ["refuses all, without a name", "invalid-id", "Failed to subscribe: Invalid product ID provided"],
] as const)("an exchange that %s: the others are taken on the same connection", async (_, kind, reason) => {
  const { url } = await exchange({ every: fast, faults: [{ kind, product: "ETH-USD", count: 100 }] });
  const followed = follow(url, { products: ["BTC-USD", "ETH-USD", "SOL-USD"], patience: never });
  await followed.until(() => isTaken(followed, "BTC-USD") && isTaken(followed, "SOL-USD") && followed.feed.open === 1);
  await followed.stop();
  expect(saying(followed, "refuses")).toEqual([
    expect.stringContaining(`socket: the exchange refuses ETH-USD (${reason}); the rest is taken without it`),
  ]);
  expect(saying(followed, "connected to")).toEqual([expect.stringContaining(" of 2 products")]);
  expect(followed.feed).toMatchObject({ connects: 1, refused: 1, idle: 0 });
  expect(sequencesOf(followed, "ETH-USD")).toEqual([]);
});

it("names a product of which an exchange knows nothing at all", async () => {
  const { url } = await exchange({ every: fast });
  const followed = follow(url, { products: ["BTC-USD", "GONE-USD"], patience: never });
  await followed.until(() => followed.feed.open === 1 && isTaken(followed, "BTC-USD"));
  await followed.stop();
  expect(saying(followed, "refuses GONE-USD (Failed to subscribe: GONE-USD is not a valid product)")).toHaveLength(1);
});

it("is not asked for again by the next connection", async () => {
  // Asked a second time the exchange would take it.
  const { url, faults } = await exchange({ every: fast, faults: [{ kind: "refuse-product", product: "ETH-USD" }] });
  const followed = follow(url, { patience: never });
  await followed.until(() => isTaken(followed, "BTC-USD"));
  faults.inject({ kind: "reset" });
  await followed.until(() => saying(followed, "connected to").length === 2 && followed.gaps.length > 0);
  const after = followed.counters.events;
  await followed.until(() => followed.counters.events > after + 100);
  await followed.stop();
  expect(sequencesOf(followed, "ETH-USD")).toEqual([]);
  expect(saying(followed, "refuses")).toHaveLength(1);
});

it("is asked for alone from time to time, later each time, and comes back without disturbing the others", async () => {
  const refusal = { kind: "refuse-product", product: "ETH-USD", count: 4 } as const;
  const { url } = await exchange({ every: fast, faults: [refusal] });
  const followed = follow(url);
  await followed.until(() => isTaken(followed, "BTC-USD") && isTaken(followed, "ETH-USD"));
  await followed.stop();
  expect(isContiguous(sequencesOf(followed, "BTC-USD"))).toBe(true);
  expect(isContiguous(sequencesOf(followed, "ETH-USD"))).toBe(true);
  expect(followed.feed).toMatchObject({ connects: 1, refused: 0, complaints: 4 });
  expect(saying(followed, "still refuses ETH-USD")).toHaveLength(3);
  expect(saying(followed, "accepts ETH-USD, which it had refused")).toHaveLength(1);
});

it("is asked for again, alone, where the exchange leaves out one of its channels without a word", async () => {
  const lacking = { kind: "lacking-product", channel: "level2", product: "ETH-USD", count: 2 } as const;
  const { url } = await exchange({ every: fast, faults: [lacking] });
  const followed = follow(url);
  const books = () => followed.records.filter(({ topic, key }) => topic === "coinbase_level2" && key === "ETH-USD");
  await followed.until(() => followed.feed.open === 1 && isTaken(followed, "ETH-USD"));
  expect(books()).toEqual([]);
  expect(saying(followed, "refuses level2 of ETH-USD (the exchange does not confirm it)")).toHaveLength(1);
  await followed.until(() => books().length > 5);
  await followed.stop();
  expect(followed.feed.connects).toBe(1);
  expect(isContiguous(sequencesOf(followed, "ETH-USD"))).toBe(true);
});

it("does without a channel that a second connection lacks too", async () => {
  const { url } = await exchange({ every: fast, faults: [{ kind: "lacking-channel", channel: "level2", count: 2 }] });
  const followed = follow(url, { products: ["BTC-USD"], patience: never });
  await followed.until(() => followed.feed.open === 1 && isTaken(followed, "BTC-USD"));
  await followed.stop();
  expect(followed.feed.connects).toBe(2);
  expect(saying(followed, "has not confirmed level2 of BTC-USD; again in")).toHaveLength(1);
  expect(saying(followed, "refuses level2 of BTC-USD")).toHaveLength(1);
});

it("leaves its socket idle where it is alone on it, while the other sockets stream", async () => {
  const refusal = { kind: "refuse-product", product: "ETH-USD", count: 2 } as const;
  const { url } = await exchange({ every: fast, faults: [refusal] });
  const followed = follow(url, { products: ["ETH-USD", "BTC-USD"], productsPerSocket: 1 });
  await followed.until(() => saying(followed, "socket 1/2: the exchange refuses ETH-USD").length === 1);
  await followed.until(() => isTaken(followed, "BTC-USD") && isTaken(followed, "ETH-USD"));
  await followed.stop();
  // Refused twice, then accepted: each on a connection of its own.
  expect(followed.feed.connects).toBe(4);
  expect(isContiguous(sequencesOf(followed, "BTC-USD"))).toBe(true);
});

it.each([
  [["GONE-USD"], /refuses GONE-USD \(Failed to subscribe: GONE-USD is not a valid product\), the only product\. /],
  [
    ["GONE-USD", "LOST-USD"],
    /refuses all 2 products, as GONE-USD \(Failed to subscribe: GONE-USD is not a valid product/,
  ],
])("ends a feed that has nothing else, %j, and names where to look", async (products, message) => {
  const { url } = await exchange({ every: fast });
  const { ended } = follow(url, { products });
  await expect(ended).rejects.toThrow(message);
  await expect(ended).rejects.toThrow("npm run producer -- --list-products shows what there is");
});
