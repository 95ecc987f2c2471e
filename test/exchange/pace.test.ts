import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { End } from "../../exchange/market.ts";
import { usual } from "../../exchange/settings.ts";
import { newFolder } from "../folder.ts";
import { TapeChecker, type Message } from "../local/tape-checker.ts";
import { Client, exchange } from "./client.ts";

const quick = { rate: 20_000, every: { ...usual.every, heartbeat: 20 } };
const five = ["BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD", "DOGE-USD"];

it("makes the requested number of events per second, in small bursts", async () => {
  const { url } = await exchange({ rate: 4000 });
  const client = await Client.connect(url);
  const times: number[] = [];
  client.socket.on("message", () => times.push(performance.now()));
  client.subscribe(["full"], five);
  await client.take(6001);
  const seconds = (times.at(-1)! - times[0]!) / 1000;
  expect(times.length / seconds).toBeGreaterThan(3500);
  expect(times.length / seconds).toBeLessThan(4500);
});

it("runs from the start, with or without subscribers", async () => {
  const { url } = await exchange(quick);
  const client = await Client.connect(url);
  client.subscribe(["heartbeat"]);
  const [first, second] = await client.take(2, "heartbeat");
  expect(first!["sequence"]).toBeGreaterThan(0);
  expect(second!["sequence"]).toBeGreaterThan(first!["sequence"] as number);
});

it("pauses with --wait while no client follows the trades of a product: no event is missed", async () => {
  const { url } = await exchange({ ...quick, wait: true });
  const [reader, second] = [await Client.connect(url), await Client.connect(url)];
  reader.subscribe(["heartbeat", "ticker", "level2"], five);
  expect((await reader.take(10, "heartbeat")).map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 10 }, () => 0),
  );
  const sequences: number[] = [];
  for (const client of [reader, second]) {
    client.subscribe(["full"]);
    await client.take(50);
    client.send({ type: "unsubscribe", channels: ["full"] });
    const last = sequences.at(-1) ?? 0;
    while (client.frames.filter(({ type }) => type === "subscriptions").length < (client === reader ? 3 : 2))
      await client.next();
    sequences.push(
      ...client.frames
        .filter(({ type }) => /received|open|done|match|change/.test(type))
        .map(({ sequence }) => sequence as number),
    );
    expect(sequences.at(-1)).toBeGreaterThan(last);
  }
  expect(sequences).toEqual(sequences.map((_, i) => i + 1));
});

it("continues where tapes end: no sequence, trade or order twice, none skipped", async () => {
  const checker = new TapeChecker();
  let ends = new Map<string, End>();
  for (const length of [1501, 1502, 1503]) {
    const started = await exchange({ ...quick, wait: true, ends });
    const client = await Client.connect(started.url);
    client.subscribe(["full", "heartbeat"], five);
    const frames = (await client.take(length)).filter(({ type }) => type !== "subscriptions" && type !== "heartbeat");
    for (const frame of frames) checker.check(frame);
    ends = new Map([...checker.products].map(([id, { sequence, trade }]) => [id, { sequence, tradeId: trade }]));
    await started.close();
  }
  expect(checker.lives).toBeGreaterThan(1000);
});

it("continues where tapes end without subscribers", async () => {
  const checker = new TapeChecker();
  let ends = new Map<string, End>();
  for (const length of [1501, 1502, 1503]) {
    const truth = join(newFolder(), "truth.jsonl");
    const started = await exchange({ ...quick, ends, truth });
    const client = await Client.connect(started.url);
    client.subscribe(["heartbeat"]);
    while (Number((await client.next("heartbeat"))["sequence"]) < (ends.get("BTC-USD")?.sequence ?? 0) + length);
    await started.close();
    const lines = readFileSync(truth, "utf8")
      .split("\n")
      .filter((line) => line.includes('"sequence":') && !line.includes('"truth"'));
    for (const line of lines.slice(0, length)) checker.check(JSON.parse(line) as Message);
    ends = new Map([...checker.products].map(([id, { sequence, trade }]) => [id, { sequence, tradeId: trade }]));
  }
  expect(checker.lives).toBeGreaterThan(1000);
});
