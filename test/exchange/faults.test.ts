import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { parseFault, readFault, type Fault } from "../../exchange/faults.ts";
import { usual } from "../../exchange/settings.ts";
import type { Message } from "../local/tape-checker.ts";
import { Client, exchange } from "./client.ts";

/** A client of the full channel of BTC-USD that received some frames, and what arrived after a fault. */
async function following(fault: Fault) {
  const { url, faults } = await exchange();
  const client = await Client.connect(url);
  client.subscribe(["full"]);
  await client.take(20);
  faults.inject(fault);
  await client.take(200);
  return client.frames.slice(1);
}

/** The differences between successive sequences; frames without one are ignored. */
function steps(frames: readonly Message[]): number[] {
  const sequences = frames.map(({ sequence }) => sequence as number).filter((sequence) => sequence !== undefined);
  return sequences.slice(1).map((sequence, i) => sequence - sequences[i]!);
}

function unusual(frames: readonly Message[]): number[] {
  return steps(frames).filter((step) => step !== 1);
}

describe("faults of frames", () => {
  it("drop: N frames are missing, in one gap", async () => {
    expect(unusual(await following({ kind: "drop", count: 5 }))).toEqual([6]);
  });

  it("duplicate: N frames arrive twice", async () => {
    expect(unusual(await following({ kind: "duplicate", count: 3 }))).toEqual([0, 0, 0]);
  });

  it("reorder: N frames arrive in reverse, two by default", async () => {
    expect(unusual(await following({ kind: "reorder", count: 3 }))).toEqual([3, -1, -1, 3]);
    expect(unusual(await following({ kind: "reorder" }))).toEqual([2, -1, 2]);
  });

  it("zero-time: N frames have the zero time, and nothing else changes", async () => {
    const frames = await following({ kind: "zero-time", count: 2 });
    expect(frames.filter(({ time }) => time === "0001-01-01T00:00:00.000000Z")).toHaveLength(2);
    expect(unusual(frames)).toEqual([]);
  });

  it.each<[Fault["kind"], (frame: Message) => boolean]>([
    ["malformed", ({ type }) => type === "text"],
    ["unknown", ({ type }) => type === "unheard_of"],
    ["error", ({ type }) => type === "error"],
  ])("%s: N arrive in between, and nothing is missing", async (kind, isIt) => {
    const frames = await following({ kind, count: 2 });
    expect(frames.filter(isIt)).toHaveLength(2);
    expect(unusual(frames)).toEqual([]);
  });

  it("hit only the named channel, product and connection", async () => {
    const { url, faults } = await exchange({ rate: 5000 });
    const clients = [await Client.connect(url), await Client.connect(url)];
    for (const client of clients) client.subscribe(["full", "ticker"], ["BTC-USD", "ETH-USD"]);
    for (const client of clients) await client.take(100);
    faults.inject({ kind: "zero-time", count: 7, channel: "ticker", product: "ETH-USD", connection: 2 });
    for (const client of clients) await client.take(3000);
    const hit = clients.map(({ frames }) => frames.filter(({ time }) => time === "0001-01-01T00:00:00.000000Z"));
    expect(hit[0]).toEqual([]);
    expect(hit[1]!.map(({ type, product_id }) => [type, product_id])).toEqual(
      Array.from({ length: 7 }, () => ["ticker", "ETH-USD"]),
    );
  });
});

describe("faults of connections", () => {
  const clock = { every: { ...usual.every, heartbeat: 20 } };

  it("stall: only pongs are sent, and afterwards the feed continues with a gap", async () => {
    const { url, faults } = await exchange(clock);
    const [client, other] = [await Client.connect(url), await Client.connect(url)];
    client.subscribe(["full"]);
    other.subscribe(["heartbeat"]);
    await client.take(50);
    faults.inject({ kind: "stall", ms: 200, connection: 1 });
    client.socket.ping();
    await once(client.socket, "pong");
    const stalled = client.frames.length;
    await other.take(3, "heartbeat");
    client.subscribe(["heartbeat"]);
    client.socket.ping();
    await once(client.socket, "pong");
    expect(client.frames).toHaveLength(stalled);
    await client.take(100);
    expect(unusual(client.frames.slice(1).filter(({ type }) => type !== "heartbeat"))).toEqual([expect.any(Number)]);
  });

  it("freeze: nothing is answered, the socket stays open, and afterwards everything is answered", async () => {
    const { url, faults } = await exchange(clock);
    const [client, other] = [await Client.connect(url), await Client.connect(url)];
    client.subscribe(["full"]);
    other.subscribe(["heartbeat"]);
    await client.take(50);
    faults.inject({ kind: "freeze", ms: 300, connection: 1 });
    let pongs = 0;
    client.socket.on("pong", () => pongs++);
    client.socket.ping();
    await other.take(5, "heartbeat");
    const frozen = client.frames.length;
    await other.take(3, "heartbeat");
    expect([pongs, client.frames.length, client.socket.readyState]).toEqual([0, frozen, WebSocket.OPEN]);
    await once(client.socket, "pong");
    await client.take(10);
  });

  it("reset: the connection is reset", async () => {
    const { url, faults } = await exchange();
    const socket = new WebSocket(url);
    const reset = once(socket, "upgrade").then(([response]) =>
      once((response as { socket: Client["socket"] }).socket, "error"),
    );
    await once(socket, "open");
    faults.inject({ kind: "reset" });
    expect(await reset).toMatchObject([{ code: "ECONNRESET" }]);
  });

  it.each([1001, 1009])("close: the connection is closed with %i", async (code) => {
    const { url, faults } = await exchange();
    const client = await Client.connect(url);
    client.subscribe(["full"]);
    await client.take(10);
    faults.inject({ kind: "close", code });
    expect(await client.closed).toBe(code);
  });

  it("wait for the next connection if none is open, and for their time", async () => {
    const { url, faults } = await exchange();
    faults.inject({ kind: "close", code: 1008 });
    const [first, second] = [await Client.connect(url), await Client.connect(url)];
    expect(await first.closed).toBe(1008);
    second.subscribe(["heartbeat"]);
    await second.next("subscriptions");
    faults.inject({ kind: "close", after: 50 });
    second.socket.ping();
    await once(second.socket, "pong");
    expect(second.socket.readyState).toBe(WebSocket.OPEN);
    expect(await second.closed).toBe(1001);
  });
});

describe("faults of requests", () => {
  it("cut-snapshot: the next snapshot breaks off in the middle", async () => {
    const { url, faults } = await exchange();
    faults.inject({ kind: "cut-snapshot", channel: "level2_batch" });
    const [client, next] = [await Client.connect(url), await Client.connect(url)];
    client.subscribe(["level2", "level2_batch"]);
    expect(await client.closed).toBe(1006);
    expect(client.frames.map(({ type }) => type)).toEqual(["subscriptions", "snapshot"]);
    next.subscribe(["level2_batch"]);
    await next.next("l2update");
  });

  it("lacking-channel: a channel is missing from the reply, and none of its frames arrive", async () => {
    const { url, faults } = await exchange();
    faults.inject({ kind: "lacking-channel", channel: "matches" });
    const client = await Client.connect(url);
    client.subscribe(["matches", "full"]);
    expect(await client.next()).toMatchObject({ channels: [{ name: "full" }] });
    const frames = await client.take(500);
    expect(unusual(frames)).toEqual([]);
    client.subscribe(["matches"]);
    expect((await client.next("subscriptions"))["channels"]).toHaveLength(2);
  });

  it.each([
    [
      "refuse-product: a product by name, and the rest is subscribed to",
      "refuse-product",
      "BTC-USD is not a valid product",
      true,
    ],
    [
      "refuse-request: a product by name, and the whole request with it",
      "refuse-request",
      "BTC-USD is not a valid product",
      false,
    ],
    ["invalid-id: the whole request, without a name", "invalid-id", "Invalid product ID provided", false],
  ] as const)("%s", async (_, kind, reason, takesRest) => {
    const { url, faults } = await exchange();
    faults.inject({ kind, product: "BTC-USD" });
    const client = await Client.connect(url);
    client.subscribe(["full", "heartbeat"], ["BTC-USD", "ETH-USD"]);
    expect(await client.next()).toEqual({ type: "error", message: "Failed to subscribe", reason });
    if (takesRest)
      expect(await client.next()).toMatchObject({
        channels: [{ product_ids: ["ETH-USD"] }, { product_ids: ["ETH-USD"] }],
      });
    client.subscribe(["full"], ["BTC-USD"]);
    expect((await client.next("subscriptions"))["channels"]).toHaveLength(takesRest ? 2 : 1);
  });

  it("lacking-product: a product is missing from a channel's reply, and none of its frames arrive", async () => {
    const { url, faults } = await exchange();
    faults.inject({ kind: "lacking-product", channel: "full", product: "BTC-USD" });
    const client = await Client.connect(url);
    client.subscribe(["full"], ["BTC-USD", "ETH-USD"]);
    expect(await client.next()).toMatchObject({ channels: [{ name: "full", product_ids: ["ETH-USD"] }] });
    const frames = await client.take(200);
    expect(new Set(frames.map(({ product_id: product }) => product))).toEqual(new Set(["ETH-USD"]));
  });

  it("expired-signature: N valid signatures are refused as too old", async () => {
    const { url, faults } = await exchange();
    faults.inject({ kind: "expired-signature", count: 2 });
    const client = await Client.connect(url);
    for (let i = 0; i < 3; i++) client.subscribe(["full"]);
    const expired = {
      type: "error",
      message: "Sorry, you could not be authenticated: Bad Request",
      reason: "request timestamp expired",
    };
    expect(await client.take(3)).toEqual([expired, expired, expect.objectContaining({ type: "subscriptions" })]);
  });

  it("handshake-429: N handshakes are refused", async () => {
    const { url, faults } = await exchange();
    faults.inject({ kind: "handshake-429", count: 2 });
    for (let i = 0; i < 2; i++) {
      const socket = new WebSocket(url);
      socket.on("error", () => {});
      const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
      expect(response.statusCode).toBe(429);
      socket.terminate();
    }
    await Client.connect(url);
  });

  it("rest: N requests are refused with a status", async () => {
    const { rest, faults } = await exchange();
    faults.inject({ kind: "rest", code: 500, count: 2 });
    faults.inject({ kind: "rest" });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push((await fetch(`${rest}/time`)).status);
    expect(answers).toEqual([500, 500, 503, 200]);
  });
});

describe("a fault is requested", () => {
  it.each<[string, Fault]>([
    ["drop", { kind: "drop" }],
    ["drop=5@10s", { kind: "drop", count: 5, after: 10_000 }],
    ["drop=5/full/BTC-USD@1m", { kind: "drop", count: 5, channel: "full", product: "BTC-USD", after: 60_000 }],
    ["stall=500ms/matches", { kind: "stall", ms: 500, channel: "matches" }],
    ["freeze", { kind: "freeze" }],
    ["reset@0s", { kind: "reset", after: 0 }],
    ["close=1009", { kind: "close", code: 1009 }],
    ["handshake-429=3", { kind: "handshake-429", count: 3 }],
    ["rest=503", { kind: "rest", code: 503 }],
  ])("on the command line: %s", (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  it.each([
    ["", /KIND\[=VALUE\]/],
    ["drop=", /KIND\[=VALUE\]/],
    ["burn", /kind must be one of drop, duplicate/],
    ["toString", /KIND\[=VALUE\]/],
    ["drop=many", /count must be a whole number from 1/],
    ["drop=0", /count must be a whole number from 1/],
    ["drop/trades", /channel must be one of full, level2/],
    ["drop@soon", /soon is not a duration such as 500ms, 10s or 5m/],
    ["stall=5", /5 is not a duration/],
    ["reset=1", /reset takes no value/],
    ["close=1005", /1000 to 1003 or 1007 to 1014/],
    ["close=99", /code must be a whole number from 400/],
    ["rest=1001", /a status from 400 to 599/],
  ])("with a fix if it is invalid: %j", (text, message) => {
    expect(() => parseFault(text)).toThrow(message);
  });

  it.each([
    [17, /an object is expected/],
    [{}, /kind must be one of/],
    [{ kind: "drop", n: 5 }, /n is not one of kind, channel/],
    [{ kind: "drop", product: 5 }, /product must be an id such as BTC-USD/],
  ])("in JSON, with a fix if it is invalid: %j", (value, message) => {
    expect(() => readFault(value)).toThrow(message);
  });

  it("with POST /_/faults", async () => {
    const { url, rest } = await exchange();
    const client = await Client.connect(url);
    const post = (body: string) => fetch(`${rest}/_/faults`, { method: "POST", body });
    const refused = await post('{"kind":"burn"}');
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { message: expect.stringContaining("kind must be") as string },
    ]);
    expect((await post("{")).status).toBe(400);
    expect((await post('{"kind":"close","code":1009,"connection":1}')).status).toBe(200);
    expect(await client.closed).toBe(1009);
    expect((await fetch(`${rest}/products`, { method: "POST" })).status).toBe(404);
  });
});
