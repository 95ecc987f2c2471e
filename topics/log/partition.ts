/** One partition of a topic: an append-only file of batches, read from any offset while it grows. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { UserError } from "../../program/command.ts";
import type { TopicRecord } from "../port.ts";
import { BatchBuilder, batchHeader, isIntact, readHeader, readRecords, type BatchHeader } from "./batch.ts";

/** Starts every file, so that one of another kind or of a later version is not mistaken for a log. */
const magic = Buffer.from("TAPELOG2");

export class Partition {
  /** What opening cut off: a last write that a crash had torn. */
  readonly cut: string | undefined;
  readonly #path: string;
  readonly #file: number;
  readonly #pending = new BatchBuilder();
  /** Of each batch: the offset after its last record, its place in the file, and the largest timestamp in it. */
  readonly #ends: number[] = [];
  readonly #places: number[] = [];
  readonly #newest: number[] = [];
  /** Where the last intact batch ends. */
  #size = magic.length;
  #end = 0;
  readonly #positions = new Map<bigint, number>();
  #failure: UserError | undefined;

  /**
   * Opens or creates the file and cuts off a last batch that a crash left incomplete. `readOnly`: a file that another
   * process may be writing, left as it is.
   */
  constructor(path: string, readOnly = false) {
    this.#path = path;
    this.#file = openSync(path, readOnly ? "r" : "a+");
    const { size } = fstatSync(this.#file);
    if (!magic.subarray(0, size).equals(this.#read(0, Math.min(size, magic.length))))
      throw new UserError(`${path} is not a log of this version: choose another data directory with --data.`);
    if (size >= magic.length) this.refresh();
    if (readOnly || size === this.#size) return;
    if (size < magic.length) {
      if (size > 0) ftruncateSync(this.#file, 0);
      this.#size = 0;
      this.#write(magic);
      return;
    }
    if (this.#batchFollows(this.#size, size)) throw new UserError(this.#damaged(this.#size));
    this.cut = this.#describeCut(size);
    ftruncateSync(this.#file, this.#size);
  }

  /** Takes in the batches that another process has appended. */
  refresh(): void {
    const { size } = fstatSync(this.#file);
    for (let at = this.#size; ; at = this.#size) {
      const header = this.#headerAt(at);
      if (header === undefined || at + header.bytes > size) return;
      // Only the last write can be torn: its sum is checked here, those before it when they are read.
      if (at + header.bytes === size && !isIntact(this.#read(at, header.bytes))) return;
      this.#index(header, at);
      this.#size += header.bytes;
    }
  }

  /** The offset that the next stored record gets. */
  get end(): number {
    return this.#end;
  }

  /** The largest timestamp of the stored records, -Infinity if there are none. */
  get newest(): number {
    return this.#newest.reduce((newest, timestamp) => Math.max(newest, timestamp), Number.NEGATIVE_INFINITY);
  }

  /** An offset such that every record with a larger timestamp has it or a later one: the first of the batch where one is. */
  offsetSince(timestamp: number): number {
    const batch = this.#newest.findIndex((newest) => newest > timestamp);
    return batch < 0 ? this.#end : (this.#ends[batch - 1] ?? 0);
  }

  /** An offset from which on there are at least the last `count` records. */
  offsetOfLast(count: number): number {
    let batch = this.#ends.length;
    for (let kept = 0; kept < count && batch > 0;) kept += this.#headerAt(this.#places[--batch]!)!.count;
    return batch === this.#ends.length ? this.#end : (this.#ends[batch - 1] ?? 0);
  }

  /** Up to where the stored records cover a source, -1 if that is unknown. */
  position(source: bigint): number {
    return this.#positions.get(source) ?? -1;
  }

  /** Bytes that wait for `store`. */
  get pendingBytes(): number {
    return this.#pending.count === 0 ? 0 : this.#pending.bytes;
  }

  /** Takes a record for the next `store`; key and value are copied. */
  add(timestamp: number, key: Uint8Array | null, value: Uint8Array | null): void {
    this.#pending.add(timestamp, key, value);
  }

  /**
   * Writes what was added as one batch that covers `source` up to `position`; true if there was anything. Throws UserError if
   * the disk refuses.
   */
  store(source: bigint, position: number): boolean {
    const { count, newest } = this.#pending;
    if (count === 0) return false;
    const place = this.#size;
    this.#write(this.#pending.finish(this.#end, source, position));
    this.#index({ base: this.#end, count, source, position, newest }, place);
    return true;
  }

  /** Gives the next record at least this offset: a reader that is further ahead must not miss it. */
  skipTo(offset: number): void {
    this.#end = Math.max(this.#end, offset);
  }

  /**
   * Stored records from `from` on, about `maxBytes` of them (at least one batch); none at the end of the log.
   * Throws when a batch in the middle of the file is damaged.
   */
  read(from: number, maxBytes: number): TopicRecord[] {
    const records: TopicRecord[] = [];
    let batch = this.#batchOf(from);
    if (batch === undefined) return records;
    const start = this.#places[batch]!;
    let last = batch;
    while (last + 1 < this.#places.length && this.#endOf(last + 1) - start <= maxBytes) last++;
    const bytes = this.#read(start, this.#endOf(last) - start);
    for (; batch <= last; batch++) {
      const at = this.#places[batch]! - start;
      const header = readHeader(bytes.subarray(at, at + batchHeader));
      const whole = header && bytes.subarray(at, at + header.bytes);
      if (header === undefined || whole === undefined || whole.length < header.bytes || !isIntact(whole)) {
        throw new UserError(this.#damaged(start + at));
      }
      readRecords(whole, header, from, records);
    }
    return records;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** What is lost behind the last intact batch, as far as headers still say. */
  #describeCut(size: number): string {
    let at = this.#size;
    let next = this.#end;
    for (let header = this.#headerAt(at); header?.base === next && at < size; header = this.#headerAt(at)) {
      next += header.count;
      at += header.bytes;
    }
    const [from, records] = [this.#end, next - this.#end];
    const known = records === 1 ? `1 record, offset ${from}` : `${records} records, offsets ${from} to ${next - 1}`;
    return (
      `a torn write of ${size - this.#size} bytes was cut off: ` +
      (records === 0
        ? `an unknown number of records from offset ${from} on`
        : `${known}${at < size ? ", and what followed them" : ""}`)
    );
  }

  /**
   * Whether an intact batch with later records follows a broken one: then it is not a torn last write, and cutting it off would
   * lose what is stored.
   */
  #batchFollows(broken: number, size: number): boolean {
    const window = 1024 * 1024;
    for (let start = broken + 1; start < size; start += window) {
      const bytes = this.#read(start, Math.min(window + batchHeader, size - start));
      for (let at = 0; at < window && at + batchHeader <= bytes.length; at++) {
        const header = readHeader(bytes.subarray(at, at + batchHeader));
        if (header === undefined || header.base < this.#end || start + at + header.bytes > size) continue;
        if (isIntact(this.#read(start + at, header.bytes))) return true;
      }
    }
    return false;
  }

  #headerAt(at: number): BatchHeader | undefined {
    return readHeader(this.#read(at, batchHeader));
  }

  #index(header: Omit<BatchHeader, "bytes">, place: number): void {
    this.#end = header.base + header.count;
    this.#ends.push(this.#end);
    this.#places.push(place);
    this.#newest.push(header.newest);
    if (header.position >= 0) this.#positions.set(header.source, header.position);
  }

  /** The first batch with a record from `offset` on. */
  #batchOf(offset: number): number | undefined {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! > offset) high = middle;
      else low = middle + 1;
    }
    return low < this.#ends.length ? low : undefined;
  }

  #damaged(place: number): string {
    return (
      `${this.#path} is damaged at byte ${place}. What follows cannot be trusted: ` +
      "move the data directory away and replay into a new one."
    );
  }

  #endOf(batch: number): number {
    return this.#places[batch + 1] ?? this.#size;
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#file, bytes, 0, length, at));
  }

  #write(bytes: Buffer): void {
    // Nothing may follow a half-written batch: the next start cuts it off as a torn write.
    if (this.#failure !== undefined) throw this.#failure;
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      this.#failure = new UserError(
        `cannot write to ${this.#path}: ${(error as Error).message}. ` +
          "Free space and start again: what is stored stays, nothing else was acknowledged.",
        { cause: error },
      );
      throw this.#failure;
    }
    this.#size += bytes.length;
  }
}
