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
  /** It holds what should not happen: few records, and each is bad news. */
  readonly isRare?: true;
  /** Written only without keys of the exchange: with them other topics contain all of it. */
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
const usual = { partitions: 6, retentionMs: 7 * day };

const perHour = (...clusterBy: string[]): Table => ({ partitionBy: { column: "time", width: "HOUR" }, clusterBy });
const perDay = (...clusterBy: string[]): Table => ({ partitionBy: { column: "time", width: "DAY" }, clusterBy });

/** Written by the producer: `<name>.avsc` has the shape. */
const raw = [
  { name: "coinbase_full", ...usual, table: perHour("product_id", "type") },
  { name: "coinbase_level2", ...usual },
  { name: "coinbase_ticker", ...usual, isKeyless: true, table: perHour("product_id") },
  {
    name: "feed_quarantine",
    partitions: 1,
    retentionMs: 30 * day,
    isRare: true,
    table: perHour("product_id", "reason"),
  },
] as const satisfies readonly Omit<Topic, "writtenBy">[];

/** Written by a statement in `ksqldb/`. */
const derived = [
  { name: "coinbase_trades", ...usual, table: perHour("product_id") },
  { name: "coinbase_book_changes", ...usual, table: perHour("product_id", "side") },
  { name: "coinbase_bars_1s", ...usual, table: perDay("product_id") },
  { name: "coinbase_bars_1m", ...usual, table: perDay("product_id") },
];

export type RawTopic = (typeof raw)[number]["name"];

export const rawTopics: readonly RawTopic[] = raw.map(({ name }) => name);
export const catalog: readonly Topic[] = [
  ...raw.map((topic) => ({ ...topic, writtenBy: "producer" as const })),
  ...derived.map((topic) => ({ ...topic, writtenBy: "ksqldb" as const })),
];
