import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { macros } from "../../sql/duckdb/macros.ts";
import { toDuckDb } from "../../sql/duckdb/transpile.ts";
import { parseObject, readObjects } from "../../sql/objects.ts";

describe("a body outside the style is refused, with its place", () => {
  it.each([
    ["SELECT price * size FROM t", "x.sql: BigQuery rounds a product of NUMERIC to 9 decimals"],
    ["SELECT CAST(price AS BIGNUMERIC) * size FROM t", "on both sides of *"],
    ["SELECT a / b FROM t", "the operator / is not in the style"],
    ["SELECT 0.1 FROM t", "the literal 0.1 is FLOAT64 in BigQuery and DECIMAL in DuckDB: write NUMERIC '0.1'"],
    ["SELECT CAST(price AS STRING) FROM t", "CAST to STRING differs"],
    [
      "SELECT\n  UNIX_SECONDS(time)\nFROM t",
      "UNIX_SECONDS is not among the functions known to agree on BigQuery and DuckDB (body, line 2)",
    ],
    ["SELECT APPROX_QUANTILES(x, 2) FROM t", "APPROX_QUANTILES is not among"],
    ["SELECT ARRAY_AGG(x ORDER BY y LIMIT 1) FROM t", "ARRAY_AGG is not among"],
    ["SELECT EXTRACT(MILLISECOND FROM time) FROM t", "EXTRACT is not in the style"],
    ["SELECT `SUBSTR`(x, 0, 1) FROM t", "the function `SUBSTR` must not be quoted"],
    ["SELECT a LIKE 'x' FROM t", "LIKE is not in the style"],
    ["SELECT SAFE.SUM(x) FROM t", "SAFE is not in the style"],
    ["SELECT MAX(a IGNORE NULLS) FROM t", "IGNORE is not in the style"],
    ["SELECT current_timestamp FROM t", "CURRENT_TIMESTAMP is not in the style"],
    ["SELECT x[0] FROM t", "the operator [ is not in the style"],
    ["SELECT a || b FROM t", "the operator || is not in the style"],
    ["SELECT @p FROM t", "is not in the style"],
    ["SELECT CAST(x AS INT64) FROM t", "CAST to INT64 differs"],
    ["SELECT 1; SELECT 2", "one statement is expected"],
    ["SELECT FROM WHERE", "x.sql: "],
  ])("%s", (body, message) => {
    expect(() => toDuckDb(body, "x.sql")).toThrow(message);
  });

  it("but not for what only looks like it: text, quoted names, COUNT(*)", () => {
    expect(() => toDuckDb("SELECT COUNT(*) AS `a / b`, 'UNIX_SECONDS(0.1)' AS s FROM t", "x.sql")).not.toThrow();
    expect(toDuckDb("SELECT 'DECIMAL' AS `BIGNUMERIC` FROM t", "x.sql")).toBe(
      `SELECT 'DECIMAL' AS "BIGNUMERIC" FROM t`,
    );
  });
});

describe("a body means the same on DuckDB", () => {
  // Expected values: GoogleSQL's own answers, or the definition in BigQuery's reference.
  it.each([
    ["CAST('0.123456789' AS NUMERIC)", "0.123456789"],
    ["(SELECT MIN_BY(x, y) FROM (SELECT NULL AS x, 1 AS y UNION ALL SELECT 5, 2))", "null"],
    ["CAST('77572.87' AS BIGNUMERIC) * CAST('0.00000009' AS BIGNUMERIC)", "0.006981558300000000"],
    ["CAST('1.000000001' AS BIGNUMERIC) * CAST('1.000000001' AS BIGNUMERIC)", "1.000000002000000001"],
    [
      "TIMESTAMP_BUCKET(TIMESTAMP '2016-05-12 15:04:59.999999+00', INTERVAL (60) SECOND, TIMESTAMP '1970-01-01 00:00:00+00')",
      "2016-05-12 15:04:00+00",
    ],
    [
      "TIMESTAMP_BUCKET(TIMESTAMP '2016-05-12 15:04:30.500000+00', INTERVAL (1) SECOND, TIMESTAMP '1970-01-01 00:00:00+00')",
      "2016-05-12 15:04:30+00",
    ],
    [
      "TIMESTAMP_BUCKET(TIMESTAMP '1969-12-31 23:59:59+00', INTERVAL (60) SECOND, TIMESTAMP '1970-01-01 00:00:00+00')",
      "1969-12-31 23:59:00+00",
    ],
    ["TIMESTAMP_SUB(TIMESTAMP '2016-05-12 15:05:00+00', INTERVAL 1 MICROSECOND)", "2016-05-12 15:04:59.999999+00"],
  ])("%s is %s", async (expression, expected) => {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run("SET TimeZone = 'UTC'");
    for (const macro of macros) await connection.run(macro);
    const result = await connection.runAndReadAll(toDuckDb(`SELECT ${expression} AS x`, "x.sql"));
    expect(String(result.getRows()[0]![0])).toBe(expected);
    connection.closeSync();
  });
});

describe("the files of sql/", () => {
  it("are objects whose names are those of their files, in an order in which each follows what it reads", () => {
    const names = readObjects().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["trades", "book_changes", "quarantine", "candles", "volume_by_side"]),
    );
    expect(names.indexOf("trades")).toBeLessThan(names.indexOf("candles"));
    expect(readObjects().filter(({ description }) => description === "")).toEqual([]);
  });

  it.each([
    ["SELECT 1", 'the head must be a description, then "-- view"'],
    ["-- d\n-- table function: product STRING\nSELECT 1", "the argument product must start with in_"],
    ["-- d\n-- table function: in_product STRING, in_start TIMESTAMP\nSELECT 1", "a table function must take in_stop"],
    [
      "-- d\n-- table function: in_product TEXT\nSELECT 1",
      "the argument in_product must be one of STRING, TIMESTAMP, INT64",
    ],
  ])("must have a head: %j", (text, message) => {
    expect(() => parseObject("x.sql", text)).toThrow(message);
  });
});
