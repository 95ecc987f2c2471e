/** Records to rows: the value's columns, then the key's, then ROWTIME, ROWPARTITION and ROWOFFSET. */
import type { Cause } from "../../topics/dropped.ts";
import { UnknownSchema, type TopicRecord } from "../../topics/port.ts";
import type { Source } from "../analysis/plan.ts";
import { compilePattern } from "../expressions/timestamp.ts";
import type { Log } from "../expressions/typed.ts";
import type { Column, Schemas } from "../formats/format.ts";
import { deserializer } from "../formats/formats.ts";
import { OutsideSubset } from "../functions/function.ts";
import type { Value } from "../language/types.ts";

/** A record as a row. Its list is longer where a query explodes lists behind it, each anew. */
export interface Read {
  readonly record: TopicRecord;
  /** Where the record has no value, nothing but the key's columns is there. */
  readonly row: Value[];
  readonly hasValue: boolean;
  readonly timestamp: number;
}

/** A cause for a record that ksqlDB skips: one that cannot be read, or has no time. */
export type ReadRow = (record: TopicRecord, log: Log) => Read | Cause;

/** `used`: the columns of the value that are read at all. */
export function rowReader(source: Source, used: Iterable<string>, partition: number, schemas: Schemas): ReadRow {
  const wanted = new Set(used);
  if (source.timestamp !== undefined) wanted.add(source.timestamp.name);
  const readValue = deserializer(source.value, schemas, wanted);
  const readKey = deserializer(source.key, schemas);
  const keys = source.key.columns;
  const timeOf = source.timestamp && timeReader(source, [...source.value.columns, ...keys]);
  return (record, log) => {
    let row: Value[];
    let hasValue: boolean;
    try {
      const values = record.value === null ? null : readValue(record.value);
      hasValue = values !== null;
      row = values ?? source.value.columns.map(() => null);
      const key = record.key === null || keys.length === 0 ? null : readKey(record.key);
      for (let i = 0; i < keys.length; i++) row.push(key === null ? null : key[i]!);
    } catch (error) {
      if (error instanceof OutsideSubset) throw error;
      log(`offset ${record.offset}: ${(error as Error).message}`);
      return error instanceof UnknownSchema ? "unknown_schema" : "unprocessable";
    }
    if (!hasValue) {
      row.push(null, null, null);
      return { record, row, hasValue, timestamp: record.timestamp };
    }
    const timestamp = timeOf === undefined ? record.timestamp : timeOf(row, record.offset, log);
    if (timestamp === undefined) return "unprocessable";
    row.push(timestamp, partition, record.offset);
    return { record, row, hasValue, timestamp };
  };
}

/** The time that WITH (TIMESTAMP = …) names, in milliseconds; undefined, and an entry in the log, where there is none. */
export function timeReader({ timestamp }: Pick<Source, "timestamp">, columns: readonly Column[]) {
  const { name, format } = timestamp!;
  const place = columns.findIndex((column) => column.name === name);
  const pattern = format === undefined ? undefined : compilePattern(format);
  return (values: readonly Value[], offset: number, log: Log): number | undefined => {
    try {
      const value = values[place]!;
      if (value === null) throw new Error("it is NULL");
      const time = pattern === undefined ? Number(value) : pattern.parse(value as string);
      if (time < 0) throw new Error("it is negative");
      return time;
    } catch (error) {
      if (error instanceof OutsideSubset) throw error;
      log(`offset ${offset}: no time in ${name}: ${(error as Error).message}`);
      return undefined;
    }
  };
}
