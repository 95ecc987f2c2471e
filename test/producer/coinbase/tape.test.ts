/** Where the tape in a log ends, by files as a run leaves them. */
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Continuity } from "../../../producer/coinbase/continuity.ts";
import { encoder } from "../../../topics/encode.ts";
import { Log } from "../../../topics/log/log.ts";
import { readTape, writeTape } from "../../../producer/coinbase/tape.ts";
import { catalog } from "../../../schemas/catalog.ts";
import { newFolder } from "../../folder.ts";

type Event = readonly [type: string, product: string, sequence: number, trade?: number];

/** A log in a folder, and events that a run of the producer has accepted. */
function open(dir: string, ...events: Event[]) {
  const log = new Log(dir, catalog);
  const encode = encoder((subject, schema) => log.schemas.idOf(subject, schema));
  log.begin(`run ${Math.random()}`);
  let frame = 0;
  const add = (...more: Event[]) => {
    for (const [type, product_id, sequence, trade_id = null] of more) {
      const value = { type, product_id, sequence, trade_id, time: 1, received_at: 1 };
      log.frame(++frame);
      log.send("coinbase_full", product_id, 1, encode("coinbase_full", value));
    }
  };
  add(...events);
  return { log, add, file: join(dir, "tape.json") };
}

/** What a killed run leaves: everything is stored, and no more. */
async function killed(dir: string, ...events: Event[]): Promise<void> {
  const { log } = open(dir, ...events);
  await log.close();
}

function tapeOf(dir: string, full = true) {
  const { log, file } = open(dir);
  return readTape(log, file, full);
}

const events: Event[] = [
  ["open", "BTC-USD", 7],
  ["match", "BTC-USD", 8, 3],
  ["open", "ETH-USD", 70],
  ["done", "BTC-USD", 11],
  // Late, out of the hole.
  ["open", "BTC-USD", 9],
];

const itsTape = {
  numbers: "sequence",
  products: {
    "BTC-USD": { last: 11, holes: [[10, 10]], trade: 3 },
    "ETH-USD": { last: 70, holes: [], trade: 0 },
  },
  missed: 2,
  late: 1,
};

it("is read from what is stored where a run was killed", async () => {
  const dir = newFolder();
  await killed(dir, ...events);
  expect(tapeOf(dir)).toEqual(itsTape);
});

it("of trades is the last trade, known from a match or from the last match of a connection", async () => {
  const dir = newFolder();
  await killed(dir, ["match", "BTC-USD", 8, 3], ["last_match", "ETH-USD", 90, 40]);
  expect(tapeOf(dir, false)).toMatchObject({
    numbers: "trade_id",
    products: { "BTC-USD": { last: 3 }, "ETH-USD": { last: 40 } },
    missed: 0,
  });
});

it("is the same by its file and what is stored since as by all of the log", async () => {
  const dir = newFolder();
  const { log, add, file } = open(dir, ...events.slice(0, 3));
  const continuity = new Continuity(true, () => {});
  for (const [type, product, sequence, trade = null] of events.slice(0, 3))
    continuity.accept(type, product, sequence, trade);
  await writeTape(log, file, continuity);
  add(...events.slice(3));
  await log.close();
  expect(tapeOf(dir)).toEqual(itsTape);
  rmSync(file);
  expect(tapeOf(dir)).toEqual(itsTape);
});

it("has what was missed and is not in the log: a heartbeat told of it", async () => {
  const dir = newFolder();
  const { log, file } = open(dir, ["open", "BTC-USD", 7]);
  const continuity = new Continuity(true, () => {});
  continuity.accept("open", "BTC-USD", 7, null);
  for (const sequence of [9, 9]) continuity.hear({ product_id: "BTC-USD", sequence, last_trade_id: 0 });
  await writeTape(log, file, continuity);
  await log.close();
  expect(tapeOf(dir)).toMatchObject({ products: { "BTC-USD": { last: 9, holes: [[8, 9]] } }, missed: 2 });
});

it("does not read again what its file stands for", async () => {
  const dir = newFolder();
  const { log, file } = open(dir, ...events);
  await writeTape(log, file, new Continuity(true, () => {}));
  await log.close();
  expect(tapeOf(dir).products).toEqual({});
});

it.each([
  ["torn by a crash", (file: string) => truncateSync(file, 20)],
  ["of a log that was longer", (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace(/\d/, "9999"))],
  ["empty", (file: string) => writeFileSync(file, "")],
  ["an object without anything", (file: string) => writeFileSync(file, "{}")],
  ["a list", (file: string) => writeFileSync(file, "[]")],
  ["without products", (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace("products", "x"))],
  [
    "of other numbers",
    (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace("sequence", "trade_id")),
  ],
  [
    "of a product without its last number",
    (file: string) =>
      writeFileSync(file, readFileSync(file, "utf8").replace('"products": {', '"products": {"A-B": {}')),
  ],
])("is read from the log where its file is %s", async (_, spoil) => {
  const dir = newFolder();
  const { log, file } = open(dir, ...events);
  await writeTape(log, file, new Continuity(true, () => {}));
  await log.close();
  spoil(file);
  expect(existsSync(file)).toBe(true);
  expect(tapeOf(dir)).toEqual(itsTape);
});

it("is read from the log where that has lost its end and grown beyond it again", async () => {
  const dir = newFolder();
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i): Event => ["open", "BTC-USD", from + i]);
  const { log, file } = open(dir, ...numbers(1, 9));
  const continuity = new Continuity(true, () => {});
  for (const [type, product, sequence] of numbers(1, 9)) continuity.accept(type, product, sequence, null);
  await writeTape(log, file, continuity);
  await log.close();
  // What a power failure leaves of it: nothing of the events, and the file beside them.
  for (const path of readdirSync(join(dir, "coinbase_full"))) rmSync(join(dir, "coinbase_full", path));
  expect(tapeOf(dir).products).toEqual({});
  await killed(dir, ...numbers(21, 40));
  expect(tapeOf(dir)).toMatchObject({ products: { "BTC-USD": { last: 40, holes: [] } }, missed: 0 });
});

it("ends in the new count where the exchange has begun to count again", async () => {
  const dir = newFolder();
  // Of a hundred old numbers in a row the hundredth is the first that is stored.
  await killed(dir, ["open", "BTC-USD", 60_000], ["open", "BTC-USD", 100], ["open", "BTC-USD", 102]);
  expect(tapeOf(dir)).toMatchObject({ products: { "BTC-USD": { last: 102, holes: [[101, 101]] } }, missed: 1 });
});
