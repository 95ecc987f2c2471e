/**
 * A batch: the records that reach a partition's file in one write. All numbers big-endian.
 *
 *     length    u32   bytes that follow this field
 *     crc32     u32   of everything after this field
 *     base      f64   offset of the first record (exact below 2^53)
 *     count     u32
 *     source    u64   where the records come from: a hash of the producer's source, or of the topic that a statement reads
 *     position  f64   up to where (exclusive) the batch covers its source: a frame, or an offset; -1: unknown
 *     newest    f64   the largest timestamp of its records
 *     records         timestamp f64, key length i32, value length i32, key, value; length -1: null
 *
 * With `position` the output and the progress that it represents are one write: what is sent again after a crash is
 * recognised.
 */
import { crc32 } from "node:zlib";
import type { TopicRecord } from "../port.ts";

export const batchHeader = 44;
const recordHeader = 16;
const noKey = Buffer.alloc(0);

export interface BatchHeader {
  /** Bytes of the whole batch in the file. */
  readonly bytes: number;
  readonly base: number;
  readonly count: number;
  readonly source: bigint;
  readonly position: number;
  readonly newest: number;
}

/** Records on their way into a batch. Grows to the largest batch it held. */
export class BatchBuilder {
  count = 0;
  /** The largest timestamp of its records. */
  newest = Number.NEGATIVE_INFINITY;
  #buffer = Buffer.allocUnsafe(16 * 1024);
  #at = batchHeader;

  get bytes(): number {
    return this.#at;
  }

  add(timestamp: number, key: Uint8Array | null, value: Uint8Array | null): void {
    const keyBytes = key ?? noKey;
    const valueBytes = value ?? noKey;
    const end = this.#at + recordHeader + keyBytes.length + valueBytes.length;
    if (end > this.#buffer.length) this.#grow(end);
    const buffer = this.#buffer;
    buffer.writeDoubleBE(timestamp, this.#at);
    buffer.writeInt32BE(key === null ? -1 : key.length, this.#at + 8);
    buffer.writeInt32BE(value === null ? -1 : value.length, this.#at + 12);
    buffer.set(keyBytes, this.#at + recordHeader);
    buffer.set(valueBytes, this.#at + recordHeader + keyBytes.length);
    this.#at = end;
    this.count++;
    if (timestamp > this.newest) this.newest = timestamp;
  }

  /** The bytes of the batch; valid until the next `add`. Empties the builder. */
  finish(base: number, source: bigint, position: number): Buffer {
    const batch = this.#buffer.subarray(0, this.#at);
    batch.writeUInt32BE(batch.length - 4, 0);
    batch.writeDoubleBE(base, 8);
    batch.writeUInt32BE(this.count, 16);
    batch.writeBigUInt64BE(source, 20);
    batch.writeDoubleBE(position, 28);
    batch.writeDoubleBE(this.newest, 36);
    batch.writeUInt32BE(crc32(batch.subarray(8)), 4);
    this.count = 0;
    this.newest = Number.NEGATIVE_INFINITY;
    this.#at = batchHeader;
    return batch;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** The header at the start of `bytes`, or undefined if no batch can start so. Does not check the sum. */
export function readHeader(bytes: Buffer): BatchHeader | undefined {
  if (bytes.length < batchHeader) return undefined;
  const length = bytes.readUInt32BE(0) + 4;
  const base = bytes.readDoubleBE(8);
  const count = bytes.readUInt32BE(16);
  if (!Number.isSafeInteger(base) || base < 0 || count < 1 || length < batchHeader + count * recordHeader)
    return undefined;
  const source = bytes.readBigUInt64BE(20);
  return { bytes: length, base, count, source, position: bytes.readDoubleBE(28), newest: bytes.readDoubleBE(36) };
}

export function isIntact(batch: Buffer): boolean {
  return crc32(batch.subarray(8)) === batch.readUInt32BE(4);
}

/** Appends to `records` those of a batch from offset `from` on. Keys and values are views of `batch`. */
export function readRecords(batch: Buffer, header: BatchHeader, from: number, records: TopicRecord[]): void {
  let at = batchHeader;
  for (let i = 0; i < header.count; i++) {
    const timestamp = batch.readDoubleBE(at);
    const keyLength = batch.readInt32BE(at + 8);
    const valueLength = batch.readInt32BE(at + 12);
    const keyAt = at + recordHeader;
    const valueAt = keyAt + Math.max(keyLength, 0);
    at = valueAt + Math.max(valueLength, 0);
    const offset = header.base + i;
    if (offset < from) continue;
    records.push({
      offset,
      timestamp,
      key: keyLength < 0 ? null : batch.subarray(keyAt, valueAt),
      value: valueLength < 0 ? null : batch.subarray(valueAt, at),
    });
  }
}
