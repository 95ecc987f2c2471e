/**
 * What reads and writes topics is handed these, whatever stands behind them: the log of the local platform, Kafka, or
 * memory. The engine and the warehouse know no more of a topic.
 */

export interface TopicRecord {
  readonly offset: number;
  /** Milliseconds since 1970: when it happened, by the exchange's clock. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
}

/** One partition of a topic, to read from. */
export interface PartitionReader {
  /** The offset after the last stored record. */
  readonly end: number;
  /** Stored records from an offset on, about `maxBytes` of them (at least one); none at the end. */
  read(from: number, maxBytes: number): TopicRecord[];
  /** Gives the next record at least this offset: a log may have lost records that were read before a power failure. */
  skipTo(offset: number): void;
  /** An offset such that every record with a later timestamp has it or a larger one. */
  offsetSince(timestamp: number): number;
}

/** One partition of a topic, to write rows to that are made from the same partition of another topic. */
export interface PartitionWriter {
  /** The offset of the source up to which the stored rows cover it, -1 if there are none. */
  readonly position: number;
  /** The largest timestamp of the stored rows, -Infinity if there are none. */
  readonly newest: number;
  /** Takes a row for the next `store`; key and value are copied. */
  add(timestamp: number, key: Buffer | null, value: Buffer | null): void;
  /** Stores what was added, and that it covers the source up to `position`. */
  store(position: number): void;
}

/** Schemas by the ids that values carry. */
export interface Schemas {
  /** Throws UnknownSchema for an id that was never given. */
  byId(id: number): object;
  /** The id of a schema under a subject; registers a new one. */
  idOf(subject: string, schema: object): number;
}

/** A record carries a schema id that the registry does not have. */
export class UnknownSchema extends Error {}

/** Topics whose partitions are at hand. */
export interface Topics {
  readonly schemas: Schemas;
  partitions(topic: string): readonly PartitionReader[];
  /** `source`: the topic that the rows are made from, in whose offsets their positions count. */
  writers(topic: string, source: string): readonly PartitionWriter[];
}

/** A record and the partition that it is in. */
export interface PlacedRecord extends TopicRecord {
  readonly partition: number;
}

/** Which records of a topic to read. */
export interface ReadOptions {
  /** Of each partition at least so many, the latest ones; Infinity: all. */
  readonly last: number;
  /** Continues with those that come. */
  readonly follow: boolean;
}

/** A topic as one stream of batches, from a running platform or a broker. */
export interface TopicStream {
  /** The stored records, in order within a partition; then an empty batch; with `follow` what comes until `signal` aborts. */
  batches(options: ReadOptions, signal: AbortSignal): AsyncIterable<readonly PlacedRecord[]>;
  /** The schema that an id stands for. */
  schema(id: number): Promise<object>;
}
