/** What the analyser makes of the statements: every name resolved, every type known, every fault of the user's found. */
import type { CompareOperator } from "./ast.ts";
import type { SqlType } from "./types.ts";

export interface Column {
  readonly name: string;
  readonly type: SqlType;
}

/** A stream: a topic with the columns of its value. All streams here are keyed by one string (KEY_FORMAT 'KAFKA'). */
export interface Stream {
  readonly name: string;
  readonly topic: string;
  readonly key: string;
  readonly columns: readonly Column[];
  /** Full name of the value's Avro record, as ksqlDB registers it. */
  readonly schemaName: string;
}

/** A column of a derived stream, and where it comes from. */
export interface OutputColumn extends Column {
  readonly expression: PlannedExpression;
  /** The comment behind it in the statement. */
  readonly comment: string | undefined;
  /** The source's column that it passes through, if it does nothing else. */
  readonly passes: string | undefined;
}

/** A running statement: filter the source, explode its lists, project, write. */
export interface Plan {
  readonly file: string;
  readonly description: string;
  readonly source: Stream;
  readonly sink: Stream;
  readonly columns: readonly OutputColumn[];
  readonly where: PlannedExpression | undefined;
  /** Lists that are exploded side by side, the shorter ones padded with NULL; none: one row a record. */
  readonly explode: readonly PlannedExpression[];
  /** Values of PARTITIONS, RETENTION_MS and the other properties, as the statement gives them. */
  readonly properties: ReadonlyMap<string, string | number>;
}

export type ScalarFunction = "AS_VALUE" | "ARRAY_LENGTH" | "GENERATE_SERIES";

export type PlannedExpression = { readonly type: SqlType } & (
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "key" }
  | { readonly kind: "column"; readonly name: string }
  /** The element of an exploded list for this row. */
  | { readonly kind: "exploded"; readonly list: number }
  | { readonly kind: "call"; readonly name: ScalarFunction; readonly args: readonly PlannedExpression[] }
  | { readonly kind: "subscript"; readonly array: PlannedExpression; readonly index: PlannedExpression }
  | {
      readonly kind: "case";
      readonly whens: readonly { condition: PlannedExpression; result: PlannedExpression }[];
      readonly otherwise: PlannedExpression | undefined;
    }
  | {
      readonly kind: "compare";
      readonly op: CompareOperator;
      readonly left: PlannedExpression;
      readonly right: PlannedExpression;
    }
  | {
      readonly kind: "logic";
      readonly op: "AND" | "OR";
      readonly left: PlannedExpression;
      readonly right: PlannedExpression;
    }
  | { readonly kind: "not"; readonly operand: PlannedExpression }
  | { readonly kind: "isNull"; readonly operand: PlannedExpression; readonly negated: boolean }
);
