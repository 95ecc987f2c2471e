import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { expect, it, onTestFinished } from "vitest";
import { interruptAt, streamRows } from "../../sql/duckdb/stream.ts";

async function connect(threads: string): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", { threads });
  const connection = await instance.connect();
  onTestFinished(() => {
    connection.closeSync();
    instance.closeSync();
  });
  return connection;
}

async function read(connection: DuckDBConnection, relation: string): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const rows of (await streamRows(connection, relation, false)).chunks)
    for (const row of rows) values.push(...row);
  return values;
}

it.each(["1", "4"])("every row comes, in its order, and nothing else: %s threads", async (threads) => {
  const values = await read(await connect(threads), "(SELECT i::INTEGER AS i FROM range(500000) r(i))");
  expect(values).toHaveLength(500_000);
  expect(values.every((value, i) => value === i)).toBe(true);
});

it("a failure in the middle of the rows is thrown: DuckDB's client takes it for their end", async () => {
  const connection = await connect("1");
  const relation = "(SELECT CAST(CASE WHEN i = 400000 THEN 'x' ELSE '1' END AS INTEGER) AS i FROM range(500000) r(i))";
  await expect(read(connection, relation)).rejects.toThrow("Could not convert string 'x' to INT32");
});

it("an interrupt ends rows that are being read with an error, at any moment", async () => {
  const connection = await connect("1");
  for (const moment of [1, 30, 120]) {
    const stop = new AbortController();
    const settle = interruptAt(stop.signal, connection);
    setTimeout(() => stop.abort(), moment);
    await expect(read(connection, "(SELECT i::INTEGER AS i FROM range(50000000) r(i))")).rejects.toThrow();
    settle();
  }
  expect(await read(connection, "(SELECT 7 AS i)")).toEqual([7]);
});
