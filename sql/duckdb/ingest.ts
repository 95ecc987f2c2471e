/**
 * From the log to the tables: what the BigQuery sink does in the cloud. Rows and the offsets up to which they answer are
 * committed together, so that after a crash no record is missing or there twice.
 */
import { DuckDBDataChunk, DuckDBTimestampTZValue, type DuckDBConnection, type DuckDBValue } from "@duckdb/node-api";
import avsc from "avsc";
import { readTables, type Column, type TableShape } from "../../schemas/tables.ts";
import { headerLength, schemaIdOf, type TopicRecord } from "../../schemas/wire.ts";
import { offsetsTable } from "./warehouse.ts";

/** One partition of a topic, to read from. */
export interface IngestPartition {
  /** The offset after the last stored record. */
  readonly end: number;
  read(from: number, maxBytes: number): TopicRecord[];
  /** Gives the next record at least this offset: the log may have lost records that were read before a power failure. */
  skipTo(offset: number): void;
}

/** The topics that the ingest is handed. */
export interface IngestTopics {
  partitions(topic: string): readonly IngestPartition[];
  schemaById(id: number): object;
}

/** How much of a partition is read at a time. */
const stepBytes = 256 * 1024;

/** Rows of a DuckDB vector. */
const chunkRows = 2048;

interface Task {
  readonly table: TableWriter;
  readonly topic: string;
  readonly partition: number;
  readonly source: IngestPartition;
  next: number;
}

export class Ingest {
  readonly #connection: DuckDBConnection;
  readonly #tables: readonly TableWriter[];
  readonly #tasks: readonly Task[];

  private constructor(connection: DuckDBConnection, tables: readonly TableWriter[], tasks: readonly Task[]) {
    this.#connection = connection;
    this.#tables = tables;
    this.#tasks = tasks;
  }

  /** Goes on where the committed offsets end. The connection is the ingest's own from now on. */
  static async start(connection: DuckDBConnection, topics: IngestTopics): Promise<Ingest> {
    const rows = (await connection.runAndReadAll(`SELECT topic || '/' || partition, next FROM ${offsetsTable}`)).getRows() as [string, bigint][];
    const offsets = new Map(rows);
    const tables = readTables().map((shape) => new TableWriter(shape, (id) => topics.schemaById(id)));
    const tasks = tables.flatMap((table) =>
      topics.partitions(table.name).map((source, partition): Task => {
        const next = Number(offsets.get(`${table.name}/${partition}`) ?? 0);
        source.skipTo(next);
        return { table, topic: table.name, partition, source, next };
      }),
    );
    return new Ingest(connection, tables, tasks);
  }

  /** Records that wait to become rows. */
  get lag(): number {
    return this.#tasks.reduce((lag, task) => lag + Math.max(task.source.end - task.next, 0), 0);
  }

  /** Commits a stretch of every partition that has something new; the number of rows. */
  async step(): Promise<number> {
    const read: Task[] = [];
    for (const task of this.#tasks) {
      const records = task.source.read(task.next, stepBytes);
      if (records.length === 0) continue;
      for (const record of records) task.table.add(record);
      task.next = records.at(-1)!.offset + 1;
      read.push(task);
    }
    if (read.length === 0) return 0;
    let rows = 0;
    await this.#connection.run("BEGIN");
    for (const table of this.#tables) rows += await table.write(this.#connection);
    for (const { topic, partition, next } of read) {
      await this.#connection.run(`INSERT OR REPLACE INTO ${offsetsTable} VALUES ($1, $2, $3)`, [topic, partition, BigInt(next)]);
    }
    await this.#connection.run("COMMIT");
    return rows;
  }
}

type Fields = Record<string, string | number | boolean | null>;

/** Collects rows by column and appends them to a table. */
class TableWriter {
  readonly name: string;
  readonly #columns: readonly { name: string; toDuckDb: (value: string | number | boolean) => DuckDBValue; values: DuckDBValue[] }[];
  readonly #decode: (value: Buffer) => Fields;
  #rows = 0;

  constructor(shape: TableShape, schemaById: (id: number) => object) {
    this.name = shape.name;
    this.#columns = shape.columns.map(({ name, type }) => ({ name, toDuckDb: conversions[type], values: [] }));
    const readers = new Map<number, avsc.Type>();
    this.#decode = (value) => {
      const id = schemaIdOf(value);
      let type = readers.get(id);
      if (type === undefined) readers.set(id, (type = avsc.Type.forSchema(schemaById(id) as avsc.Schema)));
      return (type.decode(value, headerLength) as { value: Fields }).value;
    };
  }

  /** A tombstone is no row. */
  add({ value }: TopicRecord): void {
    if (value === null) return;
    const fields = this.#decode(value);
    for (const { name, toDuckDb, values } of this.#columns) {
      const field = fields[name];
      values.push(field === null || field === undefined ? null : toDuckDb(field));
    }
    this.#rows++;
  }

  async write(connection: DuckDBConnection): Promise<number> {
    const rows = this.#rows;
    if (rows === 0) return 0;
    const appender = await connection.createAppender(this.name);
    const types = this.#columns.map((_, i) => appender.columnType(i));
    for (let at = 0; at < rows; at += chunkRows) {
      const chunk = DuckDBDataChunk.create(types, Math.min(chunkRows, rows - at));
      chunk.setColumns(this.#columns.map(({ values }) => values.slice(at, at + chunkRows)));
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
    appender.closeSync();
    for (const column of this.#columns) column.values.length = 0;
    this.#rows = 0;
    return rows;
  }
}

const conversions: Record<Column["type"], (value: string | number | boolean) => DuckDBValue> = {
  STRING: (value) => value,
  BOOL: (value) => value,
  FLOAT64: (value) => value,
  INT64: (value) => BigInt(value),
  TIMESTAMP: (value) => new DuckDBTimestampTZValue(BigInt(value)),
};
