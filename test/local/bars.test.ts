/** The bars against Python's decimals on the frames themselves: of recordings, of trades that come late, after restarts and kills. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Counts } from "../../topics/dropped.ts";
import { simulatedFrames } from "../../exchange/simulator.ts";
import { Platform } from "../../local/platform.ts";
import { Random } from "../../exchange/random.ts";
import { describeRecordings } from "../evidence.ts";
import { newFolder } from "../folder.ts";
import {
  bytesOf,
  calculate,
  hasPython,
  itCalculated,
  tables,
  viewsOf,
  written,
  type Calculated,
} from "./calculated.ts";
import { run, start, type Running } from "./command.ts";
import { query, replay, type Rows } from "./replay.ts";

const windowOf = (row: Rows[number]) => `${row["product_id"]} ${row["time"]}`;
const stateOf = (row: Rows[number]) => `${windowOf(row)} ${row["trades"]}`;
const byState = (a: Rows[number], b: Rows[number]) => (stateOf(a) < stateOf(b) ? -1 : 1);

/** All rows of a data directory. Tables have no order: theirs are put into one. */
async function read(dir: string): Promise<{ views: Calculated["views"]; stored: Calculated["tables"]; trades: Rows }> {
  const [stored_1s, stored_1m, trades] = await query(dir, ...tables.map((name): [string] => [name]), ["trades"]);
  return {
    views: await viewsOf(dir),
    stored: { coinbase_bars_1s: stored_1s!.toSorted(byState), coinbase_bars_1m: stored_1m!.toSorted(byState) },
    trades: trades!,
  };
}

/** A row's columns by name, decimals as numbers are written: the tables keep the digits of their scale. */
function canonical(row: Rows[number]): string {
  const columns = Object.entries(row).map(([name, value]): [string, unknown] => [
    name,
    typeof value === "string" && /^\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, "") : value,
  ]);
  return JSON.stringify(Object.fromEntries(columns.toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

/**
 * Every stored row is what its window was after as many trades as it counts, in the order of the frames, and none is there
 * twice. Gives the number of rows that a later one has replaced.
 */
function expectRightRows(stored: Calculated["tables"], calculated: Calculated["tables"]): number {
  let replaced = 0;
  for (const name of tables) {
    const rows = stored[name];
    const right = new Map(calculated[name].map((row) => [stateOf(row), canonical(row)]));
    const wrong = rows.filter((row) => right.get(stateOf(row)) !== canonical(row));
    expect(
      wrong.slice(0, 3).map((row) => ({ stored: canonical(row), calculated: right.get(stateOf(row)) })),
      `${wrong.length} of the ${rows.length} rows of ${name} are wrong`,
    ).toEqual([]);
    const twice = rows.map(stateOf).filter((state, i, states) => state === states[i + 1]);
    expect(twice.slice(0, 3), `${twice.length} of the ${rows.length} rows of ${name} are there twice`).toEqual([]);
    replaced += rows.length - new Set(rows.map(windowOf)).size;
  }
  return replaced;
}

/** The trades that were too late for a bar are counted by statement, each once, in all runs of the data directory. */
function expectLateCounted(dir: string, { late }: Calculated): void {
  const file = join(dir, "dropped.json");
  const counts = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Counts[]) : [];
  const lateFor = (reader: string) =>
    counts.filter((one) => one.reader === reader).reduce((sum, one) => sum + one.counts.late, 0);
  expect({ bars_1s: lateFor("coinbase_bars_1s"), bars_1m: lateFor("coinbase_bars_1m") }).toEqual(late);
}

/** The views, the tables and the counts of a data directory are as calculated. Gives what `expectRightRows` does. */
async function expectAsCalculated(dir: string, calculated: Calculated): Promise<number> {
  expectLateCounted(dir, calculated);
  const { views, stored } = await read(dir);
  expect(views).toEqual(calculated.views);
  return expectRightRows(stored, calculated.tables);
}

interface Trade {
  readonly product: string;
  readonly id: number;
  readonly price: string;
  readonly size: string;
  /** The maker's. */
  readonly side: string;
  /** Microseconds since 1970. */
  readonly time: number;
}

/** A recording of nothing but these trades, in this order. */
function recordingOf(trades: readonly Trade[]): string {
  return written(
    trades.map(({ product, id, price, size, side, time }, i) => {
      const stamp = `${new Date(Math.floor(time / 1e6) * 1e3).toISOString().slice(0, 19)}.${String(time % 1e6).padStart(6, "0")}Z`;
      const frame = { type: "match", product_id: product, trade_id: id, price, size, side, time: stamp, sequence: i };
      return JSON.stringify(frame);
    }),
  );
}

const hour = 3_600_000_000;

/** The recorded trades of 2016. */
function recordedTrades(folder: string): Trade[] {
  const pages = gunzipSync(readFileSync(join(folder, "trades-2016/pages.ndjson.gz")))
    .toString()
    .trimEnd()
    .split("\n");
  const all = pages.flatMap(
    (page) =>
      (JSON.parse(page) as { body: { trade_id: number; price: string; size: string; side: string; time: string }[] })
        .body,
  );
  const trades = all.map(({ trade_id: id, price, size, side, time }) => {
    const [, second, digits] = /^(.*?)\.?(\d*)Z$/.exec(time)!;
    return {
      product: "BTC-USD",
      id,
      price,
      size,
      side,
      time: Date.parse(`${second}Z`) * 1e3 + Number(digits!.padEnd(6, "0")),
    };
  });
  return [...new Map(trades.map((trade) => [trade.id, trade])).values()].toSorted((a, b) => a.id - b.id);
}

/** The trades in the order in which they come, each as late as requested. */
const arriving = (trades: readonly Trade[], delayOf: (trade: Trade) => number): Trade[] =>
  trades
    .map((trade) => ({ trade, arrival: trade.time + delayOf(trade) }))
    .toSorted((a, b) => a.arrival - b.arrival)
    .map(({ trade }) => trade);

describeRecordings("bars equal what Python's decimals give from the frames, in every column and digit", (folder) => {
  itCalculated.each([
    ["the full channel of 2016", () => join(folder, "full-2016/replay.in.gz"), 1],
    ["level 2 of 2021", () => join(folder, "level2-2021/frames.txt.gz"), 31],
    ["the trades of 2016, sent as match frames", () => recordingOf(recordedTrades(folder)), 1411],
  ])("%s", async (_, recording, trades) => {
    const file = recording();
    const dir = newFolder();
    await replay(file, dir);
    const calculated = await calculate(file);
    expect(calculated.tables.coinbase_bars_1s).toHaveLength(trades);
    await expectAsCalculated(dir, calculated);
  });

  /** The hour of 2016 stretched to three days and spread over products, of which two share a partition; some come late. */
  function lateTrades(): Trade[] {
    const recorded = recordedTrades(folder);
    const products = ["BTC-USD", "ETH-USD", "DOGE-USD"];
    const stretched = recorded.map((trade) => ({
      ...trade,
      product: products[trade.id % 3]!,
      time: recorded[0]!.time + (trade.time - recorded[0]!.time) * 80,
    }));
    const random = new Random(5, 0, 0);
    return arriving(stretched, () => {
      const kind = random.fraction();
      if (kind < 0.6) return 0;
      return kind < 0.9 ? random.fraction() * 23 * hour : (23.9 + random.fraction() * 12) * hour;
    });
  }

  itCalculated(
    "with trades that come hours late, and without those that come more than a day late; the candles have these too",
    async () => {
      const file = recordingOf(lateTrades());
      const dir = newFolder();
      await replay(file, dir);
      const calculated = await calculate(file);
      expect(calculated.late.bars_1s).toBeGreaterThan(50);
      await expectAsCalculated(dir, calculated);
    },
  );
});

describe("a window takes trades for a day after its end", () => {
  itCalculated("up to the last millisecond, by the time of its partition, whichever product has moved it", async () => {
    const midnight = Date.parse("2026-03-01T00:00:00Z") * 1e3;
    const [second, day] = [1_000_000, 24 * hour];
    let id = 0;
    const trade = (product: string, time: number): Trade => ({
      product,
      id: ++id,
      price: "0.000000001",
      size: "12345678901234567890123456789.987654321",
      side: "sell",
      time: midnight + time,
    });
    // These two share a partition, BTC-USD has another.
    const [one, other] = ["ETH-USD", "DOGE-USD"] as const;
    const file = recordingOf([
      trade(one, 0),
      trade(other, day + second - 1),
      trade(one, 999_999),
      trade(other, day + second),
      trade(one, 999_999), // Too late for its second.
      trade(other, day + 60 * second - 1),
      trade(one, 59_900_000),
      trade(other, day + 60 * second),
      trade(one, 59_900_000), // Too late for its second and its minute.
      trade("BTC-USD", 0),
    ]);
    const dir = newFolder();
    await replay(file, dir);
    await expectAsCalculated(dir, await calculate(file));
    const { views } = await read(dir);
    const counted = (rows: Rows) =>
      rows
        .filter((row) => row["product_id"] !== other)
        .map((row) => [row["product_id"], String(row["time"]).slice(17, 19), row["trades"]]);
    expect(counted(views.bars_1s)).toEqual([
      ["BTC-USD", "00", 1],
      [one, "00", 2],
      [one, "59", 1],
    ]);
    expect(counted(views.bars_1m)).toEqual([
      ["BTC-USD", "00", 1],
      [one, "00", 4],
    ]);
    expect(counted(views.candles_1m)).toEqual([
      ["BTC-USD", "00", 1],
      [one, "00", 5],
    ]);
  });
});

/**
 * Frames of the simulated exchange: busy half seconds, `pause` apart. One trade in eight comes late, by up to thirty hours.
 */
function simulatedLate(count: number, pause: number): string[] {
  let calls = 0;
  let micros = 1_790_000_000_000_000;
  const now = () => (micros += ++calls % 500 === 0 ? pause : 1_037);
  const frames = simulatedFrames({ seed: 7, ends: new Map(), now });
  const random = new Random(11, 0, 0);
  const sent = Array.from({ length: count }, () => {
    const text = frames.next().value as string;
    const isLate = text.includes('"type":"match"') && random.fraction() < 1 / 8;
    return { text, arrival: micros + (isLate ? random.fraction() * 30 * hour : 0) };
  });
  return sent.toSorted((a, b) => a.arrival - b.arrival).map(({ text }) => text);
}

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

const bytesOfBars = (dir: string) => tables.reduce((sum, name) => sum + bytesOf(join(dir, "log", name)), 0);

describe("a restart", () => {
  itCalculated("continues with the windows as they were, wherever it was stopped", async () => {
    const lines = simulatedLate(15_000, 2 * hour);
    const random = new Random(13, 0, 0);
    const cuts = [0, ...Array.from({ length: 5 }, () => random.below(lines.length)).toSorted((a, b) => a - b)];
    const files = cuts.map((cut, i) => written(lines.slice(cut, cuts[i + 1])));
    const dir = newFolder();
    for (const file of files) await replay(file, dir);
    const calculated = await calculate(...files);
    expect(calculated.late.bars_1s).toBeGreaterThan(3);
    expect(await expectAsCalculated(dir, calculated)).toBeGreaterThan(50);
  });

  it("that finds nothing new writes no row of a bar, into the topics or the tables", async () => {
    const file = written(simulatedLate(6_000, 2 * hour));
    const dir = newFolder();
    await replay(file, dir);
    const once = { ...(await read(dir)), bytes: bytesOfBars(dir) };
    expect(once.stored.coinbase_bars_1s.length).toBeGreaterThan(50);
    for (let i = 0; i < 2; i++) {
      const platform = await Platform.open(dir, "recording", () => {});
      await platform.catchUp();
      await platform.close();
    }
    await replay(file, dir);
    expect({ ...(await read(dir)), bytes: bytesOfBars(dir) }).toEqual(once);
  });

  it("after kill -9 leaves no wrong row and none twice, and gives the rows of an undisturbed run", async () => {
    const file = written(simulatedLate(50_000, hour / 2));
    const [undisturbed, dir] = [newFolder(), newFolder()];
    await replay(file, undisturbed);
    const kills = await killOften(file, dir, bytesOf(join(undisturbed, "log")));
    expect(await run("local", "--source", file, "--data", dir)).toMatchObject({ code: 0 });

    const given = await read(dir);
    expect({ ...given, stored: [] }).toEqual({ ...(await read(undisturbed)), stored: [] });
    expect(await othersOf(dir)).toEqual(await othersOf(undisturbed));
    if (hasPython) {
      const calculated = await calculate(file);
      expect(expectRightRows(given.stored, calculated.tables)).toBeGreaterThan(0);
      expect(given.views).toEqual(calculated.views);
      expectLateCounted(dir, calculated);
    }
    // The kills did fall into the work: while it opened, while it read, and before rows of bars that were written later.
    expect(kills.filter(({ opened }) => !opened).length).toBeGreaterThanOrEqual(2);
    expect(new Set(kills.map(({ log }) => log)).size).toBeGreaterThanOrEqual(4);
    expect(new Set([...kills.map(({ bars }) => bars), bytesOfBars(dir)]).size).toBeGreaterThanOrEqual(4);
  }, 300_000);

  /** The rows that are not of trades: as hashes, since there are many, and of tables as sets. */
  async function othersOf(dir: string): Promise<string[]> {
    const names = [
      "book_changes",
      "quarantine",
      "volume_by_side",
      "coinbase_full",
      "coinbase_ticker",
      "coinbase_book_changes",
    ];
    const answers = await query(dir, ...names.map((name): [string] => [name]));
    return answers.map((rows) => {
      const hash = createHash("sha256");
      for (const line of rows.map((row) => JSON.stringify(row)).toSorted()) hash.update(line);
      return `${rows.length} ${hash.digest("hex")}`;
    });
  }

  /** What a kill left. */
  interface Kill {
    /** It had opened its files and caught up with its log. */
    readonly opened: boolean;
    /** Bytes of all topics, and of those of the bars. */
    readonly log: number;
    readonly bars: number;
  }

  /**
   * Starts the platform twelve times and kills it: at a random moment of its work, each later than those before; then as
   * soon as the next start has written rows of bars, into the topics or the tables; then at a random moment of a start.
   */
  async function killOften(file: string, dir: string, bytesInAll: number): Promise<Kill[]> {
    const opened = "next, in another terminal";
    const journal = join(dir, "warehouse.duckdb.wal");
    const kills: Kill[] = [];
    let opening = 0;
    const bytes = (topic = "") => bytesOf(join(dir, "log", topic));
    for (let i = 0; i < 12; i++) {
      const bars = bytesOfBars(dir);
      const began = performance.now();
      const platform = start("local", "--source", file, "--data", dir);
      if (i % 3 === 0) {
        const share = (i + Math.random() * 3) / 12;
        await platform.said(opened);
        opening = performance.now() - began;
        // Not before there are trades again that no bar has.
        const trades = bytes("coinbase_trades");
        await until(platform, () => bytes() >= share * bytesInAll && bytes("coinbase_trades") > trades);
      } else if (i % 3 === 1) {
        await until(platform, () => bytesOfBars(dir) > bars || bytes() >= ((i + 4) / 12) * bytesInAll);
        // Every other time it lives on until these rows are being committed to the tables.
        const committed = sizeOf(journal);
        if (i % 2 === 0) await until(platform, () => sizeOf(journal) > committed);
      } else {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * opening));
      }
      platform.process.kill("SIGKILL");
      await platform.ended;
      kills.push({
        opened: platform.soFar().includes(opened),
        log: bytes(),
        bars: bytesOfBars(dir),
      });
    }
    return kills;
  }

  /** Resolves when it is so, or when the platform has ended. */
  async function until(platform: Running, isSo: () => boolean): Promise<void> {
    while (!isSo() && platform.process.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 3));
  }
});
