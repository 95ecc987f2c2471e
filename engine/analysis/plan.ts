/** The result of the analysis: every name resolved, every type known, every fault of a statement found. */
import type { CreateAs } from "../language/ast.ts";
import type { Typed } from "../expressions/typed.ts";
import type { Column, ValueSide } from "../formats/sides.ts";
import type { Aggregate } from "../functions/aggregates.ts";

/** A stream or a table: a topic, and the columns of its key and its value. */
export interface Source {
  readonly kind: "stream" | "table";
  readonly name: string;
  readonly topic: string;
  /** Always one column. */
  readonly key: { readonly columns: readonly [Column] };
  readonly value: ValueSide;
  /** Milliseconds of the window whose start follows the key's bytes. */
  readonly windowSize: number | undefined;
  /** Values of PARTITIONS, RETENTION_MS and the other properties, as the statement gives them. */
  readonly properties: ReadonlyMap<string, string>;
  readonly file: string;
}

/** A column of a derived stream or table, and where it comes from. */
export interface OutputColumn extends Column {
  readonly typed: Typed;
  /** The comment behind it in the statement. */
  readonly comment: string | undefined;
}

/**
 * A running statement: filter the source, explode its lists or aggregate, project, write. The key of a record stays.
 *
 * A row of the source is its value's columns, then its key, then ROWTIME, ROWPARTITION and ROWOFFSET, then what its lists
 * explode into.
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
  /** Lists that are exploded side by side, the shorter ones padded with NULL; none: one row per record. */
  readonly explode: readonly Typed[];
  readonly columns: readonly OutputColumn[];
  readonly aggregation: Aggregation | undefined;
}

/** A row of the result, which the columns are evaluated on, is the key, the aggregates, WINDOWSTART and WINDOWEND. */
export interface Aggregation {
  /** Arguments of the aggregates, each computed once per record. */
  readonly args: readonly Typed[];
  readonly calls: readonly { readonly aggregate: Aggregate; readonly args: readonly number[] }[];
  readonly window: Window | undefined;
}

/** A tumbling window, in milliseconds. */
export interface Window {
  readonly size: number;
  readonly grace: number;
  readonly retention: number;
}
