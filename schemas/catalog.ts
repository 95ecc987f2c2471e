/**
 * Everything that flows, by name. One name is used everywhere: topic = stream = table, its subject is `<name>-value`.
 * Shapes are elsewhere: of raw topics in `<name>.avsc`, of derived ones in the statement `ksqldb/*_<name>.sql`.
 *
 * The key of every record is the product id as plain UTF-8 (ksqlDB's KEY_FORMAT 'KAFKA'), so that a product stays in
 * one partition and in order. `feed_quarantine` has no key where no product can be read.
 */

export interface Topic {
  readonly name: string;
  /** Who writes it: raw topics the producer, derived ones a statement in `ksqldb/`. */
  readonly writtenBy: "producer" | "ksqldb";
  readonly partitions: number;
  /** How long Kafka keeps a record, by the record's timestamp: exchange time. The log of the local platform keeps all. */
  readonly retentionMs: number;
  /** What should not happen goes there: it is little, and none of it is good news. */
  readonly isRare?: true;
  /** The producer takes it without keys of the exchange only: with them other topics have all of it. */
  readonly isKeyless?: true;
  /** The BigQuery table it is sunk into, if it is. */
  readonly table?: Table;
}

export interface Table {
  /** The partitions' column and width. Queries must filter on it, so it is never null. */
  readonly partitionBy: { readonly column: string; readonly width: "HOUR" | "DAY" };
  readonly clusterBy: readonly string[];
}

/** Namespace of every Avro record; the full name of a value is `<namespace>.<topic>`. */
export const namespace = "tapeline";

const day = 24 * 60 * 60 * 1000;

/** A derived topic has the partitions of its source: a statement keeps a record in its partition. */
const partitions = 6;

const perHour = { column: "time", width: "HOUR" } as const;
const perDay = { column: "time", width: "DAY" } as const;

export const topics = {
  coinbase_full: {
    name: "coinbase_full",
    writtenBy: "producer",
    partitions,
    retentionMs: 7 * day,
    table: { partitionBy: perHour, clusterBy: ["product_id", "type"] },
  },
  coinbase_level2: {
    name: "coinbase_level2",
    writtenBy: "producer",
    partitions,
    retentionMs: 7 * day,
  },
  coinbase_ticker: {
    name: "coinbase_ticker",
    writtenBy: "producer",
    partitions,
    retentionMs: 7 * day,
    isKeyless: true,
    table: { partitionBy: perHour, clusterBy: ["product_id"] },
  },
  feed_quarantine: {
    name: "feed_quarantine",
    writtenBy: "producer",
    partitions: 1,
    retentionMs: 30 * day,
    isRare: true,
    table: { partitionBy: perHour, clusterBy: ["product_id", "reason"] },
  },
  coinbase_trades: {
    name: "coinbase_trades",
    writtenBy: "ksqldb",
    partitions,
    retentionMs: 7 * day,
    table: { partitionBy: perHour, clusterBy: ["product_id"] },
  },
  coinbase_book_changes: {
    name: "coinbase_book_changes",
    writtenBy: "ksqldb",
    partitions,
    retentionMs: 7 * day,
    table: { partitionBy: perHour, clusterBy: ["product_id", "side"] },
  },
  coinbase_bars_1s: {
    name: "coinbase_bars_1s",
    writtenBy: "ksqldb",
    partitions,
    retentionMs: 7 * day,
    table: { partitionBy: perDay, clusterBy: ["product_id"] },
  },
  coinbase_bars_1m: {
    name: "coinbase_bars_1m",
    writtenBy: "ksqldb",
    partitions,
    retentionMs: 7 * day,
    table: { partitionBy: perDay, clusterBy: ["product_id"] },
  },
} as const satisfies Record<string, Topic>;

type TopicName = keyof typeof topics;

/** The topics that the producer writes: those with a schema file. */
export type RawTopic = {
  [N in TopicName]: (typeof topics)[N]["writtenBy"] extends "producer" ? N : never;
}[TopicName];

export const catalog: readonly Topic[] = Object.values(topics);
export const rawTopics = catalog
  .filter((topic) => topic.writtenBy === "producer")
  .map((topic) => topic.name as RawTopic);
