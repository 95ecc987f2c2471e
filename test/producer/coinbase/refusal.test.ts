/** What the exchange refuses of one product, by socket: the others never notice, and it comes back when it may. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { signedChannels } from "../../../producer/coinbase/subscription.ts";
import { exchange } from "../../exchange/client.ts";
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

it("is asked for again, alone, where nothing of it comes any more while the others stream", async () => {
  const { url, faults } = await exchange({ every: fast });
  const followed = follow(url);
  await followed.until(() => isTaken(followed, "ETH-USD"));
  faults.inject({ kind: "stall", product: "ETH-USD", ms: 4_000 });
  await followed.until(() => saying(followed, "refuses ETH-USD (no heartbeat of it").length === 1);
  const last = sequencesOf(followed, "ETH-USD").at(-1)!;
  await followed.until(() => followed.feed.refused === 0 && sequencesOf(followed, "ETH-USD").at(-1)! > last);
  await followed.stop();
  expect(followed.feed).toMatchObject({ connects: 1, refused: 0 });
  expect(new Set(followed.gaps.map(({ product }) => product))).toEqual(new Set(["ETH-USD"]));
  expect(isContiguous(sequencesOf(followed, "BTC-USD"))).toBe(true);
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

/** Of a script: the exchange closes the connection, with this reason. */
const closing = (reason: string) => ({ close: reason });

/** An exchange that answers each subscribe with the frames that `answer` gives, and sends heartbeats of a product. */
async function scripted(answer: (products: readonly string[], count: number) => readonly object[]): Promise<string> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => {
    server.close();
    for (const client of server.clients) client.terminate();
  });
  let count = 0;
  server.on("connection", (socket) => {
    let beat: NodeJS.Timeout | undefined;
    socket.on("close", () => clearInterval(beat));
    socket.on("message", (data) => {
      const { channels } = JSON.parse((data as Buffer).toString()) as { channels: { product_ids: string[] }[] };
      const products = channels[0]!.product_ids;
      for (const frame of answer(products, ++count))
        if ("close" in frame) socket.close(1008, frame.close as string);
        else socket.send(JSON.stringify(frame));
      const heartbeat = JSON.stringify({ type: "heartbeat", product_id: products[0], sequence: 1, last_trade_id: 1 });
      beat ??= setInterval(() => socket.send(heartbeat), 50);
    });
  });
  await once(server, "listening");
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failed = (reason: string) => ({ type: "error", message: "Failed to subscribe", reason });
const confirming = (products: readonly string[]) => ({
  type: "subscriptions",
  channels: signedChannels.map((name) => ({ name, product_ids: products, account_ids: null })),
});

it.each([
  [
    "over an error that names none",
    [failed("Invalid product ID provided"), closing("")],
    "Invalid product ID provided",
    3,
  ],
  ["with a reason", [closing("GONE-USD is not a valid product")], "closed by the exchange (1008: GONE-USD is not", 3],
  ["without a word", [closing("")], "closed by the exchange (1008)", 5],
])("is found where the exchange ends each connection that asks for it, %s", async (_, answer, reason, connects) => {
  const held = new Set<string>();
  const url = await scripted((products) => {
    // With the connection ends what it had.
    if (products.includes("GONE-USD")) {
      held.clear();
      return answer;
    }
    for (const product of products) held.add(product);
    return [confirming([...held])];
  });
  const products = ["BTC-USD", "GONE-USD", "ETH-USD", "SOL-USD"];
  const followed = follow(url, { products, patience: never });
  await followed.until(() => followed.feed.open === 1);
  await followed.stop();
  expect(saying(followed, "refuses")).toEqual([expect.stringContaining(`refuses GONE-USD (`)]);
  expect(saying(followed, "refuses")[0]).toContain(reason);
  expect(saying(followed, "connected to")).toEqual([expect.stringContaining(" of 3 products")]);
  expect(followed.feed).toMatchObject({ connects, refused: 1 });
});

it("is not refused where the exchange ends every connection, whatever it is asked for", async () => {
  let ends = 8;
  const url = await scripted((products) => (ends-- > 0 ? [closing("")] : [confirming(products)]));
  const followed = follow(url, { products: ["BTC-USD", "ETH-USD"], productsPerSocket: 1, patience: never });
  await followed.until(() => followed.feed.open === 2);
  await followed.stop();
  expect(saying(followed, "refuses")).toEqual([]);
});

it("is refused once, where the exchange says so for each of its channels", async () => {
  const url = await scripted(() => [
    ...signedChannels.map(() => failed("ETH-USD is not a valid product")),
    confirming(["BTC-USD"]),
  ]);
  const followed = follow(url, { patience: never });
  await followed.until(() => followed.feed.open === 1);
  await followed.stop();
  expect(followed.said.filter((line) => !line.includes("connected to"))).toEqual([
    expect.stringContaining("refuses ETH-USD (Failed to subscribe: ETH-USD is not a valid product)"),
  ]);
});

it("is looked for where an error that is about no product comes with every connection", async () => {
  // Only what is asked for without ETH-USD is confirmed.
  const url = await scripted((products) =>
    products.includes("ETH-USD") ? [failed("Internal error")] : [confirming(["BTC-USD"])],
  );
  const followed = follow(url, { patience: never });
  await followed.until(() => followed.feed.open === 1);
  await followed.stop();
  expect(
    saying(followed, "has not confirmed BTC-USD, ETH-USD (Failed to subscribe: Internal error); again"),
  ).toHaveLength(1);
  expect(saying(followed, "refuses ETH-USD (Failed to subscribe: Internal error)")).toHaveLength(1);
});

it("is not to blame for an error that passes", async () => {
  const url = await scripted((products, count) => (count === 1 ? [failed("Internal error")] : [confirming(products)]));
  const followed = follow(url, { patience: never });
  await followed.until(() => followed.feed.open === 1);
  await followed.stop();
  expect(saying(followed, "refuses")).toEqual([]);
  expect(followed.feed).toMatchObject({ connects: 2, refused: 0 });
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
