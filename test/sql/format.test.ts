import { DuckDBInstance } from "@duckdb/node-api";
import { expect, it } from "vitest";
import type { Format } from "../../sql/ask.ts";
import { formatRows } from "../../sql/duckdb/format.ts";
import { streamRows } from "../../sql/duckdb/stream.ts";

async function formatted(sql: string, format: Format): Promise<string> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET TimeZone = 'UTC'");
  let text = "";
  for await (const piece of formatRows(await streamRows(connection, `(${sql})`, false), format)) text += piece;
  connection.closeSync();
  return text;
}

const row = `SELECT 'a,"b"' AS s, 9007199254740993 AS n, CAST('-0.010' AS DECIMAL(38, 9)) AS d, CAST(100 AS DECIMAL(38, 18)) AS e,
  TIMESTAMPTZ '2016-05-12 15:04:30.98209+00' AS t, TIMESTAMPTZ '1969-12-31 23:59:59.999999+00' AS u, NULL::VARCHAR AS z, true AS b`;

it("JSON is an array of objects: decimals as plain text without trailing zeros, integers with every digit, times with six digits and Z", async () => {
  const text = await formatted(row, "json");
  expect(text).toContain('"n":9007199254740993,');
  expect(JSON.parse(text)).toEqual([
    {
      s: 'a,"b"',
      n: expect.any(Number) as number,
      d: "-0.01",
      e: "100",
      t: "2016-05-12T15:04:30.982090Z",
      u: "1969-12-31T23:59:59.999999Z",
      z: null,
      b: true,
    },
  ]);
});

it("JSON of no rows is an empty array, and of many one array", async () => {
  expect(await formatted("SELECT 1 AS x WHERE false", "json")).toBe("[]\n");
  expect(JSON.parse(await formatted("SELECT i AS x FROM range(5000) r(i)", "json"))).toHaveLength(5000);
});

it("CSV quotes what needs it, and has a header", async () => {
  expect(await formatted(row, "csv")).toBe(
    's,n,d,e,t,u,z,b\n"a,""b""",9007199254740993,-0.01,100,2016-05-12T15:04:30.982090Z,1969-12-31T23:59:59.999999Z,,true\n',
  );
});

it("a table lines up, numbers to the right, and counts its rows", async () => {
  expect(await formatted("SELECT * FROM (VALUES ('BTC-USD', 5), ('A', 1000)) v(product, trades)", "table")).toBe(
    ["product  trades", "───────  ──────", "BTC-USD       5", "A          1000", "2 rows", ""].join("\n"),
  );
  expect(await formatted("SELECT 1 AS x WHERE false", "table")).toBe("x\n─\n0 rows\n");
});
