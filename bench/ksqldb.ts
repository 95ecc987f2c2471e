/**
 * The statements on the embedded engine, one thread, from the log to the log as in `npm start`: level-2 messages into book
 * changes, matches into both tables of bars, events of the full channel into trades and bars. The records are in the log before
 * the clock starts. Fails when a row is missing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../engine/execution/engine.ts";
import { readStatements } from "../ksqldb/statements.ts";
import { encoder } from "../topics/encode.ts";
import { Log } from "../topics/log/log.ts";
import { catalog } from "../schemas/catalog.ts";

const messageCount = 200_000;
const tradeCount = 200_000;
/** Of the full channel's events a match is one in so many: 7.5 % in the mean. */
const eventsPerTrade = 13;
/** The median of so many counts: the first also compiles. */
const rounds = 3;
const start = 1_790_000_000_000;
/** Of each product so many trades in each second, however many products there are. */
const tradesPerSecond = 10;
const commitMs = 2_000;
/** What is made of the full channel. */
const ofEvents = ["coinbase_trades", "coinbase_bars_1s", "coinbase_bars_1m"];

export async function benchKsqldb(): Promise<object> {
  process.stdout.write(
    `${messageCount} level-2 messages: of 20 updates 17 with one change, 2 with two, 1 with five; a snapshot part of 1,000 after 10,000\n` +
      `${tradeCount} trades, ${tradesPerSecond} a second and product, a third bought by the taker; commit every ${commitMs} ms\n` +
      `${tradeCount} events of the full channel, one in ${eventsPerTrade} a match\n` +
      `one thread, node ${process.version}; each round into a new log on disk\n\n`,
  );
  const figures: Record<string, number> = {};
  for (const [name, products, work] of [
    ["level2", 10, level2],
    ["bars", 1, bars],
    ["bars", 10, bars],
    ["bars", 100, bars],
    ["bars", 1000, bars],
    ["full to bars", 10, fullToBars],
    ["events to trades", 10, eventsTo("coinbase_trades")],
    ["events to all", 10, eventsTo(...ofEvents)],
    ["restart of all", 10, restart],
  ] as const) {
    const results = [];
    for (let i = 0; i < rounds; i++) results.push(await inLog((log) => work(log, products)));
    const middle = median(results.map(({ perSecond }) => perSecond));
    const { rows } = results[0]!;
    process.stdout.write(
      `${name.padEnd(16)} ${String(products).padStart(5)} products ${Math.round(middle).toLocaleString("en-US").padStart(9)} records/s, ${rows.toLocaleString("en-US")} rows\n`,
    );
    figures[`${name.replaceAll(" ", "_")}_${products}_per_s`] = Math.round(middle);
  }
  return figures;
}

interface Result {
  readonly perSecond: number;
  readonly rows: number;
}

/** Level-2 messages into book changes. */
async function level2(log: Log, products: number): Promise<Result> {
  let changes = 0;
  await fill(log, "coinbase_level2", messageCount, products, (i, product) => {
    const count = i % 10_000 === 9_999 ? 1_000 : i % 20 < 17 ? 1 : i % 20 < 19 ? 2 : 5;
    changes += count;
    return {
      type: count === 1_000 ? "snapshot" : "l2update",
      product_id: product,
      time: (start + i) * 1000,
      received_at: (start + i) * 1000 + 137,
      session: "0f3c1f2a-bench",
      frame: i,
      part: count === 1_000 ? 0 : null,
      changes: Array.from({ length: count }, (_, k) => [
        k % 2 === 0 ? "buy" : "sell",
        (67_000 + ((i + k) % 4_000) / 100).toFixed(2),
        (((i * 7 + k) % 100_000) / 1e8).toFixed(8),
      ]),
      extra: null,
    };
  });
  return measure(log, ["coinbase_book_changes"], messageCount, { coinbase_book_changes: changes });
}

/** Matches into both tables of bars. */
async function bars(log: Log, products: number): Promise<Result> {
  await fill(log, "coinbase_full", tradeCount, products, match);
  return measure(log, ["coinbase_bars_1s", "coinbase_bars_1m"], tradeCount, {});
}

/** Matches of the full channel into trades and bars. */
async function fullToBars(log: Log, products: number): Promise<Result> {
  await fill(log, "coinbase_full", tradeCount, products, match);
  return measure(log, ofEvents, tradeCount, { coinbase_trades: tradeCount });
}

/** Events of the full channel, of which few are matches: what a reader more of the raw topic costs. */
function eventsTo(...topics: readonly string[]) {
  return async (log: Log, products: number): Promise<Result> => {
    await fill(log, "coinbase_full", tradeCount, products, (i, product, time) =>
      i % eventsPerTrade === 0 ? match(i, product, time) : received(i, product, time),
    );
    return measure(log, topics, tradeCount, { coinbase_trades: Math.ceil(tradeCount / eventsPerTrade) });
  };
}

/** The start of an engine that reads again the events of windows that are open: here all of them. */
async function restart(log: Log, products: number): Promise<Result> {
  const { rows } = await eventsTo(...ofEvents)(log, products);
  const begin = performance.now();
  newEngine(log, ofEvents);
  return { perSecond: tradeCount / ((performance.now() - begin) / 1000), rows };
}

function received(i: number, product: string, time: number): object {
  return {
    ...noEvent,
    type: "received",
    product_id: product,
    sequence: i,
    time: time * 1000,
    received_at: time * 1000 + 137,
    side: i % 3 === 0 ? "sell" : "buy",
    order_id: "d50ec984-77a8-460a-b958-66f114b0de9b",
    order_type: "limit",
    price: (67_000 + (i % 4_000) / 100).toFixed(2),
    size: (((i * 7) % 1_000_000) / 1e8 + 1e-8).toFixed(8),
    trade_id: null,
    maker_order_id: null,
    taker_order_id: null,
  };
}

function match(i: number, product: string, time: number): object {
  return {
    ...noEvent,
    type: "match",
    product_id: product,
    sequence: i * 3,
    time: time * 1000,
    received_at: time * 1000 + 137,
    side: i % 3 === 0 ? "sell" : "buy",
    price: (67_000 + (i % 4_000) / 100).toFixed(2),
    size: (((i * 7) % 1_000_000) / 1e8 + 1e-8).toFixed(8),
    trade_id: i + 1,
    maker_order_id: "d50ec984-77a8-460a-b958-66f114b0de9b",
    taker_order_id: "132fb6ae-456b-4654-b4e0-d681ac05cea1",
  };
}

const noEvent = {
  order_id: null,
  order_type: null,
  remaining_size: null,
  funds: null,
  client_oid: null,
  reason: null,
  cancel_reason: null,
  old_size: null,
  new_size: null,
  old_price: null,
  new_price: null,
  old_funds: null,
  new_funds: null,
  stop_type: null,
  stop_price: null,
  extra: null,
} as const;

async function fill(
  log: Log,
  topic: "coinbase_full" | "coinbase_level2",
  count: number,
  products: number,
  record: (i: number, product: string, time: number) => object,
): Promise<void> {
  const encode = encoder((subject, schema) => log.schemas.idOf(subject, schema));
  log.begin("bench");
  for (let i = 0; i < count; i++) {
    const product = `P${i % products}-USD`;
    const time = start + Math.floor(((i / products) * 1000) / tradesPerSecond);
    log.frame(i);
    log.send(topic, product, time, encode(topic, record(i, product, time)));
  }
  await log.flush();
}

const { executed } = readStatements();

function newEngine(log: Log, topics: readonly string[]): Engine {
  const plans = executed.filter(({ sink }) => topics.includes(sink.topic));
  const fail = (query: string, message: string) => {
    throw new Error(`${query}: ${message}`);
  };
  return new Engine(plans, log, fail, { commitMs });
}

function run(log: Log, topics: readonly string[]): void {
  const engine = newEngine(log, topics);
  while (engine.step() || engine.commit());
}

function measure(log: Log, topics: readonly string[], count: number, expected: Record<string, number>): Result {
  const begin = performance.now();
  run(log, topics);
  const seconds = (performance.now() - begin) / 1000;
  const rows = (topic: string) => log.partitions(topic).reduce((sum, partition) => sum + partition.end, 0);
  for (const [topic, wanted] of Object.entries(expected)) {
    if (rows(topic) !== wanted) throw new Error(`${topic} has ${rows(topic)} of ${wanted} rows`);
  }
  return { perSecond: count / seconds, rows: topics.reduce((sum, topic) => sum + rows(topic), 0) };
}

async function inLog(work: (log: Log) => Promise<Result>): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), "tapeline-bench-"));
  const log = new Log(dir, catalog);
  try {
    return await work(log);
  } finally {
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
