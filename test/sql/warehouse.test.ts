import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { readTables } from "../../schemas/tables.ts";
import { openWarehouse } from "../../sql/duckdb/warehouse.ts";
import { newFolder } from "../folder.ts";

/** Makes a warehouse, changes it as an older or another version would have it, and opens it again. */
async function reopened(change: string): Promise<string[]> {
  const path = join(newFolder(), "warehouse.duckdb");
  (await openWarehouse(path)).close();
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(change);
  connection.closeSync();
  instance.closeSync();
  const warehouse = await openWarehouse(path);
  const reader = await warehouse.connect();
  const columns = await reader.runAndReadAll(
    "SELECT column_name FROM duckdb_columns() WHERE table_name = 'coinbase_ticker' ORDER BY column_index",
  );
  warehouse.close();
  return columns.getRows().map(([name]) => String(name));
}

const committed = readTables()
  .find(({ name }) => name === "coinbase_ticker")!
  .columns.map(({ name }) => name);

describe("a warehouse of another version", () => {
  it("gets the columns that its tables lack at their end", async () => {
    const last = committed.at(-1)!;
    expect(await reopened(`ALTER TABLE coinbase_ticker DROP COLUMN ${last}`)).toEqual(committed);
  });

  it.each([
    [
      "of another name",
      "ALTER TABLE coinbase_ticker RENAME COLUMN price TO cost",
      "the column cost of coinbase_ticker",
    ],
    [
      "of another type",
      "ALTER TABLE coinbase_ticker ALTER COLUMN price TYPE INTEGER",
      "the column price of coinbase_ticker",
    ],
    [
      "that this version does not have",
      "ALTER TABLE coinbase_ticker ADD COLUMN more INTEGER",
      "the column more of coinbase_ticker",
    ],
  ])("is refused if it has a column %s", async (_, change, message) => {
    await expect(reopened(change)).rejects.toThrow(
      `${message} differs from this version: choose another data directory with --data.`,
    );
  });
});
