/**
 * From the log to the tables: what the BigQuery sink does in the cloud. Rows and their offsets are committed
 * together, so that after a crash no record is missing or there twice.
 */
import { DuckDBDataChunk, type DuckDBConnection, type DuckDBType } from "@duckdb/node-api";
import bindings from "@duckdb/node-bindings";
import type { Dropped, Tally } from "../../topics/dropped.ts";
import type { AvroRecord } from "../../schemas/avro.ts";
import { readTables, type TableShape } from "../../schemas/tables.ts";
import { UnknownSchema, type PartitionReader, type TopicRecord, type Topics } from "../../topics/port.ts";
import { schemaIdOf } from "../../topics/wire.ts";
import { rowReader } from "./avro-rows.ts";
import { columnTypes, vectorRows, type Column } from "./columns.ts";
import { warehouseFault } from "./faults.ts";
import { offsetsOf, offsetsTable, type Warehouse } from "./warehouse.ts";

/** How much of a partition is read at a time: a commit costs milliseconds, whatever its size. */
const stepBytes = 1024 * 1024;

interface Task {
  readonly table: TableWriter;
  readonly topic: string;
  readonly partition: number;
  readonly source: PartitionReader;
  readonly tally: Tally;
  next: number;
}

/** The name under which the tables count what they leave out. */
const countedAs = "warehouse";

export class Ingest {
  readonly #path: string;
  readonly #connection: DuckDBConnection;
  readonly #tables: readonly TableWriter[];
  readonly #tasks: readonly Task[];
  readonly #dropped: Dropped;
  #commit: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    connection: DuckDBConnection,
    tables: readonly TableWriter[],
    tasks: readonly Task[],
    dropped: Dropped,
  ) {
    this.#dropped = dropped;
    this.#path = path;
    this.#connection = connection;
    this.#tables = tables;
    this.#tasks = tasks;
  }

  /** Continues where the committed offsets end. What cannot be read is counted in `dropped`. */
  static async start(
    warehouse: Warehouse,
    topics: Pick<Topics, "partitions" | "schemas">,
    dropped: Dropped,
  ): Promise<Ingest> {
    const connection = await warehouse.connect();
    const offsets = await offsetsOf(warehouse);
    const tables = readTables().map((shape) => new TableWriter(shape, (id) => topics.schemas.byId(id)));
    const tasks = tables.flatMap((table) =>
      topics.partitions(table.name).map((source, partition): Task => {
        const next = offsets.get(`${table.name}/${partition}`) ?? 0;
        const tally = dropped.tally(countedAs, table.name, partition);
        source.skipTo(Math.max(next, tally.upTo));
        return { table, topic: table.name, partition, source, tally, next };
      }),
    );
    return new Ingest(warehouse.path, connection, tables, tasks, dropped);
  }

  /** Records that wait to become rows. */
  get lag(): number {
    return this.#tasks.reduce((lag, task) => lag + Math.max(task.source.end - task.next, 0), 0);
  }

  /**
   * Takes a stretch of every partition that has something new and starts to commit it; the number of its rows. The commit
   * before is awaited, this one continues while the caller does something else: `settled` awaits it.
   */
  async step(): Promise<number> {
    const read: Task[] = [];
    for (const task of this.#tasks) {
      const records = task.source.read(task.next, stepBytes);
      if (records.length === 0) continue;
      for (const record of records) {
        const fault = task.table.add(record);
        if (fault !== undefined)
          task.tally.add(
            fault instanceof UnknownSchema ? "unknown_schema" : "unprocessable",
            record.offset,
            fault.message,
          );
      }
      task.next = records.at(-1)!.offset + 1;
      read.push(task);
    }
    for (const table of this.#tables) table.seal();
    await this.settled();
    if (read.length === 0) return 0;
    this.#dropped.save();
    try {
      return await this.#write(read);
    } catch (error) {
      throw this.#fault(error);
    }
  }

  /** Resolves when everything that was taken is committed. Throws UserError when the disk refuses. */
  async settled(): Promise<void> {
    try {
      await this.#commit;
    } catch (error) {
      throw this.#fault(error);
    }
  }

  #fault(error: unknown): Error {
    return warehouseFault(error, this.#path, "write to");
  }

  /** Begins a transaction with the sealed rows and their offsets; its commit is not awaited. */
  async #write(read: readonly Task[]): Promise<number> {
    await this.#connection.run("BEGIN");
    let rows = 0;
    for (const table of this.#tables) rows += await table.write(this.#connection);
    const values = read.map(({ topic, partition, next }) => `('${topic}', ${partition}, ${next})`).join(", ");
    await this.#connection.run(`INSERT OR REPLACE INTO ${offsetsTable} VALUES ${values}`);
    this.#commit = this.#connection.run("COMMIT");
    // A failure is thrown where the commit is awaited.
    this.#commit.catch(() => {});
    return rows;
  }
}

/** Collects rows by column, a chunk at a time, and appends them to a table. */
class TableWriter {
  readonly name: string;
  readonly #types: readonly DuckDBType[];
  readonly #columns: readonly Column[];
  readonly #read: (value: Buffer, row: number) => void;
  #chunks: DuckDBDataChunk[] = [];
  #row = 0;
  #rows = 0;

  constructor(shape: TableShape, schemaById: (id: number) => object) {
    this.name = shape.name;
    this.#types = shape.columns.map(({ type }) => columnTypes[type].type);
    const columns = new Map(shape.columns.map(({ name, type }) => [name, columnTypes[type].newColumn()]));
    this.#columns = [...columns.values()];
    const readers = new Map<number, ReturnType<typeof rowReader>>();
    this.#read = (value, row) => {
      const id = schemaIdOf(value);
      let reader = readers.get(id);
      if (reader === undefined) readers.set(id, (reader = rowReader(schemaById(id) as AvroRecord, columns)));
      reader(value, row);
    };
  }

  /** Adds the row of a record, or returns why it cannot; a tombstone has none. The value must not change until `seal`. */
  add({ value }: TopicRecord): Error | undefined {
    if (value === null) return undefined;
    try {
      this.#read(value, this.#row);
    } catch (error) {
      for (const column of this.#columns) column.clear(this.#row);
      return error as Error;
    }
    if (++this.#row === vectorRows) this.seal();
    return undefined;
  }

  /** Moves what was added into a chunk of its own. */
  seal(): void {
    if (this.#row === 0) return;
    const chunk = DuckDBDataChunk.create(this.#types, this.#row);
    this.#columns.forEach((column, i) => column.moveTo(bindings.data_chunk_get_vector(chunk.chunk, i), this.#row));
    this.#chunks.push(chunk);
    this.#rows += this.#row;
    this.#row = 0;
  }

  /** Appends the sealed chunks; the number of their rows. */
  async write(connection: DuckDBConnection): Promise<number> {
    const rows = this.#rows;
    if (rows === 0) return 0;
    const appender = await connection.createAppender(this.name);
    for (const chunk of this.#chunks) appender.appendDataChunk(chunk);
    appender.closeSync();
    this.#chunks = [];
    this.#rows = 0;
    return rows;
  }
}
