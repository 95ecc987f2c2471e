/** A plan over one partition, executed one record at a time like Kafka Streams: filter, explode or aggregate, project. */
import type { Cause } from "../../topics/dropped.ts";
import type { Schemas, TopicRecord } from "../../topics/port.ts";
import type { Aggregation, Plan } from "../analysis/plan.ts";
import { pseudoColumns } from "../analysis/source.ts";
import { OutsideSubset, type Log, type Row, type Typed } from "../expressions/typed.ts";
import { avroWriter } from "../formats/avro-encoder.ts";
import { avroSchema } from "../formats/avro-schema.ts";
import { rootOf } from "../formats/sides.ts";
import type { Value } from "../language/types.ts";
import { Groups, type Group } from "./groups.ts";
import type { Read } from "./rows.ts";

/** Takes a row of the output; the bytes are copied before it returns. */
export type Emit = (timestamp: number, key: Buffer | null, value: Buffer | null) => void;

/** Takes what went wrong with a record or a column of it; ksqlDB writes such entries to its processing log and continues. */
export type ProcessingLog = (query: string, message: string) => void;

/** An error that ends a query on a server. The rows before it stay. */
export class QueryFailure extends Error {
  constructor(query: string, cause: unknown) {
    super(`${query}: ${(cause as Error).message}`, { cause });
  }
}

export interface Query {
  /**
   * Rows of groups are written by `commit`, unless there is no record cache. Returns the cause if the record was left
   * out; a record that WHERE filters out does not count.
   */
  process(read: Read, emit: Emit): Cause | undefined;
  /** Writes the last state of every group that has changed; true if any had. */
  commit(emit: Emit): boolean;
  /** Groups that `commit` would write. */
  readonly changed: number;
}

/** With `cached` the rows of groups wait for `commit`; otherwise each record writes one. */
export function newQuery(plan: Plan, schemas: Schemas, cached: boolean, processingLog: ProcessingLog): Query {
  const { sink, source, where, explode, aggregation } = plan;
  const log: Log = (message) => processingLog(sink.name, message);
  const writeValue = avroWriter(rootOf(sink.value), schemas.idOf(`${sink.topic}-value`, avroSchema(sink.value)));
  const fail = (error: unknown): never => {
    throw error instanceof OutsideSubset ? error : new QueryFailure(sink.name, error);
  };
  const project = columnsOf(plan, log);
  const place = source.value.columns.length + source.key.columns.length + pseudoColumns.length;

  const write: Write = (row, key, timestamp, emit) => {
    const values = project(row);
    let bytes: Buffer;
    try {
      bytes = writeValue(values);
    } catch (error) {
      log((error as Error).message);
      return fail(error);
    }
    emit(timestamp, key, bytes);
  };

  /** Undefined if it cannot be computed. */
  const passes = (row: Row): boolean | undefined => {
    if (where === undefined) return true;
    const verdict = attempt(where, row, undefined, log);
    if (verdict === null) fail(new Error("the condition of WHERE is NULL: compare it, as in flag = true"));
    return verdict as boolean | undefined;
  };

  const groups = aggregation && newGroups(plan, aggregation, cached, log, write, fail);
  return {
    process({ record, row, hasValue }, emit) {
      const { key, timestamp } = record;
      if (!hasValue) {
        // A tombstone has no columns: a filter and EXPLODE drop it, a plain projection passes it on.
        if (where !== undefined || explode.length > 0) return undefined;
        if (groups === undefined) emit(timestamp, key, null);
        if (aggregation?.window === undefined || key === null) return undefined;
        return fail(new Error("a record without value reached a windowed aggregation: WHERE must keep it out"));
      }
      const passed = passes(row);
      if (passed !== true) return passed === undefined ? "unprocessable" : undefined;
      if (groups !== undefined) return groups.process(row, record, emit);
      if (explode.length === 0) {
        write(row, key, timestamp, emit);
        return undefined;
      }
      const lists = explode.map((list) => (attempt(list, row, null, log) ?? []) as readonly Value[]);
      const rows = Math.max(...lists.map((list) => list.length));
      for (let i = 0; i < rows; i++) {
        for (let list = 0; list < lists.length; list++) row[place + list] = lists[list]![i] ?? null;
        write(row, key, timestamp, emit);
      }
      return undefined;
    },
    commit: (emit) => groups !== undefined && groups.commit(emit),
    get changed() {
      return groups?.changed ?? 0;
    },
  };
}

type Write = (row: Row, key: Buffer | null, timestamp: number, emit: Emit) => void;

function newGroups(
  { source }: Plan,
  aggregation: Aggregation,
  cached: boolean,
  log: Log,
  write: Write,
  fail: (error: unknown) => never,
) {
  const { args, window } = aggregation;
  const groups = new Groups(aggregation);
  const keyPlace = source.value.columns.length;
  // Filled for each record.
  const found: Value[] = args.map(() => null);

  const emitGroup = (one: Group, emit: Emit): void => {
    const row: Value[] = [one.key.value, ...(one.states as Value[])];
    if (window !== undefined) row.push(one.windowStart, one.windowStart + window.size);
    const key = window === undefined ? one.key.bytes : windowedKey(one.key.bytes, one.windowStart);
    write(row, key, one.timestamp, emit);
  };

  return {
    process(row: Row, { key, timestamp }: TopicRecord, emit: Emit): Cause | undefined {
      if (key === null) return "unprocessable";
      for (let i = 0; i < args.length; i++) found[i] = attempt(args[i]!, row, null, log);
      try {
        if (!groups.add(timestamp, key, row[keyPlace]!, found)) return "late";
      } catch (error) {
        fail(error);
      }
      if (!cached) for (const one of groups.takeChanged()) emitGroup(one, emit);
      return undefined;
    },
    commit(emit: Emit): boolean {
      const changed = groups.takeChanged();
      for (const one of changed) emitGroup(one, emit);
      return changed.length > 0;
    },
    get changed(): number {
      return groups.changed;
    },
  };
}

/** The key's bytes, then the window's start as 8 bytes, as Kafka Streams writes the keys of windowed tables. */
function windowedKey(key: Buffer, windowStart: number): Buffer {
  const bytes = Buffer.allocUnsafe(key.length + 8);
  key.copy(bytes);
  bytes.writeBigInt64BE(BigInt(windowStart), key.length);
  return bytes;
}

function attempt<T extends Value | undefined>({ evaluate }: Typed, row: Row, otherwise: T, log: Log): Value | T {
  try {
    return evaluate(row, log);
  } catch (error) {
    if (error instanceof OutsideSubset) throw error;
    log((error as Error).message);
    return otherwise;
  }
}

/** Evaluates the columns into one list that is used again for the next row. */
function columnsOf({ columns }: Plan, log: Log): (row: Row) => readonly Value[] {
  const values: Value[] = columns.map(() => null);
  const expressions = columns.map(({ typed }) => typed);
  return (row) => {
    for (let i = 0; i < expressions.length; i++) values[i] = attempt(expressions[i]!, row, null, log);
    return values;
  };
}
