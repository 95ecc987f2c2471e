import { join } from "node:path";
import { expect, it } from "vitest";
import { Log } from "../../topics/log/log.ts";
import { catalog } from "../../schemas/catalog.ts";
import { newFolder } from "../folder.ts";
import { run, start } from "../local/command.ts";
import { encoder } from "../../topics/encode.ts";
import { receivedAt, readOne } from "../producer/coinbase/decode/read.ts";
import { match } from "../producer/coinbase/decode/frames.ts";

/** A data directory whose log has trades of two products, and a way to add one. */
function dataDirectory(trades: number) {
  const dir = newFolder();
  const log = new Log(join(dir, "log"), catalog);
  const encode = encoder((subject, schema) => log.schemas.idOf(subject, schema));
  log.begin("tail");
  const add = (trade: number) => {
    const product_id = trade % 2 === 0 ? "BTC-USD" : "ETH-USD";
    const { key, value } = readOne({ ...match, product_id, trade_id: trade });
    log.frame(trade);
    log.send("coinbase_full", key, 1_790_000_000_000 + trade, encode("coinbase_full", value));
  };
  for (let trade = 1; trade <= trades; trade++) add(trade);
  return { dir, log, add };
}

type Line = {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
  key: string;
  value: { trade_id: number };
};

const linesOf = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

it("prints the latest records of all partitions, by time, decoded", async () => {
  const { dir, log } = dataDirectory(100);
  await log.close();
  const { code, out } = await run("tail", "coinbase_full", "-n", "5", "--data", dir);
  expect(code).toBe(0);
  const lines = linesOf(out);
  expect(lines.map(({ value }) => value.trade_id)).toEqual([96, 97, 98, 99, 100]);
  expect(lines[4]).toMatchObject({
    topic: "coinbase_full",
    key: "BTC-USD",
    timestamp: 1_790_000_000_100,
    value: { type: "match", price: match.price, side: match.side, received_at: receivedAt, extra: null },
  });
  expect((await run("tail", "coinbase_full", "--data", dir)).out.trimEnd().split("\n")).toHaveLength(10);
  expect(linesOf((await run("tail", "coinbase_full", "-n", "all", "--data", dir)).out)).toHaveLength(100);
});

it("shows where the window of a windowed table's key starts", async () => {
  const { dir, log } = dataDirectory(0);
  const windowStart = 1_790_000_040_000;
  // As ksqlDB writes it: the key, then the window's start as a long.
  const key = Buffer.concat([Buffer.from("BTC-USD"), Buffer.from([0, 0, 0x01, 0xa0, 0xc4, 0x51, 0x08, 0x40])]);
  expect(BigInt(`0x${key.toString("hex", 7)}`)).toBe(BigInt(windowStart));
  const schema = { type: "record", name: "b", fields: [{ name: "trades", type: "long" }] };
  const id = log.schemas.idOf("coinbase_bars_1m-value", schema);
  const [partition] = log.writers("coinbase_bars_1m", "coinbase_full");
  partition!.add(windowStart + 1, key, Buffer.from([0, 0, 0, 0, id, 6]));
  partition!.store(0);
  await log.close();
  const { out } = await run("tail", "coinbase_bars_1m", "--data", dir);
  expect(JSON.parse(out)).toEqual({
    topic: "coinbase_bars_1m",
    partition: 0,
    offset: 0,
    timestamp: windowStart + 1,
    key: "BTC-USD",
    windowStart,
    value: { trades: 3 },
  });
});

it("follows what a running platform adds", async () => {
  const { dir, log, add } = dataDirectory(3);
  await log.flush();
  const tail = start("tail", "coinbase_full", "-n", "1", "--follow", "--data", dir);
  await tail.printed('"trade_id":3');
  add(4);
  add(5);
  await log.flush();
  await tail.printed('"trade_id":5');
  tail.process.kill("SIGHUP");
  const { code, out } = await tail.ended;
  expect(code).toBe(0);
  expect(
    linesOf(out)
      .map(({ value }) => value.trade_id)
      .toSorted((a, b) => a - b),
  ).toEqual([3, 4, 5]);
  await log.close();
});

it.each([
  [["coinbase_full"], 1, /there is no log in .*. Name a data directory/],
  [["../secrets"], 1, /the log has no topic \.\.\/secrets. There are .*coinbase_full/],
  [[], 2, /an argument is missing[^]*npm run tail -- TOPIC/],
  [["coinbase_full", "-n", "some"], 2, /-n is some: a whole number, or all, is expected/],
  [["coinbase_full", "--local", "--kafka"], 2, /one of them/],
])("says what is wrong with %j", async (args, expected, message) => {
  const { dir, log } = dataDirectory(1);
  await log.close();
  const data = args[0] === "coinbase_full" && args.length === 1 ? join(dir, "none") : dir;
  const { code, err, out } = await run("tail", ...args, "--data", data);
  expect({ code, out }).toEqual({ code: expected, out: "" });
  expect(err).toMatch(message);
});
