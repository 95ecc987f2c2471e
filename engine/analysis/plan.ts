/** What the analyser makes of the statements: every name resolved, every type known, every fault of the user's found. */
import type { CreateAs } from "../language/ast.ts";
import type { Typed } from "../expressions/typed.ts";
import type { Column, FormatName, Side } from "../formats/format.ts";
import type { Aggregate } from "../functions/aggregates.ts";

/** A stream or a table: a topic, and the columns of its key and its value. */
export interface Source {
  readonly kind: "stream" | "table";
  readonly name: string;
  readonly topic: string;
  readonly key: Side;
  /** The format that a statement which reads this gives its key, unless it says otherwise: also where there is no key here. */
  readonly keyFormat: FormatName;
  readonly value: Side;
  /** The column that a record's time is taken from, instead of the record's own. */
  readonly timestamp: TimestampColumn | undefined;
  /** Milliseconds of the window whose start follows the key's bytes. */
  readonly windowSize: number | undefined;
  /** Values of PARTITIONS, RETENTION_MS and the other properties, as the statement gives them. */
  readonly properties: ReadonlyMap<string, string>;
  readonly file: string;
}

export interface TimestampColumn {
  readonly name: string;
  /** Of a STRING: a pattern of java.time. */
  readonly format: string | undefined;
}

/** A column of a derived stream or table, and where it comes from. */
export interface OutputColumn extends Column {
  readonly typed: Typed;
  /** The comment behind it in the statement. */
  readonly comment: string | undefined;
}

/**
 * A running statement: filter the source, explode its lists, group or partition anew, project, write.
 *
 * A row of the source is its value's columns, then its key's, then ROWTIME, ROWPARTITION and ROWOFFSET, then what its
 * lists explode into.
 */
export interface Plan {
  readonly file: string;
  readonly description: string;
  readonly statement: CreateAs;
  readonly source: Source;
  readonly sink: Source;
  /** Columns of the source's value that are read at all. */
  readonly used: ReadonlySet<string>;
  readonly where: Typed | undefined;
  /** Lists that are exploded side by side, the shorter ones padded with NULL; none: one row a record. */
  readonly explode: readonly Typed[];
  /** The key: of a partitioned stream evaluated also where a record has no value. */
  readonly keys: readonly Typed[];
  readonly columns: readonly OutputColumn[];
  /** Whether a record may have another key than its source's: it may belong to another partition then. */
  readonly rekeyed: boolean;
  readonly aggregation: Aggregation | undefined;
}

/**
 * A row of the result is the grouping expressions, then the aggregates, then WINDOWSTART and WINDOWEND; keys, columns and
 * HAVING are evaluated on it.
 */
export interface Aggregation {
  readonly group: readonly Typed[];
  /** Grouped by the key as it is: no record changes its partition. */
  readonly byKey: boolean;
  /** Arguments of the aggregates, each computed once a record. */
  readonly args: readonly Typed[];
  readonly calls: readonly { readonly aggregate: Aggregate; readonly args: readonly number[] }[];
  readonly having: Typed | undefined;
  readonly window: Window | undefined;
}

/** A tumbling window, in milliseconds. */
export interface Window {
  readonly size: number;
  readonly grace: number;
  readonly retention: number;
}
