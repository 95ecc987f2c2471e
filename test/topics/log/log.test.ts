import { copyFileSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Log } from "../../../topics/log/log.ts";
import type { Topic } from "../../../schemas/catalog.ts";
import { newFolder } from "../../folder.ts";

const topic: Topic = { name: "events", writtenBy: "producer", partitions: 3, retentionMs: 0 };
/** Sends a record of a frame. */
function put(log: Log, frame: number, ...[key, timestamp, value]: [string | null, number, Buffer]): void {
  log.frame(frame);
  log.send("events", key, timestamp, value);
}

let sessions = 0;
/** Every opening is a session of its own. */
function open(dir: string): Log {
  const log = new Log(dir, [topic]);
  log.begin(`session ${sessions++}`);
  return log;
}
const all = (log: Log, from = 0) => [0, 1, 2].flatMap((partition) => log.read("events", partition, from, 1e9));
const only = (log: Log) => log.partitions("events").findIndex((partition) => partition.end > 0);

/** A log with `count` records of one product, each stored on its own; the partition that it is in, and its file. */
async function filled(dir: string, count: number): Promise<{ partition: number; file: string }> {
  const log = open(dir);
  for (let i = 0; i < count; i++) {
    put(log, i, "BTC-USD", 1000 + i, Buffer.from(`value ${i}`));
    await log.flush();
  }
  const partition = only(log);
  await log.close();
  return { partition, file: join(dir, "events", `${partition}.log`) };
}

/** Changes the bytes of a file. */
function damage(file: string, change: (bytes: Buffer) => void): Buffer {
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
  return bytes;
}

describe("a log", () => {
  it("gives back what was sent: keys, values, timestamps, offsets from 0, in order", async () => {
    const log = open(newFolder());
    put(log, 1, "BTC-USD", 1000, Buffer.from("a"));
    put(log, 1, "BTC-USD", 999, Buffer.from(""));
    await log.flush();
    const records = all(log).map(({ offset, timestamp, key, value }) => [
      offset,
      timestamp,
      key!.toString(),
      value!.toString(),
    ]);
    expect(records).toEqual([
      [0, 1000, "BTC-USD", "a"],
      [1, 999, "BTC-USD", ""],
    ]);
    await log.close();
  });

  it("is kept across restarts and read from any offset", async () => {
    const dir = newFolder();
    const { partition } = await filled(dir, 5);
    const log = open(dir);
    for (let from = 0; from <= 5; from++) {
      expect(log.read("events", partition, from, 1).length > 0).toBe(from < 5);
      expect(log.read("events", partition, from, 1e9).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4].slice(from));
    }
    await log.close();
  });

  it("is read from the middle of a batch", async () => {
    const log = open(newFolder());
    for (const value of ["a", "b", "c"]) put(log, 1, "BTC-USD", 1, Buffer.from(value));
    await log.flush();
    expect(log.read("events", only(log), 1, 1e9).map(({ offset, value }) => [offset, value!.toString()])).toEqual([
      [1, "b"],
      [2, "c"],
    ]);
    await log.close();
  });

  it("wakes its readers when there is more", async () => {
    const log = open(newFolder());
    const stored = log.stored();
    put(log, 1, "BTC-USD", 1000, Buffer.from("a"));
    await stored;
    expect(all(log)).toHaveLength(1);
    await log.close();
  });

  it("keeps null keys and tombstones apart from empty ones", async () => {
    const log = open(newFolder());
    const partition = log.writers("events", "source")[0]!;
    partition.add(1, null, null);
    partition.add(2, Buffer.alloc(0), Buffer.alloc(0));
    partition.store(1);
    expect(all(log).map(({ key, value }) => [key?.length, value?.length])).toEqual([
      [undefined, undefined],
      [0, 0],
    ]);
    await log.close();
  });

  it("cuts off a torn last write at the next start and continues behind it, wherever it was torn", async () => {
    const dir = newFolder();
    const { partition, file } = await filled(dir, 3);
    const whole = statSync(file).size;
    const copy = join(dir, "copy");
    copyFileSync(file, copy);
    const before = statSync((await filled(newFolder(), 2)).file).size;
    for (let size = before + 1; size < whole; size++) {
      copyFileSync(copy, file);
      truncateSync(file, size);
      const log = open(dir);
      // A header of 44 bytes says which records were to follow.
      const records = size - before < 44 ? "an unknown number of records from offset 2 on" : "1 record, offset 2";
      expect(log.repairs).toEqual([
        `events/${partition}: a torn write of ${size - before} bytes was cut off: ${records}`,
      ]);
      put(log, 1, "BTC-USD", 7, Buffer.from("after"));
      await log.flush();
      expect(all(log).map(({ offset, value }) => [offset, value!.toString()])).toEqual([
        [0, "value 0"],
        [1, "value 1"],
        [2, "after"],
      ]);
      await log.close();
    }
  });

  it("cuts off a last write of which only the length has reached the disk", async () => {
    const dir = newFolder();
    damage((await filled(dir, 2)).file, (bytes) => bytes.fill(0, bytes.length - 4));
    const log = open(dir);
    expect(all(log).map(({ offset }) => offset)).toEqual([0]);
    await log.close();
  });

  it("refuses to read a batch that is damaged in the middle, and says where", async () => {
    const dir = newFolder();
    damage((await filled(dir, 3)).file, (bytes) => (bytes[bytes.indexOf("value 0")]! ^= 1));
    const log = open(dir);
    expect(() => all(log)).toThrow(/0?\.log is damaged at byte 8\. .*move the data directory away and replay/);
    await log.close();
  });

  it("refuses to cut off stored batches behind one whose header is damaged", async () => {
    const dir = newFolder();
    const { file } = await filled(dir, 6);
    // A flipped bit in the length of the third batch, which follows the second record.
    const bytes = damage(file, (some) => (some[some.indexOf("value 1") + "value 1".length]! ^= 0x40));
    expect(() => open(dir)).toThrow(/is damaged at byte \d+/);
    expect(readFileSync(file)).toEqual(bytes);
  });

  it("refuses a file of another kind and leaves it as it is", () => {
    const dir = newFolder();
    mkdirSync(join(dir, "events"));
    writeFileSync(join(dir, "events", "0.log"), "2026-11-21 an ordinary log\n");
    expect(() => open(dir)).toThrow(/is not a log of this version: choose another data directory/);
    expect(readFileSync(join(dir, "events", "0.log"), "utf8")).toContain("ordinary");
  });

  it("reports that the disk is full", () => {
    const dir = newFolder();
    mkdirSync(join(dir, "events"));
    symlinkSync("/dev/full", join(dir, "events", "0.log"));
    expect(() => open(dir)).toThrow(/cannot write to .*ENOSPC.*Free space and start again/);
  });

  it("takes what an earlier run of the same session has sent, and does not store it again", async () => {
    const dir = newFolder();
    const send = async (session: string, frames: number[]) => {
      const log = open(dir);
      log.begin(session);
      // Two records a frame, as the parts of a snapshot.
      for (const frame of frames)
        for (const part of ["a", "b"]) put(log, frame, "BTC-USD", frame, Buffer.from(`${frame}${part}`));
      await log.flush();
      const values = all(log).map(({ value }) => value!.toString());
      await log.close();
      return { values, known: log.known };
    };
    await send("one", [1, 2]);
    expect(await send("one", [1, 2, 3])).toEqual({ values: ["1a", "1b", "2a", "2b", "3a", "3b"], known: 4 });
    expect((await send("other", [1])).values).toHaveLength(8);
    expect(await send("one", [1, 2, 3])).toMatchObject({ known: 6 });
  });

  it("ends a batch with a frame, however large: no part of a snapshot is stored without the others", async () => {
    const dir = newFolder();
    const log = open(dir);
    const stores: number[] = [];
    for (let part = 0; part < 5; part++) {
      put(log, 7, "BTC-USD", 1, Buffer.alloc(200_000));
      stores.push(all(log).length);
    }
    put(log, 8, "BTC-USD", 1, Buffer.from("next"));
    expect([...stores, all(log).length]).toEqual([0, 0, 0, 0, 0, 5]);
    await log.close();
  });

  it("stores a statement's progress in the topic that it reads with its rows, and none in another", async () => {
    const dir = newFolder();
    const log = open(dir);
    const [partition] = log.writers("events", "source");
    expect(partition!.position).toBe(-1);
    partition!.add(1, null, Buffer.from("row"));
    partition!.store(17);
    await log.close();
    const again = open(dir);
    expect(again.writers("events", "source")[0]!.position).toBe(17);
    expect(again.writers("events", "another")[0]!.position).toBe(-1);
    await again.close();
  });

  it("never gives a record an offset that a reader is beyond", async () => {
    const dir = newFolder();
    const { partition } = await filled(dir, 2);
    const log = open(dir);
    log.partitions("events")[partition]!.skipTo(10);
    put(log, 1, "BTC-USD", 1, Buffer.from("new"));
    await log.flush();
    expect(log.read("events", partition, 5, 1e9).map(({ offset }) => offset)).toEqual([10]);
    expect(log.read("events", partition, 0, 1e9).map(({ offset }) => offset)).toEqual([0, 1, 10]);
    expect(log.read("events", partition, 2, 1).map(({ offset }) => offset)).toEqual([10]);
    await log.close();
  });
});

describe("schema ids", () => {
  it("are the same for the same schema, new for a changed one, and known after a restart", async () => {
    const dir = newFolder();
    const log = open(dir);
    const a = { type: "record", name: "a", fields: [] };
    const b = { type: "record", name: "b", fields: [] };
    const ids = [log.schemas.idOf("s-value", a), log.schemas.idOf("s-value", b), log.schemas.idOf("s-value", a)];
    expect(ids).toEqual([1, 2, 1]);
    await log.close();
    const again = open(dir);
    expect(again.schemas.byId(2)).toEqual(b);
    expect(again.schemas.idOf("s-value", b)).toBe(2);
    await again.close();
  });
});
