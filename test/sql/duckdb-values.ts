/** Queries in BigQuery's dialect, run on DuckDB through the translation. */
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { macros } from "../../sql/duckdb/macros.ts";
import { toDuckDb } from "../../sql/duckdb/transpile.ts";

let opened: Promise<DuckDBConnection> | undefined;

/** A database in memory with the macros, shared by the tests of a file. */
async function connection(): Promise<DuckDBConnection> {
  opened ??= (async () => {
    const fresh = await (await DuckDBInstance.create(":memory:")).connect();
    await fresh.run("SET TimeZone = 'UTC'");
    for (const macro of macros) await fresh.run(macro);
    return fresh;
  })();
  return opened;
}

/** The rows of a query, every value as text. `setting`: of DuckDB, while it runs. */
export async function valuesOf(query: string, setting?: string): Promise<string[][]> {
  const duckdb = await connection();
  if (setting !== undefined) await duckdb.run(`SET ${setting}`);
  const result = await duckdb.runAndReadAll(toDuckDb(query, "x.sql"));
  if (setting !== undefined) await duckdb.run(`RESET ${setting.split(" ")[0]}`);
  return result.getRows().map((row) => row.map(String));
}
