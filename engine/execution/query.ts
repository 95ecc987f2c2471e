/**
 * A plan over one partition, executed one record at a time like Kafka Streams: filter, explode, group or partition anew,
 * project.
 */
import type { Cause } from "../../topics/dropped.ts";
import type { TopicRecord } from "../../topics/port.ts";
import type { Aggregation, Plan } from "../analysis/plan.ts";
import { pseudoColumns } from "../analysis/source.ts";
import type { Log, Row, Typed } from "../expressions/typed.ts";
import type { Schemas } from "../formats/format.ts";
import { OutsideSubset } from "../functions/function.ts";
import { serializer } from "../formats/formats.ts";
import { sameType, type Value } from "../language/types.ts";
import { Groups, type Group } from "./groups.ts";
import { timeReader, type Read } from "./rows.ts";

/** Takes a row of the output; the bytes are copied before it returns. */
export type Emit = (timestamp: number, key: Buffer | null, value: Buffer | null) => void;

/** What went wrong with a record or a column of it; ksqlDB writes such entries to its processing log and goes on. */
export type ProcessingLog = (query: string, message: string) => void;

/** What ends a query on a server. The rows before it stay. */
export class QueryFailure extends Error {
  constructor(query: string, cause: unknown) {
    super(`${query}: ${(cause as Error).message}`, { cause });
  }
}

export interface Query {
  /**
   * Rows of groups are written by `commit`, unless there is no record cache. Gives the cause why the record, or a row of
   * it, was left out; what WHERE keeps out is not left out.
   */
  process(read: Read, emit: Emit): Cause | undefined;
  /** Writes the last state of every group that has changed; true if any had. */
  commit(emit: Emit): boolean;
  /** Groups that `commit` would write. */
  readonly changed: number;
}

/** `cached`: rows of groups wait for `commit`; otherwise each record writes one. */
export function newQuery(plan: Plan, schemas: Schemas, cached: boolean, processingLog: ProcessingLog): Query {
  const { sink, source, where, explode, aggregation } = plan;
  const log: Log = (message) => processingLog(sink.name, message);
  const writeValue = serializer(sink.value, `${sink.topic}-value`, schemas);
  const writeKey = serializer(sink.key, `${sink.topic}-key`, schemas);
  const timeOf = sink.timestamp && timeReader(sink, [...sink.key.columns, ...sink.value.columns]);
  const fail = (error: unknown): never => {
    throw error instanceof OutsideSubset ? error : new QueryFailure(sink.name, error);
  };
  const project = columnsOf(plan, log);
  const place = source.value.columns.length + source.key.columns.length + pseudoColumns.length;
  // The bytes of a key that stays as it is are not read and written anew.
  const keepsKey =
    !plan.rekeyed &&
    source.key.format === "KAFKA" &&
    sink.key.format === "KAFKA" &&
    sameType(source.key.columns[0]!.type, sink.key.columns[0]!.type);

  const keyOf = (row: Row, record: TopicRecord): Buffer | null => {
    if (keepsKey) return record.key;
    if (sink.key.format === "NONE") return null;
    if (!plan.rekeyed && record.key === null) return null;
    return writeKey(plan.keys.map((key) => attempt(key, row, null, log)));
  };

  const write: Write = (row, key, timestamp, offset, emit) => {
    const values = project(row);
    let time: number | undefined = timestamp;
    if (timeOf !== undefined)
      time = timeOf([...plan.keys.map((column) => attempt(column, row, null, log)), ...values], offset, log);
    if (time === undefined) return "unprocessable";
    let bytes: Buffer | null;
    try {
      bytes = writeValue(values);
    } catch (error) {
      log((error as Error).message);
      return fail(error);
    }
    emit(time, key, bytes);
    return undefined;
  };

  const writeNothing: WriteNothing = (key, timestamp, emit) => {
    if (timeOf !== undefined)
      fail(new OutsideSubset("a record without value, and so without the column of its TIMESTAMP"));
    emit(timestamp, key, null);
  };

  /** Undefined where it cannot be computed. */
  const passes = (row: Row): boolean | undefined => {
    if (where === undefined) return true;
    const verdict = attempt(where, row, undefined, log);
    if (verdict === null) fail(new Error("the condition of WHERE is NULL: compare it, as in flag = true"));
    return verdict as boolean | undefined;
  };

  const groups = aggregation && newGroups(plan, aggregation, cached, log, { write, writeNothing }, writeKey, fail);
  return {
    process({ record, row, hasValue, timestamp }, emit) {
      if (!hasValue) {
        // A tombstone has no columns: a filter and EXPLODE drop it, a plain projection passes it on.
        if (where !== undefined || explode.length > 0) return undefined;
        if (groups === undefined) {
          writeNothing(keyOf(row, record), timestamp, emit);
          return undefined;
        }
        if (aggregation!.window === undefined || !aggregation!.byKey || record.key === null) return undefined;
        return fail(new Error("a record without value reached a windowed aggregation: WHERE must keep it out"));
      }
      const passed = passes(row);
      if (passed !== true) return passed === undefined ? "unprocessable" : undefined;
      if (groups !== undefined) return groups.process(row, record, timestamp, emit);
      if (explode.length === 0) return write(row, keyOf(row, record), timestamp, record.offset, emit);
      const lists = explode.map((list) => (attempt(list, row, null, log) ?? []) as readonly Value[]);
      const rows = Math.max(...lists.map((list) => list.length));
      const key = keyOf(row, record);
      let cause: Cause | undefined;
      for (let i = 0; i < rows; i++) {
        for (let list = 0; list < lists.length; list++) row[place + list] = lists[list]![i] ?? null;
        cause = write(row, key, timestamp, record.offset, emit) ?? cause;
      }
      return cause;
    },
    commit: (emit) => groups !== undefined && groups.commit(emit),
    get changed() {
      return groups?.changed ?? 0;
    },
  };
}

type WriteNothing = (key: Buffer | null, timestamp: number, emit: Emit) => void;
/** Gives the cause where the row has no time, and so was not written. */
type Write = (row: Row, key: Buffer | null, timestamp: number, offset: number, emit: Emit) => Cause | undefined;

function newGroups(
  { source, sink }: Plan,
  aggregation: Aggregation,
  cached: boolean,
  log: Log,
  { write, writeNothing }: { write: Write; writeNothing: WriteNothing },
  writeKey: (values: readonly Value[]) => Buffer | null,
  fail: (error: unknown) => never,
) {
  const { group, byKey, args, calls, having, window } = aggregation;
  const groups = new Groups(aggregation);
  // Filled anew for each record.
  const values: Value[] = group.map(() => null);
  const found: Value[] = args.map(() => null);
  const keepsKey = byKey && source.key.format === "KAFKA" && sink.key.format === "KAFKA";

  /** A row for the group's state; a tombstone where it passed HAVING before and does no more. */
  const emitGroup = (one: Group, emit: Emit): void => {
    const row = [...one.key.values, ...calls.map(({ aggregate }, i) => aggregate.result(one.states[i]))];
    if (window !== undefined) row.push(one.windowStart, one.windowStart + window.size);
    const key = window === undefined ? one.key.bytes : windowedKey(one.key.bytes, one.windowStart);
    const passed = having === undefined || attempt(having, row, false, log) === true;
    if (passed) write(row, key, one.timestamp, -1, emit);
    else if (one.passed) writeNothing(key, one.timestamp, emit);
    one.passed = passed;
  };

  return {
    process(row: Row, record: TopicRecord, timestamp: number, emit: Emit): Cause | undefined {
      let key = record.key;
      if (byKey && key === null) return "unprocessable";
      for (let i = 0; i < group.length; i++) {
        const value = attempt(group[i]!, row, undefined, log);
        if (value === null) log(`offset ${record.offset}: a grouping expression is NULL: the record is left out`);
        if (value === null || value === undefined) return "unprocessable";
        values[i] = value;
      }
      if (!keepsKey) key = writeKey(values);
      for (let i = 0; i < args.length; i++) found[i] = attempt(args[i]!, row, null, log);
      try {
        if (!groups.add(timestamp, key!, values, found)) return "late";
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
