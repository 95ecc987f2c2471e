/** How the key or the value of a record is written: https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html */
import type { Schemas as PortSchemas } from "../../topics/port.ts";
import type { SqlType, Value } from "../language/types.ts";

export type FormatName = "AVRO" | "JSON" | "KAFKA" | "DELIMITED" | "NONE";

export interface Column {
  readonly name: string;
  readonly type: SqlType;
}

/** The key or the value of a topic. */
export interface Side {
  readonly format: FormatName;
  readonly columns: readonly Column[];
  /** A single column stands without a record around it. Always so in a key of one column. */
  readonly unwrapped: boolean;
  /** Between the fields of DELIMITED. */
  readonly delimiter: string;
  /** Full name of the Avro record. */
  readonly schemaName: string;
}

/** The type of what stands in a record: the only column, or all of them as a struct. */
export function rootOf({ columns, unwrapped }: Side): SqlType {
  return unwrapped ? columns[0]!.type : { base: "STRUCT", fields: columns };
}

/**
 * Values in the order of the columns; null for bytes that say NULL: a record without value. Throws where the bytes are not
 * what the columns say; ksqlDB skips such a record.
 */
export type Deserialize = (bytes: Buffer) => Value[] | null;

/** What it returns may be valid until the next call only. Null: nothing is written, as for a column that is NULL and unwrapped. */
export type Serialize = (values: readonly Value[]) => Buffer | null;

/** Schemas as a registry gives them. */
export interface Schemas extends PortSchemas {
  /** The latest of a subject; undefined where there is none, or nothing is inferred. */
  latest?(subject: string): object | undefined;
}
