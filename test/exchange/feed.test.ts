import { describe, expect, it } from "vitest";
import { usual } from "../../exchange/settings.ts";
import { TapeChecker, type Message } from "../local/tape-checker.ts";
import { Client, exchange, signature } from "./client.ts";

const usualEvery = usual.every;
const all = ["full", "level2", "level2_batch", "matches", "ticker", "ticker_batch", "heartbeat", "status"];

/** An exchange on which both products have traded. */
async function traded() {
  const started = await exchange({ rate: 5000 });
  const client = await Client.connect(started.url);
  client.subscribe(["matches"], ["BTC-USD", "ETH-USD"]);
  const open = new Set(["BTC-USD", "ETH-USD"]);
  while (open.size > 0) open.delete((await client.next("match")).product_id);
  return started;
}

function levels(frames: readonly Message[]): Map<string, string> {
  const book = new Map<string, string>();
  for (const { bids, asks, changes } of frames) {
    for (const [price, size] of (bids ?? []) as [string, string][]) book.set(`buy ${price}`, size);
    for (const [price, size] of (asks ?? []) as [string, string][]) book.set(`sell ${price}`, size);
    for (const [side, price, size] of (changes ?? []) as [string, string, string][]) {
      if (Number(size) === 0) book.delete(`${side} ${price}`);
      else book.set(`${side} ${price}`, size);
    }
  }
  return book;
}

describe("after a subscribe", () => {
  it("sends subscriptions, then by product what each channel starts with, then live frames", async () => {
    const { url } = await traded();
    const client = await Client.connect(url);
    client.subscribe(all, ["ETH-USD", "BTC-USD"]);
    const [reply, status, ...starts] = await client.take(12);
    const channels = reply!["channels"] as { name: string; product_ids: string[]; account_ids: null }[];
    expect(Object.keys(reply!)).toEqual(["type", "channels"]);
    expect(channels.map(({ name }) => name).toSorted()).toEqual(
      ["full", "heartbeat", "level2", "level2_50", "matches", "status", "ticker", "ticker_1000"].toSorted(),
    );
    for (const { name, product_ids, account_ids } of channels) {
      expect(account_ids).toBeNull();
      expect(product_ids.toSorted()).toEqual(name === "status" ? [] : ["BTC-USD", "ETH-USD"]);
    }
    expect(status!.type).toBe("status");
    for (const product of ["BTC-USD", "ETH-USD"]) {
      const [first, second, third, fourth, fifth] = starts.splice(0, 5);
      expect([first, second, third, fourth, fifth].map((frame) => [frame!.type, frame!.product_id])).toEqual([
        ["snapshot", product],
        ["snapshot", product],
        ["last_match", product],
        ["ticker", product],
        ["ticker", product],
      ]);
      // The ticker repeats the last trade, from the taker's side.
      const { sequence, trade_id, price, size, time, side } = third!;
      expect(fourth).toMatchObject({ sequence, trade_id, price, last_size: size, time });
      expect(fourth!["side"]).not.toBe(side);
    }
    expect((await client.next())["type"]).toMatch(/^(received|open|done|match|change|l2update|ticker|heartbeat)$/);
  });

  it("sends level2 and full of the same tape, every step of it valid", async () => {
    const { url } = await exchange({ wait: true, rate: 5000 });
    const client = await Client.connect(url);
    client.subscribe(["full", "level2", "ticker"], ["BTC-USD", "ETH-USD", "DOGE-USD"]);
    await client.next("subscriptions");
    const checker = new TapeChecker();
    for (const frame of await client.take(15_000)) checker.check(frame);
    expect(checker.products.size).toBe(3);
    expect(checker.lives).toBeGreaterThan(1000);
  });

  it.each(["level2", "level2_batch"])(
    "starts %s in the middle with a snapshot that the updates continue",
    async (channel) => {
      const { url } = await traded();
      const whole = await Client.connect(url);
      whole.subscribe(["level2"]);
      await whole.take(500, "l2update");
      const late = await Client.connect(url);
      late.subscribe([channel]);
      await late.take(1, "snapshot");
      const [last] = (await late.take(channel === "level2" ? 500 : 5, "l2update")).slice(-1);
      await whole.next("l2update");
      const until = (frames: readonly Message[], time: string) =>
        levels(frames.filter((frame) => /snapshot|l2update/.test(frame.type) && (frame["time"] as string) <= time));
      const snapshot = late.frames.find(({ type }) => type === "snapshot")!;
      expect(levels([snapshot]).size).toBeGreaterThan(10);
      expect(levels([snapshot])).toEqual(until(whole.frames, snapshot["time"] as string));
      const end = last!["time"] as string;
      expect(until(late.frames, end)).toEqual(until(whole.frames, end));
    },
  );

  it("batches level2_batch: far fewer frames, many changes in one, every 50 ms", async () => {
    const { url } = await exchange({ rate: 5000 });
    const client = await Client.connect(url);
    client.subscribe(["level2_batch"]);
    await client.next("snapshot");
    const start = performance.now();
    const batches = await client.take(20, "l2update");
    expect((performance.now() - start) / 20).toBeGreaterThan(40);
    expect(Math.max(...batches.map(({ changes }) => (changes as unknown[]).length))).toBeGreaterThan(10);
  });

  it("sends the position of a product with each heartbeat", async () => {
    const { url } = await exchange({ every: { ...usualEvery, heartbeat: 20 } });
    const client = await Client.connect(url);
    client.subscribe(["full", "heartbeat"], ["BTC-USD", "ETH-USD"]);
    await client.take(6, "heartbeat");
    const last = new Map<string, Message>();
    const trades = new Map<string, number>();
    for (const frame of client.frames) {
      const { type, product_id, sequence, trade_id } = frame as Message & { sequence: number; trade_id: number };
      if (type === "heartbeat") {
        expect(Object.keys(frame)).toEqual(["type", "last_trade_id", "product_id", "sequence", "time"]);
        const before = last.get(product_id);
        if (before !== undefined) expect(sequence).toBe(before["sequence"]);
        if (trades.has(product_id)) expect(frame["last_trade_id"]).toBe(trades.get(product_id));
      } else if (sequence !== undefined) last.set(product_id, frame);
      if (type === "match") trades.set(product_id, trade_id);
    }
  });

  it("repeats ticker_batch only after a trade", async () => {
    const { url } = await exchange({ wait: true, every: { ...usualEvery, heartbeat: 10, tickerBatch: 10 } });
    const trader = await Client.connect(url);
    trader.subscribe(["matches"]);
    await trader.next("match");
    const client = await Client.connect(url);
    client.subscribe(["ticker_batch", "heartbeat"]);
    const before = (await client.next("ticker"))["trade_id"] as number;
    expect((await client.next("ticker"))["trade_id"]).toBeGreaterThan(before);
    // The market stands still when no one follows its trades.
    trader.send({ type: "unsubscribe", channels: ["matches"] });
    await trader.next("subscriptions");
    await client.take(2, "heartbeat");
    const still = client.frames.length;
    await client.take(5, "heartbeat");
    expect(client.frames.slice(still).filter(({ type }) => type === "ticker")).toEqual([]);
  });

  it("sends the status of all products at once and then at an interval", async () => {
    const { url } = await exchange({ products: 7, every: { ...usualEvery, status: 20 } });
    const client = await Client.connect(url);
    client.send({ type: "subscribe", channels: [{ name: "status" }] });
    expect((await client.next("subscriptions"))["channels"]).toEqual([
      { name: "status", product_ids: [], account_ids: null },
    ]);
    const [status] = await client.take(3, "status");
    const { products, currencies } = status as unknown as Record<string, Record<string, unknown>[]>;
    expect(products!.map(({ id }) => id)).toEqual([
      "BTC-USD",
      "ETH-USD",
      "SOL-USD",
      "XRP-USD",
      "DOGE-USD",
      "SIM006-USD",
      "SIM007-USD",
    ]);
    expect(products![0]).toMatchObject({
      base_currency: "BTC",
      quote_currency: "USD",
      base_increment: "0.00000001",
      quote_increment: "0.01",
      display_name: "BTC/USD",
      status: "online",
      min_market_funds: "1",
      post_only: false,
      limit_only: false,
      cancel_only: false,
      fx_stablecoin: false,
    });
    expect(currencies!.map(({ id }) => id)).toEqual(["USD", "BTC", "ETH", "SOL", "XRP", "DOGE", "SIM006", "SIM007"]);
    expect(currencies![1]).toMatchObject({ status: "online", convertible_to: [], supported_networks: [] });
  });
});

describe("subscriptions", () => {
  const state = (reply: Message) =>
    Object.fromEntries(
      (reply["channels"] as { name: string; product_ids: string[] }[]).map(({ name, product_ids }) => [
        name,
        product_ids.toSorted(),
      ]),
    );

  it("come from strings with the ids of the request, from objects with their own too, once each", async () => {
    const { url } = await exchange();
    const client = await Client.connect(url);
    // The example of the documentation.
    client.send({
      type: "subscribe",
      product_ids: ["ETH-USD", "BTC-USD"],
      channels: ["level2_50", "heartbeat", "heartbeat", { name: "ticker", product_ids: ["SOL-USD", "ETH-USD"] }],
    });
    client.send({
      type: "subscribe",
      channels: ["BTC-USD", "XRP-USD"].map((id) => ({ name: "matches", product_ids: [id] })),
    });
    expect(state(await client.next("subscriptions"))).toEqual({
      level2_50: ["BTC-USD", "ETH-USD"],
      heartbeat: ["BTC-USD", "ETH-USD"],
      ticker: ["BTC-USD", "ETH-USD", "SOL-USD"],
    });
    expect(state(await client.next("subscriptions"))).toMatchObject({ matches: ["BTC-USD", "XRP-USD"] });
  });

  it("add up, and end by product, by channel, and all", async () => {
    const { url } = await exchange();
    const client = await Client.connect(url);
    client.subscribe(["matches"], ["BTC-USD"], {});
    client.subscribe(["matches", "heartbeat"], ["ETH-USD", "ETH-USD", "SOL-USD"], {});
    client.send({ type: "unsubscribe", product_ids: ["ETH-USD"], channels: ["matches"] });
    client.send({ type: "unsubscribe", channels: [{ name: "heartbeat", product_ids: ["ETH-USD", "SOL-USD"] }] });
    client.send({ type: "unsubscribe", channels: ["matches", "ticker"] });
    const replies = await client.take(5, "subscriptions");
    expect(replies.slice(0, 4).map(state)).toEqual([
      { matches: ["BTC-USD"] },
      { matches: ["BTC-USD", "ETH-USD", "SOL-USD"], heartbeat: ["ETH-USD", "SOL-USD"] },
      { matches: ["BTC-USD", "SOL-USD"], heartbeat: ["ETH-USD", "SOL-USD"] },
      { matches: ["BTC-USD", "SOL-USD"] },
    ]);
    expect(replies[4]).toEqual({ type: "subscriptions", channels: [] });
  });

  it("deliver each trade once, even if requested twice, and none after they end", async () => {
    const { url } = await exchange({ rate: 5000 });
    const client = await Client.connect(url);
    client.subscribe(["matches", { name: "matches", product_ids: ["BTC-USD", "BTC-USD"] }], ["BTC-USD"], {});
    client.subscribe(["matches"], ["BTC-USD"], {});
    const ids = (await client.take(50, "match")).map((frame) => frame["trade_id"] as number);
    expect(ids).toEqual(ids.map((_, i) => ids[0]! + i));
    client.send({ type: "unsubscribe", channels: ["matches"] });
    client.subscribe(["heartbeat"], ["BTC-USD"], {});
    await client.next("heartbeat");
    const ended = client.frames.findLastIndex(({ type }) => type === "match");
    const replies = client.frames.flatMap(({ type }, i) => (type === "subscriptions" ? [i] : []));
    expect(ended).toBeLessThan(replies[2]!);
  });
});

describe("an invalid request", () => {
  const needsSignature =
    "level2, level3, and full channels now require authentication. https://docs.cloud.coinbase.com/exchange/docs/websocket-auth";
  const failed = (reason: string, operation = "subscribe") => ({
    type: "error",
    message: `Failed to ${operation}`,
    reason,
  });
  const type = failed("Type has to be either subscribe or unsubscribe");

  it.each([
    [
      "an unknown product",
      { product_ids: ["XYZ-USD"], channels: ["ticker", "matches"] },
      [failed("XYZ-USD is not a valid product")],
    ],
    [
      "two of them",
      { product_ids: ["A", "B"], channels: ["ticker"] },
      [failed("A is not a valid product"), failed("B is not a valid product")],
    ],
    [
      "empty lists of products",
      {
        product_ids: ["BTC-USD"],
        channels: [
          { name: "ticker", product_ids: [] },
          { name: "matches", product_ids: [] },
        ],
      },
      [failed(" is not a valid product"), failed(" is not a valid product")],
    ],
    ["no products", { channels: ["ticker"] }, [failed(" is not a valid product")]],
    ["a text for a list", { product_ids: "BTC-USD", channels: ["ticker"] }, [failed("Invalid product ID provided")]],
    [
      "an unknown channel",
      { product_ids: ["BTC-USD"], channels: ["trades"] },
      [failed("trades is not a valid channel")],
    ],
    ["no channels", { product_ids: ["BTC-USD"] }, [failed("No channels provided")]],
    ["an empty list of channels", { product_ids: ["BTC-USD"], channels: [] }, [failed("No channels provided")]],
    ["nothing to unsubscribe from", { type: "unsubscribe" }, [failed("No channels provided", "unsubscribe")]],
    ["no type", { type: undefined, channels: ["ticker"] }, [type]],
    ["another type", { type: "hello" }, [type]],
    ["full without a signature", { product_ids: ["BTC-USD"], channels: ["full"] }, [failed(needsSignature)]],
    ["both without a signature", { product_ids: ["BTC-USD"], channels: ["level2", "full"] }, [failed(needsSignature)]],
  ])("is refused in the exchange's words: %s", async (_, request, errors) => {
    const { url } = await exchange();
    const client = await Client.connect(url);
    client.send({ type: "subscribe", ...request });
    // The reply to a request that can be is the next thing that comes.
    client.subscribe(["heartbeat"], ["ETH-USD"], {});
    expect(await client.take(errors.length)).toEqual(errors);
    expect((await client.next())["channels"]).toMatchObject([{ name: "heartbeat", product_ids: ["ETH-USD"] }]);
  });

  it.each(["no JSON", "[]", "null", "17"])("is refused in the exchange's words: the text %s", async (text) => {
    const { url } = await exchange();
    const client = await Client.connect(url);
    client.send(text);
    expect(await client.next()).toEqual(type);
  });

  it("does not prevent the rest of a request", async () => {
    const { url } = await exchange();
    const client = await Client.connect(url);
    const request = { product_ids: ["BTC-USD", "NO-USD"], channels: ["matches", "full", "nonsense"] };
    client.send({ type: "subscribe", ...request });
    const frames = await client.take(4);
    expect(frames.slice(0, 3).map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(["NO-USD is not a valid product", "nonsense is not a valid channel", needsSignature]),
    );
    expect(frames[3]).toEqual({
      type: "subscriptions",
      channels: [{ name: "matches", product_ids: ["BTC-USD"], account_ids: null }],
    });
  });

  it("is every unsigned subscribe on /direct, for any channel", async () => {
    const { url } = await exchange();
    const client = await Client.connect(`${url}/direct`);
    client.subscribe(["matches"], ["BTC-USD"], {});
    expect(await client.next()).toEqual(failed(needsSignature));
    client.subscribe(["matches"], ["BTC-USD"], signature());
    expect((await client.next()).type).toBe("subscriptions");
  });
});
