/** Recordings that overlap, repeat themselves or have grown: bars, candles and tables have every event once. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { simulatedFrames } from "../../exchange/simulator.ts";
import { describeRecordings } from "../evidence.ts";
import { newFolder } from "../folder.ts";
import { bytesOf, calculate, itCalculated, viewsOf, written } from "./calculated.ts";
import { run, start } from "./command.ts";
import { query, replay } from "./replay.ts";

/** Every event of a table in one text, to be compared as a set. */
async function eventsOf(dir: string, table: "coinbase_full" | "coinbase_ticker"): Promise<string[]> {
  const [rows] = await query(dir, [table]);
  return rows!.map((row) => [row["product_id"], row["sequence"], row["type"]].join(" ")).toSorted();
}

/** The same of frames, each once. */
function eventsIn(lines: readonly string[], isOne: (type: string) => boolean): string[] {
  const frames = lines.map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, string>);
  const texts = frames
    .filter(({ type }) => isOne(type!))
    .map((frame) => `${frame["product_id"]} ${frame["sequence"]} ${frame["type"]}`);
  return [...new Set(texts)].toSorted();
}

const isTicker = (type: string) => type === "ticker";
const isFull = (type: string) => !["ticker", "snapshot", "l2update", "subscriptions", "heartbeat"].includes(type);

/** Frames of the simulated exchange over some minutes, without a book: level 2 has no numbers to be known by. */
function simulatedLines(count: number): string[] {
  let micros = 1_790_000_000_000_000;
  const lines: string[] = [];
  for (const text of simulatedFrames({ seed: 5, ends: new Map(), now: () => (micros += 20_011) }))
    if (!/"type":"(snapshot|l2update)"/.test(text) && lines.push(text) === count) break;
  return lines;
}

/** Replays files one after the other into a new data directory, and compares all of it with what is calculated. */
async function expectOnce(lines: readonly string[], files: readonly string[]): Promise<string> {
  const dir = newFolder();
  for (const file of files) await replay(file, dir);
  expect(await eventsOf(dir, "coinbase_full")).toEqual(eventsIn(lines, isFull));
  expect(await eventsOf(dir, "coinbase_ticker")).toEqual(eventsIn(lines, isTicker));
  const given = await viewsOf(dir);
  expect(given).toEqual((await calculate(...files)).views);
  // A bar has columns that a candle has not.
  const candles = given.bars_1m.map((bar) =>
    Object.fromEntries(Object.keys(given.candles_1m[0]!).map((name) => [name, bar[name]])),
  );
  expect(candles).toEqual(given.candles_1m);
  return dir;
}

describe("bars of a minute equal candles, and every event is there once", () => {
  const lines = simulatedLines(4_500);
  const [first, second] = [lines.slice(0, 3_000), lines.slice(1_500)];

  itCalculated.each([
    [
      "recordings that overlap, one within them, and one in reverse",
      () => [written(first), written(second), written(lines.slice(1_000, 2_000)), written(lines.toReversed())],
    ],
    [
      "recordings that overlap, the later one first, by two clocks",
      () => [written(second.map((line, i) => `${1_790_000_000 + i}.25 ${line}`)), written(first)],
    ],
    [
      "every line twice, in a gzip that is there twice in one file",
      () => {
        const file = written(
          lines.flatMap((line) => [line, line]),
          "twice.gz",
        );
        appendFileSync(file, readFileSync(file));
        return [file];
      },
    ],
  ])("from %s", async (_, files) => {
    await expectOnce(lines, files());
  });

  itCalculated("from a recording that grows by lines, replayed each time", async () => {
    const dir = newFolder();
    const file = written(lines.slice(0, 1_000));
    const said: string[] = [];
    for (const end of [2_500, 2_501, lines.length, undefined]) {
      await replay(file, dir, said);
      if (end !== undefined) writeFileSync(file, `${lines.slice(0, end).join("\n")}\n`);
    }
    await replay(written(lines.slice(0, 2_000)), dir, said);
    expect(said).toEqual([
      "the recording is stored already up to frame 1,000 of 2,500",
      "the recording is stored already up to frame 2,500 of 2,501",
      "the recording is stored already up to frame 2,501 of 4,500",
      "the recording is stored already up to frame 2,000 of 2,000",
      "the recording has nothing new: all of its records are stored already",
    ]);
    expect(await eventsOf(dir, "coinbase_full")).toEqual(eventsIn(lines, isFull));
    expect(await viewsOf(dir)).toEqual((await calculate(file)).views);
    // One session for all of it.
    expect(readdirSync(join(dir, "recordings"))).toHaveLength(1);
  });

  itCalculated(
    "from a recording that is killed at any moment and continued, beside one that overlaps",
    async () => {
      const many = simulatedLines(12_000);
      const [before, file] = [written(many.slice(8_000)), written(many.slice(0, 10_000))];
      const dir = newFolder();
      await replay(before, dir);
      const stored = bytesOf(join(dir, "log"));
      const sizes = new Set<number>();
      for (const grown of [1, 300_000, 900_000]) {
        const platform = start("local", "--source", file, "--data", dir);
        while (platform.process.exitCode === null && bytesOf(join(dir, "log")) < stored + grown)
          await new Promise((resolve) => setTimeout(resolve, 1));
        platform.process.kill("SIGKILL");
        await platform.ended;
        sizes.add(bytesOf(join(dir, "log")));
      }
      await replay(file, dir);
      expect(await eventsOf(dir, "coinbase_full")).toEqual(eventsIn(many, isFull));
      expect(await eventsOf(dir, "coinbase_ticker")).toEqual(eventsIn(many, isTicker));
      expect(await viewsOf(dir)).toEqual((await calculate(before, file)).views);
      // The kills did fall into the work.
      sizes.delete(bytesOf(join(dir, "log")));
      expect(sizes.size).toBeGreaterThanOrEqual(2);
    },
    300_000,
  );
});

it("what has the number of another event is kept and counted, and known from then on", async () => {
  const lines = simulatedLines(1_000);
  const at = lines.findIndex((line) => line.includes('"type":"match"'));
  const changed = lines.with(at, lines[at]!.replace(/"price":"[^"]*"/, '"price":"1"'));
  const dir = newFolder();
  await replay(written(lines), dir);
  expect(await replay(written(changed), dir)).toMatchObject({ known: 999, conflicting: 1 });
  expect(await replay(written(changed.toReversed()), dir)).toMatchObject({ known: 1_000, conflicting: 0 });
  expect(await eventsOf(dir, "coinbase_full")).toHaveLength(eventsIn(lines, isFull).length + 1);
});

it("npm start takes a recording that is cut off up to its last whole line, reports it, and continues it when it is whole", async () => {
  const lines = simulatedLines(2_000);
  const file = written(lines, "frames.gz");
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length / 2));
  const dir = newFolder();
  const { code, out, err } = await run("local", "--source", file, "--data", dir);
  expect(code).toBe(0);
  const [, line] = /frames\.gz is cut off: it is read to its last whole line, line (\d+)/.exec(err)!;
  const count = Number(line);
  expect(count).toBeGreaterThan(500);
  expect(out).toMatch(new RegExp(`frames +${count.toLocaleString("en-US")} `));
  expect(await eventsOf(dir, "coinbase_full")).toEqual(eventsIn(lines.slice(0, count), isFull));
  writeFileSync(file, bytes);
  expect(await replay(file, dir)).toMatchObject({ known: count, conflicting: 0 });
  expect(await eventsOf(dir, "coinbase_full")).toEqual(eventsIn(lines, isFull));
});

describeRecordings("recorded frames of the exchange, overlapping, are there once", (folder) => {
  const linesOf = (file: string) =>
    gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .trimEnd()
      .split("\n");

  itCalculated(
    "of ten products in 2021, in both orders: a match stays behind the last_match of its trade",
    async () => {
      const lines = linesOf("level2-2021/frames.txt.gz");
      const middle = Math.floor(lines.length / 2);
      const parts = [lines.slice(middle - 2_000), lines.slice(0, middle + 2_000)];
      const dir = await expectOnce(
        lines,
        parts.map((part) => written(part)),
      );
      expect((await query(dir, ["trades"]))[0]).toHaveLength(31);
    },
  );

  itCalculated("of the full channel of 2016, three times over", async () => {
    const lines = linesOf("full-2016/replay.in.gz").slice(7_109);
    const dir = await expectOnce(lines, [written(lines.slice(0, 1_700)), written(lines.slice(900)), written(lines)]);
    const content = (await query(dir, ["coinbase_full"]))[0]!;
    expect(content).toHaveLength(2_376);
  });
});
