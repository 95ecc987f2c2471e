import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Buckets } from "../../exchange/limits.ts";
import { usual } from "../../exchange/settings.ts";
import { Client, exchange } from "./client.ts";

const never = { rate: 0, burst: 1 };

/** The HTTP status that answers a handshake. */
async function handshake(url: string): Promise<number> {
  const socket = new WebSocket(url);
  socket.on("error", () => {});
  const status = await Promise.race([
    once(socket, "open").then(() => 101),
    once(socket, "unexpected-response").then(([, response]) => (response as { statusCode: number }).statusCode),
  ]);
  socket.terminate();
  return status;
}

describe("a token bucket", () => {
  it("allows a burst, then the rate, and refills up to the burst", () => {
    const buckets = new Buckets({ rate: 10, burst: 3 });
    const taken = (...times: number[]) => times.map((time) => buckets.take("address", time));
    expect(taken(0, 0, 0, 0)).toEqual([true, true, true, false]);
    expect(taken(50, 100, 150, 200)).toEqual([false, true, false, true]);
    expect(taken(10_000, 10_000, 10_000, 10_000)).toEqual([true, true, true, false]);
  });

  it("belongs to one address", () => {
    const buckets = new Buckets(never);
    expect([buckets.take("a", 0), buckets.take("a", 0), buckets.take("b", 0)]).toEqual([true, false, true]);
  });
});

describe("the limits", () => {
  it("are the documented ones", () => {
    expect(usual.limits.handshakes).toEqual({ rate: 8, burst: 20 });
    expect(usual.limits.messages).toMatchObject({ rate: 100 });
    expect(usual.limits.requests).toEqual({ rate: 10, burst: 15 });
  });

  it("refuse the handshake after the last of the burst with 429", async () => {
    const { url } = await exchange({ limits: { ...usual.limits, handshakes: { rate: 0, burst: 2 } } });
    expect([await handshake(url), await handshake(`${url}/direct`), await handshake(url)]).toEqual([101, 101, 429]);
  });

  it("refuse the REST request after the last of the burst with 429", async () => {
    const { rest } = await exchange({ limits: { ...usual.limits, requests: { rate: 0, burst: 2 } } });
    const answers = [await fetch(`${rest}/time`), await fetch(`${rest}/time`), await fetch(`${rest}/time`)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(await answers[2]!.json()).toEqual({ message: "Too Many Requests" });
  });

  it("disconnect a client that sends too much, with the error that the documentation names", async () => {
    const { url } = await exchange({ limits: { ...usual.limits, messages: { rate: 0, burst: 3 } } });
    const client = await Client.connect(url);
    for (let i = 0; i < 4; i++) client.subscribe(["heartbeat"], ["BTC-USD"], {});
    expect(await client.next("error")).toEqual({ type: "error", message: "ErrSlowRead" });
    expect(await client.closed).toBe(1006);
  });

  it("disconnect a client that sends one message that is too big", async () => {
    const { url } = await exchange({ longestMessage: 1000 });
    const client = await Client.connect(url);
    client.subscribe(
      ["heartbeat"],
      Array.from({ length: 200 }, () => "BTC-USD"),
    );
    expect(await client.closed).toBe(1009);
  });

  it("disconnect a client that reads too slowly, with the error that the documentation names, and no other client", async () => {
    const { url } = await exchange({
      rate: 50_000,
      backlog: 1_000_000,
      patience: { ...usual.patience, linger: 60_000 },
    });
    const [slow, quick] = [await Client.connect(url), await Client.connect(url)];
    slow.subscribe(["full"], ["BTC-USD", "ETH-USD", "SOL-USD"]);
    quick.subscribe(["matches"]);
    await slow.next("subscriptions");
    slow.socket.pause();
    // By then some 20 MB were on their way to the slow one, more than fits into the buffers between.
    await quick.take(4000);
    slow.socket.resume();
    expect(await slow.closed).toBe(1006);
    expect(slow.frames.at(-1)).toEqual({ type: "error", message: "ErrSlowConsume" });
    expect(quick.socket.readyState).toBe(WebSocket.OPEN);
  });

  it("disconnect a client that does not subscribe in time, and keep one that does", async () => {
    const { url } = await exchange({ patience: { ...usual.patience, subscribe: 100, idle: 100 } });
    const [silent, late] = [await Client.connect(url), await Client.connect(url)];
    late.subscribe(["heartbeat"]);
    expect(await silent.closed).toBe(1006);
    await late.take(1, "heartbeat");
    expect(usual.patience.subscribe).toBe(5000);
  });

  it("disconnect a client that has left all its channels", async () => {
    const { url } = await exchange({ patience: { ...usual.patience, idle: 50 } });
    const client = await Client.connect(url);
    client.subscribe(["heartbeat"]);
    client.send({ type: "unsubscribe", channels: ["heartbeat"] });
    expect(await client.closed).toBe(1006);
  });

  it("accept only the paths of the feed", async () => {
    const { url } = await exchange();
    expect(await handshake(`${url}/elsewhere`)).toBe(404);
  });
});
