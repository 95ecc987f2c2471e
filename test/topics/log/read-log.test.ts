import { readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Log } from "../../../topics/log/log.ts";
import { readLog } from "../../../topics/log/read-log.ts";
import { newFolder } from "../../folder.ts";

const topic = { name: "events", writtenBy: "producer", partitions: 1, retentionMs: 0 } as const;

/** A log with records 0 to 2 and, after a gap, 10 and 11, each a batch of its own; the file that they are in. */
async function filled(): Promise<{ dir: string; file: string }> {
  const dir = newFolder();
  const log = new Log(dir, [topic]);
  log.begin("a session");
  for (let frame = 1; frame <= 5; frame++) {
    if (frame === 4) log.partitions("events")[0]!.skipTo(10);
    log.frame(frame);
    log.send("events", "BTC-USD", frame, Buffer.from("value"));
    await log.flush();
  }
  await log.close();
  return { dir, file: join(dir, "events/0.log") };
}

async function offsets(dir: string, last: number): Promise<number[]> {
  const found: number[] = [];
  for await (const batch of readLog(dir, "events", { last, follow: false }, new AbortController().signal))
    found.push(...batch.map(({ offset }) => offset));
  return found;
}

it("the last records are read by their number, though offsets have a gap", async () => {
  const { dir } = await filled();
  expect(await offsets(dir, 0)).toEqual([]);
  expect(await offsets(dir, 2)).toEqual([10, 11]);
  expect(await offsets(dir, 3)).toEqual([2, 10, 11]);
  expect(await offsets(dir, Infinity)).toEqual([0, 1, 2, 10, 11]);
});

it("a torn last write is left as it is, and not read", async () => {
  const { dir, file } = await filled();
  truncateSync(file, readFileSync(file).length - 1);
  const torn = readFileSync(file);
  expect(await offsets(dir, Infinity)).toEqual([0, 1, 2, 10]);
  expect(readFileSync(file)).toEqual(torn);
});

it("a file of another kind is refused", async () => {
  const { dir, file } = await filled();
  writeFileSync(file, "something else altogether");
  await expect(offsets(dir, 1)).rejects.toThrow("0.log is not a log of this version");
});

it("a partition keeps its number where the file of one before it is missing", async () => {
  const { dir, file } = await filled();
  renameSync(file, join(dir, "events/1.log"));
  const stop = new AbortController().signal;
  const found: number[] = [];
  for await (const batch of readLog(dir, "events", { last: 1, follow: false }, stop))
    found.push(...batch.map(({ partition }) => partition));
  expect(found).toEqual([1]);
});
