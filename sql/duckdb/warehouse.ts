/**
 * The warehouse of the local platform: one DuckDB file with the tables of `schemas/tables.lock.json` and the views and
 * table functions of `sql/`. DuckDB lets one process have the file: that is the lock of the whole data directory.
 */
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { UserError } from "../../program/command.ts";
import { readTables, type Column, type TableShape } from "../../schemas/tables.ts";
import { readObjects } from "../objects.ts";
import { checkObjects } from "../style/object.ts";
import { columnTypes } from "./columns.ts";
import { warehouseFault } from "./faults.ts";
import { macros } from "./macros.ts";
import { translated } from "./transpile.ts";

/** The next offset of each partition, written in the transaction that writes the rows. */
export const offsetsTable = "_offsets";

/** A checkpoint rewrites what the write-ahead log has gathered: a high threshold is cheaper, and opening after a crash is still quick. */
const settings = { memory_limit: "2GB", checkpoint_threshold: "256MB" };

export interface Warehouse {
  /** Its file. */
  readonly path: string;
  /** A connection of its own for each task: a transaction is not visible to the others. */
  connect(): Promise<DuckDBConnection>;
  disconnect(connection: DuckDBConnection): void;
  /** Closes every connection and releases the file. */
  close(): void;
}

/**
 * Opens or creates the file. `threads`: how many DuckDB may use, by default all cores; a steady writer wants one, since
 * DuckDB's idle threads poll for work. Throws UserError when another process has the file, its tables are of
 * another shape, or it is damaged.
 */
export async function openWarehouse(path: string, threads?: number): Promise<Warehouse> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new UserError(
      `cannot create the data directory ${dirname(path)}: ${(error as Error).message}. Choose another with --data.`,
      { cause: error },
    );
  }
  const opening = open(path, threads === undefined ? {} : { threads: String(threads) }, async () => {});
  // The bodies are translated while DuckDB opens the file.
  const [opened, statements] = await Promise.allSettled([opening, objectStatements("")]);
  if (opened.status === "rejected") throw opened.reason;
  const warehouse = opened.value;
  try {
    if (statements.status === "rejected") throw statements.reason;
    const connection = await warehouse.connect();
    for (const table of readTables()) await createTable(connection, table, path);
    await connection.run(
      `CREATE TABLE IF NOT EXISTS ${offsetsTable} (topic VARCHAR, partition INTEGER, next BIGINT, PRIMARY KEY (topic, partition))`,
    );
    for (const statement of statements.value) await connection.run(statement);
    warehouse.disconnect(connection);
  } catch (error) {
    warehouse.close();
    throw warehouseFault(error, path, "prepare");
  }
  return warehouse;
}

/**
 * Opens a file to read, without writing anything: its disk may be full, its directory read-only, and others may read at
 * the same time. Only a file of an earlier version is upgraded first. Throws UserError as `openWarehouse` does.
 */
export async function openToRead(path: string): Promise<Warehouse> {
  const statements = await objectStatements("TEMP ");
  const options = {
    access_mode: "READ_ONLY",
    // By default DuckDB spills beside the file, where several readers would overwrite each other's data.
    temp_directory: join(tmpdir(), `tapeline-${process.pid}`),
  };
  const warehouse = await open(path, options, async (connection) => {
    for (const statement of statements) await connection.run(statement);
  });
  try {
    const connection = await warehouse.connect(false);
    let current = true;
    for (const table of readTables()) {
      const columns = await presentColumns(connection, table, path);
      current &&= columns === table.columns.length;
    }
    warehouse.disconnect(connection);
    if (current) return warehouse;
  } catch (error) {
    warehouse.close();
    throw warehouseFault(error, path, "read");
  }
  warehouse.close();
  return openWarehouse(path);
}

/** Up to which offset each partition's records are in the tables, by "topic/partition". */
export async function offsetsOf(warehouse: Warehouse): Promise<ReadonlyMap<string, number>> {
  const connection = await warehouse.connect();
  try {
    const result = await connection.runAndReadAll(`SELECT topic || '/' || partition, next FROM ${offsetsTable}`);
    return new Map((result.getRows() as [string, bigint][]).map(([partition, next]) => [partition, Number(next)]));
  } finally {
    warehouse.disconnect(connection);
  }
}

/** The offsets of a file whose tables may be of any shape. Throws UserError as `openWarehouse` does. */
export async function readOffsets(path: string): Promise<ReadonlyMap<string, number>> {
  const warehouse = await open(path, { access_mode: "READ_ONLY" }, async () => {});
  try {
    return await offsetsOf(warehouse);
  } catch (error) {
    throw warehouseFault(error, path, "read");
  } finally {
    warehouse.close();
  }
}

interface OpenWarehouse extends Warehouse {
  /** `equipped`: whether `equip` has been done for the connection. */
  connect(equipped?: boolean): Promise<DuckDBConnection>;
}

/** Opens a file; `equip` is done for each of its connections. */
async function open(
  path: string,
  options: Readonly<Record<string, string>>,
  equip: (connection: DuckDBConnection) => Promise<void>,
): Promise<OpenWarehouse> {
  let instance: DuckDBInstance;
  try {
    instance = await DuckDBInstance.create(path, { ...settings, ...options });
  } catch (error) {
    throw warehouseFault(error, path, "open");
  }
  const connections = new Set<DuckDBConnection>();
  return {
    path,
    async connect(equipped = true) {
      const connection = await instance.connect();
      connections.add(connection);
      await connection.run("SET TimeZone = 'UTC'");
      if (equipped) await equip(connection);
      return connection;
    },
    disconnect(connection) {
      connections.delete(connection);
      connection.closeSync();
    },
    /** DuckDB keeps the file, and its lock, until the last connection is closed. */
    close() {
      for (const connection of connections) connection.closeSync();
      connections.clear();
      instance.closeSync();
    },
  };
}

/** The statements that create the macros, views and table functions: in the file, or as "TEMP " for one connection. */
async function objectStatements(temp: "" | "TEMP "): Promise<string[]> {
  const made = checkObjects(readObjects()).checked.map((one) => {
    const { kind, name, arguments: taken } = one.object;
    const body = translated(one.source, one);
    return kind === "view"
      ? `CREATE OR REPLACE ${temp}VIEW ${name} AS ${body}`
      : `CREATE OR REPLACE ${temp}MACRO ${name}(${taken.map((argument) => argument.name).join(", ")}) AS TABLE ${body}`;
  });
  return [...macros.map((macro) => macro.replace("MACRO", `${temp}MACRO`)), ...made];
}

/** Creates a table, or appends the columns that its committed shape has gained. */
async function createTable(connection: DuckDBConnection, table: TableShape, path: string): Promise<void> {
  await connection.run(`CREATE TABLE IF NOT EXISTS ${table.name} (${table.columns.map(definition).join(", ")})`);
  for (const column of table.columns.slice(await presentColumns(connection, table, path))) {
    await connection.run(`ALTER TABLE ${table.name} ADD COLUMN "${column.name}" ${sqlType(column)}`);
  }
}

/** How many columns of its shape a table has. Throws UserError if one differs. */
async function presentColumns(connection: DuckDBConnection, table: TableShape, path: string): Promise<number> {
  const result = await connection.runAndReadAll(
    `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $1 ORDER BY column_index`,
    [table.name],
  );
  const present = result.getRows() as [name: string, type: string][];
  const unequal = present.find(([name, type], i) => {
    const column = table.columns[i];
    return (
      column === undefined ||
      column.name !== name ||
      sqlType(column) !== type.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
    );
  });
  if (unequal !== undefined) {
    throw new UserError(
      `${path}: the column ${unequal[0]} of ${table.name} differs from this version: choose another data directory with --data.`,
    );
  }
  return present.length;
}

function definition(column: Column): string {
  return `"${column.name}" ${sqlType(column)}${column.mode === "REQUIRED" ? " NOT NULL" : ""}`;
}

function sqlType(column: Column): string {
  return columnTypes[column.type].sql;
}
