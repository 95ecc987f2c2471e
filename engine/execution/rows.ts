/** Records to rows: the value's columns, then the key, then ROWTIME, ROWPARTITION and ROWOFFSET. */
import type { Cause } from "../../topics/dropped.ts";
import { UnknownSchema, type Schemas, type TopicRecord } from "../../topics/port.ts";
import type { Source } from "../analysis/plan.ts";
import { OutsideSubset, type Log } from "../expressions/typed.ts";
import { avroReader } from "../formats/avro-decoder.ts";
import { keyReader, rootOf } from "../formats/sides.ts";
import type { Value } from "../language/types.ts";

/** A record as a row. A query that explodes lists appends their items to `row`, replacing those of the query before it. */
export interface Read {
  readonly record: TopicRecord;
  /** If the record has no value, all columns but the key are null. */
  readonly row: Value[];
  readonly hasValue: boolean;
}

/** A cause for a record that ksqlDB skips: one that cannot be read. */
export type ReadRow = (record: TopicRecord, log: Log) => Read | Cause;

/** `used`: the columns of the value that are read at all. */
export function rowReader(source: Source, used: Iterable<string>, partition: number, schemas: Schemas): ReadRow {
  const readValue = avroReader(rootOf(source.value), schemas, new Set(used));
  const readKey = keyReader(source.key.columns[0].type);
  return (record, log) => {
    try {
      const values = record.value === null ? null : (readValue(record.value) as Value[] | null);
      const row = values ?? source.value.columns.map(() => null);
      row.push(record.key === null ? null : readKey(record.key));
      if (values === null) row.push(null, null, null);
      else row.push(record.timestamp, partition, record.offset);
      return { record, row, hasValue: values !== null };
    } catch (error) {
      if (error instanceof OutsideSubset) throw error;
      log((error as Error).message);
      return error instanceof UnknownSchema ? "unknown_schema" : "unprocessable";
    }
  };
}
