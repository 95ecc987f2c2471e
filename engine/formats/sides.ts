/** How keys and values are written: keys in the format KAFKA, values in AVRO, https://docs.confluent.io/platform/current/ksqldb/reference/serialization.html */
import { bigint, type SqlType, type StructType, type Value } from "../language/types.ts";

export interface Column {
  readonly name: string;
  readonly type: SqlType;
}

/** The columns of a topic's values: the fields of an Avro record. */
export interface ValueSide {
  readonly columns: readonly Column[];
  /** Full name of the Avro record. */
  readonly schemaName: string;
}

/** The record that a value is. */
export function rootOf({ columns }: Pick<ValueSide, "columns">): StructType {
  return { base: "STRUCT", fields: columns };
}

/** Bytes of a number in a key. */
const lengths: Partial<Record<SqlType["base"], number>> = { INTEGER: 4, BIGINT: 8 };

/** Whether a key's column may have the type. */
export function isKeyType({ base }: SqlType): boolean {
  return base === "STRING" || base in lengths;
}

/** Reads a key as Kafka's own deserializers do. Throws if a number has another length. */
export function keyReader({ base }: SqlType): (bytes: Buffer) => Value {
  const length = lengths[base];
  return (bytes) => {
    if (length !== undefined && bytes.length !== length)
      throw new Error(`a ${base} of the format KAFKA has ${length} bytes, not ${bytes.length}`);
    if (base === "INTEGER") return bytes.readInt32BE();
    return base === "BIGINT" ? bigint(bytes.readBigInt64BE()) : bytes.toString("utf8");
  };
}
