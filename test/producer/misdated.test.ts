/** What a date that cannot be does to a recording: nothing to the frames around it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newCounters } from "../../producer/counters.ts";
import { produce } from "../../producer/pipeline.ts";
import { openRecording } from "../../producer/coinbase/recording.ts";
import { Log } from "../../topics/log/log.ts";
import { catalog } from "../../schemas/catalog.ts";
import { avroReader } from "../../engine/formats/avro-decoder.ts";
import type { SqlType } from "../../engine/language/types.ts";
import { newFolder } from "../folder.ts";
import { match, snapshot, ticker } from "./coinbase/decode/frames.ts";

const start = Date.UTC(2026, 2, 1);
const [hour, day] = [3_600_000, 86_400_000];
const at = (offset: number) => new Date(start + offset).toISOString();

// ETH-USD and DOGE-USD share a partition, BTC-USD has another (bars.test.ts holds it with Kafka's own partitioner).
let ids = 0;
const trade = (offset: number, product = "ETH-USD", type = "match") => ({
  ...match,
  type,
  product_id: product,
  trade_id: ++ids,
  time: at(offset),
});

const timesOnly: SqlType = {
  base: "STRUCT",
  fields: [
    { name: "time", type: { base: "BIGINT" } },
    { name: "received_at", type: { base: "BIGINT" } },
  ],
};

interface Given {
  readonly product: string;
  /** Of the record, of `time` and of `received_at`: milliseconds after the start. */
  readonly timestamp: number;
  readonly time: number;
  readonly received: number;
}

/** Replays frames, one a line, into a log; gives a topic's records by partition, in their order. */
async function replayed(frames: readonly (object | string)[], dir = newFolder(), topic = "coinbase_full") {
  const file = join(dir, "frames.txt");
  writeFileSync(file, frames.map((frame) => `${typeof frame === "string" ? frame : JSON.stringify(frame)}\n`).join(""));
  const log = new Log(join(dir, "log"), catalog);
  const counters = newCounters();
  const warnings: string[] = [];
  const idOf = (subject: string, schema: object) => log.schemas.idOf(subject, schema);
  const work = {
    source: await openRecording(file),
    sink: log,
    idOf,
    counters,
    warn: (text: string) => warnings.push(text),
  };
  await produce(work, new AbortController().signal);
  const read = avroReader(timesOnly, log.schemas);
  const partitions = log.partitions(topic).map((partition) =>
    partition.read(0, 1e9).map(({ key, timestamp, value }): Given => {
      const [time, received] = read(value!) as number[];
      return {
        product: key!.toString(),
        timestamp: timestamp - start,
        time: time! / 1000 - start,
        received: received! / 1000 - start,
      };
    }),
  );
  await log.close();
  return { counters, warnings, records: partitions.flat() };
}

const timestamps = (records: readonly Given[]) => records.map(({ timestamp }) => timestamp);

describe("a frame that is dated more than a day after all before it and after the next of its partition", () => {
  it("keeps its time, and its record has the latest timestamp before it, whichever product they are of", async () => {
    const frames = [
      trade(0),
      trade(5, "DOGE-USD"),
      trade(3),
      trade(30 * day),
      trade(1000 * day, "BTC-USD"),
      trade(10, "DOGE-USD"),
      trade(20),
    ];
    const { records, counters, warnings } = await replayed(frames);
    const shared = records.filter(({ product }) => product !== "BTC-USD");
    expect(shared.map(({ time }) => time)).toEqual([0, 5, 3, 30 * day, 10, 20]);
    expect(timestamps(shared)).toEqual([0, 5, 3, 5, 10, 20]);
    expect(counters).toMatchObject({ misdated: 1, records: 7, events: 7 });
    expect(warnings).toEqual([expect.stringContaining(`a match of ETH-USD is dated ${at(30 * day)}`)]);
  });

  it("is one more than a day after, not one of a day", async () => {
    const { records, counters } = await replayed([trade(0), trade(day), trade(0), trade(day + 1 + day), trade(day)]);
    expect(timestamps(records)).toEqual([0, day, 0, day, day]);
    expect(counters.misdated).toBe(1);
  });

  it("may be the first of its partition, if the two after it agree; of two frames it cannot be known which is wrong", async () => {
    const first = await replayed([trade(40 * day), trade(0), trade(1), trade(2)]);
    expect(timestamps(first.records)).toEqual([0, 0, 1, 2]);
    const late = await replayed([trade(40 * day), trade(0), trade(40 * day + 1)]);
    expect(timestamps(late.records)).toEqual([40 * day, 0, 40 * day + 1]);
    const two = await replayed([trade(40 * day), trade(0)]);
    expect(timestamps(two.records)).toEqual([40 * day, 0]);
    expect([first, late, two].map(({ counters }) => counters.misdated)).toEqual([1, 0, 0]);
  });

  it("may come again and again, each alone; a warning is given once", async () => {
    const frames = Array.from({ length: 20 }, (_, i) => trade(i % 2 === 1 ? (i + 2) * day : i));
    const { records, counters, warnings } = await replayed(frames);
    // The last has no next.
    const expected = Array.from({ length: 20 }, (_, i) => (i % 2 === 1 ? i - 1 : i));
    expect(timestamps(records)).toEqual([...expected.slice(0, -1), 21 * day]);
    expect(counters.misdated).toBe(9);
    expect(warnings).toHaveLength(1);
  });

  it("of a book is moved with all its parts, in their order", async () => {
    const levels = Array.from({ length: 2500 }, (_, i) => [String(i + 1), "1"]);
    const book = (offset: number) => ({ ...snapshot, bids: levels, asks: [], time: at(offset) });
    const { records, counters } = await replayed([book(0), book(9 * day), book(1)], undefined, "coinbase_level2");
    expect(records.map(({ timestamp, time }) => [timestamp, time])).toEqual([
      ...Array.from({ length: 3 }, () => [0, 0]),
      ...Array.from({ length: 3 }, () => [0, 9 * day]),
      ...Array.from({ length: 3 }, () => [1, 1]),
    ]);
    expect(counters.misdated).toBe(1);
  });
});

describe("untouched are", () => {
  it.each([
    [
      "frames after a hole of three days",
      [trade(0), trade(3 * day), trade(3 * day + 1), trade(7 * day), trade(7 * day)],
    ],
    ["the last frame, which nothing contradicts", [trade(0), trade(1), trade(3 * day)]],
    [
      "late frames, and one between two of them",
      [trade(3 * day), trade(3 * day), trade(0), trade(3 * day + 5), trade(1)],
    ],
    [
      "one product after the other",
      [trade(0), trade(5 * day), trade(5 * day), trade(0, "BTC-USD"), trade(1, "BTC-USD")],
    ],
    [
      "trades of the past that a subscription repeats, of whatever age",
      [
        trade(0, "ETH-USD", "last_match"),
        trade(30 * day, "DOGE-USD", "last_match"),
        trade(2 * day, "ETH-USD", "last_match"),
        trade(30 * day + 1),
        trade(30 * day + 2),
      ],
    ],
  ])("%s", async (_, frames) => {
    const { records, counters, warnings } = await replayed(frames);
    expect(timestamps(records).toSorted((a, b) => a - b)).toEqual(
      frames.map(({ time }) => Date.parse(time) - start).toSorted((a, b) => a - b),
    );
    expect(records.every(({ timestamp, time, received }) => timestamp === time && received >= time)).toBe(true);
    expect(counters.misdated).toBe(0);
    expect(warnings).toEqual([]);
  });

  it("tickers, which bear the time of a product's last trade", async () => {
    const tick = (offset: number) => ({ ...ticker, product_id: "ETH-USD", time: at(offset) });
    const frames = [tick(0), tick(9 * day), tick(1)];
    const { records } = await replayed(frames, undefined, "coinbase_ticker");
    expect(timestamps(records)).toEqual([0, 9 * day, 1]);
  });

  it("frames that a trade of the past comes between: order is kept while one is looked at", async () => {
    const frames = [trade(0), trade(3 * day), trade(-9 * day, "ETH-USD", "last_match"), trade(3 * day + 1)];
    const { records } = await replayed(frames);
    expect(timestamps(records)).toEqual([0, 3 * day, -9 * day, 3 * day + 1]);
  });
});

it("a recording that is stopped while a frame is looked at, and started again, gives the same records", async () => {
  const frames = [trade(0), trade(1), trade(3 * day), trade(2), trade(3)];
  const whole = await replayed(frames);
  const dir = newFolder();
  const file = join(dir, "frames.txt");
  writeFileSync(file, `${frames.map((frame) => JSON.stringify(frame)).join("\n")}\n`);
  const log = new Log(join(dir, "log"), catalog);
  const recording = await openRecording(file);
  const stop = new AbortController();
  const source = {
    ...recording,
    id: recording.id,
    async *batches(signal: AbortSignal) {
      for await (const { session, frames: all } of recording.batches(signal)) {
        yield { session, frames: all.slice(0, 3) };
        stop.abort();
        return;
      }
    },
  };
  const idOf = (subject: string, schema: object) => log.schemas.idOf(subject, schema);
  await produce({ source, sink: log, idOf, counters: newCounters() }, stop.signal);
  await log.close();
  const { records } = await replayed(frames, dir);
  expect(records).toEqual(whole.records);
});

describe("the receive time of lines without a stamp", () => {
  const untimed = { ...ticker, product_id: "ETH-USD", time: undefined };

  it("is not carried along by one frame that is dated far ahead", async () => {
    const frames = [trade(0), untimed, trade(300 * day), untimed, trade(1), untimed, trade(2)];
    const full = await replayed(frames);
    expect(full.records.map(({ received }) => received)).toEqual([0, 300 * day, 1, 2]);
    const tickers = await replayed(frames, undefined, "coinbase_ticker");
    expect(tickers.records.map(({ time, received }) => [time, received])).toEqual([
      [0, 0],
      [0, 0],
      [1, 1],
    ]);
  });

  it("nor by the first of the recording; a hole of days is followed", async () => {
    const far = await replayed([untimed, trade(300 * day), trade(0), trade(1), untimed], undefined, "coinbase_ticker");
    expect(far.records.map(({ received }) => received)).toEqual([0, 1]);
    const hole = [trade(0), trade(3 * day), trade(3 * day - hour), untimed];
    const full = await replayed(hole);
    expect(full.records.map(({ received }) => received)).toEqual([0, 3 * day, 3 * day]);
    const tickers = await replayed(hole, undefined, "coinbase_ticker");
    expect(tickers.records.map(({ received }) => received)).toEqual([3 * day]);
  });
});
