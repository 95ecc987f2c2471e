/** What statements and tables leave out is counted once and reported. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { causes, type Cause } from "../../topics/dropped.ts";
import { claim } from "../../local/directory.ts";
import { Platform } from "../../local/platform.ts";
import { serve } from "../../local/server.ts";
import { figures, summary } from "../../local/summary.ts";
import { encoder } from "../../topics/encode.ts";
import { Log } from "../../topics/log/log.ts";
import { Metrics } from "../../producer/metrics.ts";
import { openRecording } from "../../producer/coinbase/recording.ts";
import { readSchema } from "../../schemas/avro.ts";
import { catalog } from "../../schemas/catalog.ts";
import { newFolder } from "../folder.ts";
import { match } from "../producer/coinbase/decode/frames.ts";
import { query } from "./replay.ts";

const midnight = Date.UTC(2026, 2, 1);
const [second, day] = [1000, 86_400_000];

// These two share a partition, BTC-USD has another.
const [one, other] = ["ETH-USD", "DOGE-USD"] as const;
const sharedPartition = 2;

let ids = 0;
const trade = (product: string, offset: number) => ({
  ...match,
  product_id: product,
  trade_id: ++ids,
  sequence: ids,
  time: new Date(midnight + offset).toISOString(),
});

function recordingOf(frames: readonly object[]): string {
  const file = join(newFolder(), "frames.txt");
  writeFileSync(file, frames.map((frame) => `${JSON.stringify(frame)}\n`).join(""));
  return file;
}

/** Trades of which two are too late for their second, and one of these for its minute. */
const lateTrades = () => [
  trade(one, 0),
  trade(one, second),
  trade(other, day + second),
  trade(one, 999), // Too late for its second.
  trade(other, day + 60 * second),
  trade(one, 59_900), // Too late for its second and its minute.
  trade("BTC-USD", 0),
];

interface Seen {
  readonly said: string[];
  readonly counts: Record<string, number>;
  readonly platform: Platform;
}

/** The log of a data directory of a recording. */
function logOf(dir: string): Log {
  claim(dir, "recording");
  return new Log(join(dir, "log"), catalog);
}

/** Runs the platform over a recording, or without one over what its log has, to the end. */
async function run(dir: string, file?: string): Promise<Seen> {
  const said: string[] = [];
  const platform = await Platform.open(dir, "recording", (line) => said.push(line));
  try {
    await platform.catchUp();
    if (file !== undefined) await platform.run(await openRecording(file), new AbortController().signal);
  } finally {
    await platform.close();
  }
  return { said, counts: countsOf(platform), platform };
}

/** What is not zero, by reader, partition of its topic and cause. */
function countsOf({ dropped }: Platform): Record<string, number> {
  const all = dropped
    .counts()
    .flatMap(({ reader, topic, partition, counts }) =>
      causes.map((cause): [string, number] => [`${reader} ${topic}/${partition} ${cause}`, counts[cause]]),
    );
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

const twoLate = {
  [`coinbase_bars_1s coinbase_full/${sharedPartition} late`]: 2,
  [`coinbase_bars_1m coinbase_full/${sharedPartition} late`]: 1,
};

describe("a record that is too late for its window", () => {
  it("is counted by statement and partition, reported once per statement, and in every figure", async () => {
    const { said, counts, platform } = await run(newFolder(), recordingOf(lateTrades()));
    expect(counts).toEqual(twoLate);
    expect(said).toHaveLength(2);
    for (const [i, statement] of ["coinbase_bars_1s", "coinbase_bars_1m"].entries()) {
      expect(said[i]).toContain(`${statement} leaves out records that are too late for their windows`);
      expect(said[i]).toContain(`coinbase_full, partition ${sharedPartition}, offset ${i === 0 ? 3 : 5}`);
      expect(said[i]).toContain("`candles` has them; recordings that are sorted by time");
    }
    expect(figures(platform)["dropped"]).toBe(3);
    expect(summary(platform, 1, "")).toMatch(/^late +3 +records .*\(coinbase_bars_1s 2, coinbase_bars_1m 1\)/m);
  });

  it("is not counted or reported again by a restart that computes its windows again, nor when the recording is sent again", async () => {
    const dir = newFolder();
    const file = recordingOf(lateTrades());
    await run(dir, file);
    for (const again of [undefined, file]) {
      const { said, counts } = await run(dir, again);
      expect(counts).toEqual(twoLate);
      expect(said.filter((line) => /late|left out/.test(line))).toEqual([]);
    }
  });

  it("is counted once wherever the work was interrupted, and what comes later is counted too", async () => {
    const frames = [...lateTrades(), trade(one, 1), trade(other, 2), trade(other, day + 61 * second), trade(one, 3)];
    const filled = async (dir: string, from: number, to: number) => {
      const log = logOf(dir);
      send(log, frames, {}, from, to);
      await log.close();
      return run(dir);
    };
    const whole = await filled(newFolder(), 0, frames.length);
    expect(Object.values(whole.counts)).toEqual([5, 4]);
    for (const cut of [2, 4, 6, 9]) {
      const dir = newFolder();
      await filled(dir, 0, cut);
      expect((await filled(dir, cut, frames.length)).counts).toEqual(whole.counts);
    }
  }, 60_000);

  it("is counted once if a run dies before its rows are stored, whether or not its count was", async () => {
    const dir = newFolder();
    // The log without a statement's rows, as a kill leaves it.
    const fill = async (into: string) => {
      const log = logOf(into);
      send(log, lateTrades());
      await log.close();
    };
    await fill(dir);
    expect((await run(dir)).counts).toEqual(twoLate);
    const kept = readFileSync(join(dir, "dropped.json"));
    const killed = newFolder();
    await fill(killed);
    writeFileSync(join(killed, "dropped.json"), kept);
    const { said, counts } = await run(killed);
    expect(counts).toEqual(twoLate);
    expect(said).toEqual([]);
  });

  it("is not found in a recording that is in order, and nothing is reported", async () => {
    const { said, counts, platform } = await run(
      newFolder(),
      recordingOf([trade(one, 0), trade(one, 3 * day), trade(one, 3 * day)]),
    );
    expect([said, counts, figures(platform)["dropped"]]).toEqual([[], {}, 0]);
    expect(summary(platform, 1, "")).not.toMatch(/late|unprocessed/);
  });
});

/** Writes trades into a log as the producer does, and what `broken` makes of the values of some. */
function send(
  log: Log,
  frames: readonly ReturnType<typeof trade>[],
  broken: Readonly<Record<number, (value: Buffer) => Buffer>> = {},
  from = 0,
  to = frames.length,
): void {
  const encode = encoder((subject, schema) => log.schemas.idOf(subject, schema));
  const blank = {
    ...Object.fromEntries(readSchema("coinbase_full").fields.map(({ name }) => [name, null])),
    received_at: 1,
  };
  log.begin("test");
  frames.slice(0, to).forEach((frame, i) => {
    if (i < from) return;
    const timestamp = Date.parse(frame.time);
    const value = encode("coinbase_full", { ...blank, ...frame, time: timestamp * 1000 });
    log.frame(i + 1);
    log.send("coinbase_full", frame.product_id, timestamp, broken[i]?.(Buffer.from(value)) ?? value);
  });
}

describe("a record that cannot be read", () => {
  it("is counted by every statement and the table, and leaves its neighbours whole; it is reported once each", async () => {
    const dir = newFolder();
    const frames = Array.from({ length: 7 }, (_, i) => ({
      ...trade(one, i * second),
      order_id: i === 2 ? "an order of more than twelve letters" : null,
    }));
    const log = logOf(dir);
    send(log, frames, {
      1: (value) => (value.writeInt32BE(999, 1), value),
      // Ends in the middle: the fields before it are read already.
      2: (value) => value.subarray(0, value.length - 20),
      4: () => Buffer.from("no"),
    });
    await log.close();
    for (let start = 0; start < 2; start++) {
      const { said, counts, platform } = await run(dir);
      const expected: [string, number][] = [
        "coinbase_trades",
        "coinbase_bars_1s",
        "coinbase_bars_1m",
        "warehouse",
      ].flatMap((reader) => [
        [`${reader} coinbase_full/${sharedPartition} unprocessable`, 2],
        [`${reader} coinbase_full/${sharedPartition} unknown_schema`, 1],
      ]);
      expect(counts).toEqual(Object.fromEntries(expected));
      expect(said).toHaveLength(start === 0 ? 8 : 0);
      expect(figures(platform)["dropped"]).toBe(12);
      if (start > 0) continue;
      for (const line of said.filter((text) => text.includes("unknown schema")))
        expect(line).toMatch(/offset 1: schema id 999 is not in/);
      for (const line of said.filter((text) => text.includes("cannot process")))
        expect(line).toContain("npm run tail -- coinbase_full");
    }
    const whole = [0, 3, 5, 6].map((i) => frames[i]!);
    const [full, trades] = await query(dir, ["coinbase_full"], ["trades"]);
    const row = ({ trade_id, price, time }: { trade_id: number; price: string; time: string }) => [
      trade_id,
      price,
      time.replace("Z", "000Z"),
      null,
    ];
    expect(full!.map((found) => [found["trade_id"], found["price"], found["time"], found["order_id"]])).toEqual(
      whole.map(row),
    );
    expect(trades!.map((found) => found["trade_id"])).toEqual(whole.map(({ trade_id }) => trade_id));
  });
});

it("counts of a data directory that cannot be read start at 0, and a line reports it", async () => {
  const dir = newFolder();
  await run(dir, recordingOf([trade(one, 0)]));
  for (const content of ["", "[{}]", "{", '{"late": 1}']) {
    writeFileSync(join(dir, "dropped.json"), content);
    const { said, counts } = await run(dir);
    expect(said).toEqual([expect.stringMatching(/dropped\.json cannot be read .* counted from 0 again/)]);
    expect(counts).toEqual({});
  }
});

it("/metrics of the platform has them, under the names of docs/local.md", async () => {
  const dir = newFolder();
  const platform = await Platform.open(dir, "recording", () => {});
  onTestFinished(() => platform.close());
  await platform.run(await openRecording(recordingOf(lateTrades())), new AbortController().signal);
  const metrics = new Metrics(platform.counters);
  metrics.watchPlatform(platform);
  const service = await serve(dir, platform.warehouse, 0, metrics);
  onTestFinished(() => service.close());
  const response = await fetch(`${service.url}/metrics`);
  expect(response.headers.get("content-type")).toContain("text/plain");
  const text = await response.text();
  const line = (statement: string, partition: number, cause: Cause) =>
    `tapeline_dropped_records_total{reader="${statement}",topic="coinbase_full",partition="${partition}",cause="${cause}"}`;
  for (const expected of [
    `${line("coinbase_bars_1s", sharedPartition, "late")} 2`,
    `${line("coinbase_bars_1m", sharedPartition, "late")} 1`,
    `${line("coinbase_bars_1m", 0, "late")} 0`,
    "tapeline_frames_read_total 7",
    "tapeline_lag_records 0",
  ])
    expect(text.split("\n")).toContain(expected);
  const own = (page: string) =>
    [
      ...readFileSync(join(import.meta.dirname, "../../docs", page), "utf8").matchAll(
        /^\| `(tapeline_\w+)` +\| (\w+)/gm,
      ),
    ].map(([, name, kind]) => `${name} ${kind}`);
  const served = [...text.matchAll(/^# TYPE (tapeline_\w+) (\w+)$/gm)].map(([, name, kind]) => `${name} ${kind}`);
  expect(served.filter((name) => !own("operations.md").includes(name)).toSorted()).toEqual(own("local.md").toSorted());
});
