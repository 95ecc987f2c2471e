/**
 * A plan, executed one record at a time like Kafka Streams: filter, explode, project. Every row inherits the key and
 * the timestamp of its record.
 */
import type { TopicRecord } from "../../schemas/wire.ts";
import type { Plan, PlannedExpression } from "../language/plan.ts";
import { compile, type Evaluate, type Row, type Value } from "./expressions.ts";
import { valueReader, valueWriter } from "./serde.ts";

/** Takes a row of the output; the bytes are copied before it returns. */
export type EmitRow = (timestamp: number, key: Buffer | null, value: Buffer | null) => void;

/** Schema ids, as the registry of the platform gives them. */
export interface Schemas {
  byId(id: number): object;
  idOf(subject: string, schema: object): number;
}

/** What went wrong with a record or a column of it; ksqlDB writes such entries to its processing log and goes on. */
export type ProcessingLog = (query: string, message: string) => void;

const nothingExploded: readonly Value[] = [];

export function compileQuery(plan: Plan, schemas: Schemas, schemaId: number, log: ProcessingLog) {
  const read = valueReader(usedColumns(plan), (id) => schemas.byId(id));
  const write = valueWriter(plan.sink, schemaId);
  const where = plan.where && compile(plan.where);
  const explode = plan.explode.map(compile);
  const project = plan.columns.map((column) => ({ name: column.name, evaluate: compile(column.expression) }));
  const attempt = (evaluate: Evaluate, row: Row, otherwise: Value): Value => {
    try {
      return evaluate(row);
    } catch (error) {
      log(plan.sink.name, (error as Error).message);
      return otherwise;
    }
  };
  const blank = Object.fromEntries(plan.columns.map(({ name }) => [name, null as Value]));

  return function process(record: TopicRecord, emit: EmitRow): void {
    // A tombstone has no columns: every filter and every EXPLODE drops it, a plain projection passes it on.
    if (record.value === null) {
      if (where === undefined && explode.length === 0) emit(record.timestamp, record.key, null);
      return;
    }
    const columns = read(record.value);
    if (columns === undefined)
      return log(plan.sink.name, `offset ${record.offset}: the value is not of its writer's schema`);
    const key = record.key === null ? null : record.key.toString();
    const row: Row = { key, columns, exploded: nothingExploded };
    if (where !== undefined && attempt(where, row, false) !== true) return;
    if (explode.length === 0) return emitRow(row);
    const lists = explode.map((list) => (attempt(list, row, null) ?? []) as readonly Value[]);
    const rows = Math.max(...lists.map((list) => list.length));
    for (let i = 0; i < rows; i++) emitRow({ key, columns, exploded: lists.map((list) => list[i] ?? null) });

    function emitRow(output: Row): void {
      const values = { ...blank };
      for (const { name, evaluate } of project) values[name] = attempt(evaluate, output, null);
      emit(record.timestamp, record.key, write(values));
    }
  };
}

/** The source's columns that a plan reads. */
function usedColumns(plan: Plan): Plan["source"]["columns"] {
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const expression = value as PlannedExpression;
    if (expression.kind === "column") used.add(expression.name);
    for (const part of Object.values(value)) visit(part);
  };
  visit([plan.where, plan.explode, plan.columns.map((column) => column.expression)]);
  return plan.source.columns.filter((column) => used.has(column.name));
}
