/** Reads a partition's file from outside: while a platform writes it, and without mending what a crash has torn. */
import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../program/command.ts";
import type { PlacedRecord, ReadOptions, TopicRecord } from "../port.ts";
import { batchHeader, isIntact, readHeader, readRecords } from "./batch.ts";
import { magic } from "./partition.ts";

/** Where a batch is, and what it holds. */
interface Place {
  readonly at: number;
  readonly bytes: number;
  readonly count: number;
}

/** How often a growing file is looked at, in milliseconds. */
const lookEvery = 100;

/**
 * The records that a topic of a log holds, of each partition at least the `last` ones, in batches; then an empty batch;
 * with `follow` those that come until `signal` aborts. In order within a partition. Throws UserError for a topic that is not there.
 */
export async function* readLog(
  dir: string,
  topic: string,
  { last, follow }: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<PlacedRecord[]> {
  if (!existsSync(dir))
    throw new UserError(`there is no log in ${dir}. Name a data directory of npm start with --data, or add --kafka.`);
  const folder = join(dir, topic);
  if (!/^\w+$/.test(topic) || !existsSync(folder))
    throw new UserError(
      `the log has no topic ${topic}. There are ${readdirSync(dir)
        .filter((name) => !name.includes("."))
        .join(", ")}.`,
    );
  const count = readdirSync(folder).filter((name) => name.endsWith(".log")).length;
  const readers = Array.from({ length: count }, (_, i) => new PartitionReader(join(folder, `${i}.log`)));
  try {
    for (const reader of readers) reader.skipToLast(last);
    for (let present = true; !signal.aborted;) {
      let busy = false;
      for (const [partition, reader] of readers.entries()) {
        const records = reader.next();
        if (records === undefined) continue;
        busy = true;
        yield records.map((record) => ({ ...record, partition }));
      }
      if (busy) continue;
      if (present) yield [];
      present = false;
      if (!follow) return;
      await sleep(lookEvery, undefined, { signal }).catch(() => {});
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

class PartitionReader {
  readonly #path: string;
  readonly #file: number | undefined;
  /** Where the next batch starts. */
  #at = magic.length;

  /** A file that is not there yet has no records. Throws UserError for a file of another kind. */
  constructor(path: string) {
    this.#path = path;
    this.#file = existsSync(path) ? openSync(path, "r") : undefined;
    if (this.#file !== undefined && !magic.equals(this.#read(0, magic.length)))
      throw new UserError(`${path} is not a log of this version.`);
  }

  /** Passes over all but the last `count` records. */
  skipToLast(count: number): void {
    const places: Place[] = [];
    for (let at = this.#at; ;) {
      const header = readHeader(this.#read(at, batchHeader));
      if (header === undefined || this.#read(at + header.bytes - 1, 1).length === 0) break;
      places.push({ at, bytes: header.bytes, count: header.count });
      at += header.bytes;
    }
    // With nothing to keep, what comes from now on is read.
    const end = places.at(-1);
    if (count === 0 && end !== undefined) this.#at = end.at + end.bytes;
    let kept = 0;
    while (kept < count && places.length > 0) {
      const place = places.pop()!;
      kept += place.count;
      this.#at = place.at;
    }
  }

  /** The records of the next batch; undefined where there is none yet. Throws UserError where it is damaged. */
  next(): TopicRecord[] | undefined {
    const header = readHeader(this.#read(this.#at, batchHeader));
    if (header === undefined) return undefined;
    const batch = this.#read(this.#at, header.bytes);
    // The last write of a running platform, or of one that was killed in it.
    if (batch.length < header.bytes) return undefined;
    if (!isIntact(batch)) throw new UserError(`${this.#path} is damaged at byte ${this.#at}.`);
    this.#at += header.bytes;
    const records: TopicRecord[] = [];
    readRecords(batch, header, 0, records);
    return records;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #read(at: number, length: number): Buffer {
    if (this.#file === undefined) return Buffer.alloc(0);
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#file, bytes, 0, length, at));
  }
}
