/**
 * The warehouse of the local platform: one DuckDB file with the tables of `schemas/tables.lock.json` and the views and
 * table functions of `sql/`. DuckDB lets one process have the file: that is the lock of the whole data directory.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { UserError } from "../../command.ts";
import { readTables, type Column, type TableShape } from "../../schemas/tables.ts";
import { readObjects } from "../objects.ts";
import { relationsOf } from "../style/object.ts";
import { columnTypes } from "./columns.ts";
import { macros } from "./macros.ts";
import { objectToDuckDb } from "./transpile.ts";

/** How far each partition's records are in the tables: written in the transaction that writes the rows. */
export const offsetsTable = "_offsets";

/** A checkpoint rewrites what the write-ahead log has gathered: seldom is cheaper, and opening after a crash still quick. */
const settings = { memory_limit: "2GB", checkpoint_threshold: "256MB" };

export interface Warehouse {
  /** A connection of its own for each task: what one does in a transaction the others do not see. */
  connect(): Promise<DuckDBConnection>;
  disconnect(connection: DuckDBConnection): void;
  /** Closes every connection and gives the file free. */
  close(): void;
}

/**
 * Opens or creates the file. `threads`: how many DuckDB may use, by default all cores; who writes all the time wants one,
 * since DuckDB's idle threads look for work busily. Throws UserError when another process has the file or its tables are
 * of another shape.
 */
export async function openWarehouse(path: string, threads?: number): Promise<Warehouse> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new UserError(
      `can not make the data directory ${dirname(path)}: ${(error as Error).message}. Choose another with --data.`,
      { cause: error },
    );
  }
  const instance = await open(path, threads);
  const connections = new Set<DuckDBConnection>();
  const connect = async () => {
    const connection = await instance.connect();
    connections.add(connection);
    await connection.run("SET TimeZone = 'UTC'");
    return connection;
  };
  try {
    const connection = await connect();
    for (const table of readTables()) await createTable(connection, table, path);
    await connection.run(
      `CREATE TABLE IF NOT EXISTS ${offsetsTable} (topic VARCHAR, partition INTEGER, next BIGINT, PRIMARY KEY (topic, partition))`,
    );
    for (const macro of macros) await connection.run(macro);
    const objects = readObjects();
    const relations = relationsOf(objects);
    for (const object of objects) {
      const body = objectToDuckDb(object, relations);
      const names = object.arguments.map(({ name }) => name).join(", ");
      await connection.run(
        object.kind === "view"
          ? `CREATE OR REPLACE VIEW ${object.name} AS ${body}`
          : `CREATE OR REPLACE MACRO ${object.name}(${names}) AS TABLE ${body}`,
      );
    }
    disconnect(connection);
  } catch (error) {
    close();
    if (error instanceof UserError) throw error;
    throw new UserError(`can not prepare ${path}: ${(error as Error).message}`, { cause: error });
  }
  return { connect, disconnect, close };

  function disconnect(connection: DuckDBConnection): void {
    connections.delete(connection);
    connection.closeSync();
  }

  /** DuckDB keeps the file, and its lock, until the last connection is closed. */
  function close(): void {
    for (const connection of connections) connection.closeSync();
    instance.closeSync();
  }
}

/** The file is another process's: a platform that runs, or one that is just starting or stopping. */
export class InUseError extends UserError {}

async function open(path: string, threads: number | undefined): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path, {
      ...settings,
      ...(threads === undefined ? {} : { threads: String(threads) }),
    });
  } catch (error) {
    const { message } = error as Error;
    const holder = /PID (\d+)/.exec(message)?.[1];
    if (/lock/i.test(message)) {
      throw new InUseError(
        `the data directory ${dirname(path)} is in use by another process${holder ? ` (${holder})` : ""}: wait for its end or stop it, or choose another with --data.`,
        { cause: error },
      );
    }
    throw new UserError(`can not open ${path}: ${message}`, { cause: error });
  }
}

/** Creates a table, or appends the columns that its committed shape has gained. */
async function createTable(connection: DuckDBConnection, table: TableShape, path: string): Promise<void> {
  await connection.run(`CREATE TABLE IF NOT EXISTS ${table.name} (${table.columns.map(definition).join(", ")})`);
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
      `${path}: the column ${unequal[0]} of ${table.name} is not as this version has it: choose another data directory with --data.`,
    );
  }
  for (const column of table.columns.slice(present.length)) {
    await connection.run(`ALTER TABLE ${table.name} ADD COLUMN "${column.name}" ${sqlType(column)}`);
  }
}

function definition(column: Column): string {
  return `"${column.name}" ${sqlType(column)}${column.mode === "REQUIRED" ? " NOT NULL" : ""}`;
}

function sqlType(column: Column): string {
  return columnTypes[column.type].sql;
}
