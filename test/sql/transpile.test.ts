import { describe, expect, it } from "vitest";
import { toDuckDb } from "../../sql/duckdb/transpile.ts";
import { valuesOf } from "./duckdb-values.ts";
import { parseObject, readObjects } from "../../sql/objects.ts";

describe("a body outside the style is refused, with its place", () => {
  it.each([
    ["SELECT price * size FROM t", "x.sql:1:14: BigQuery rounds a product of NUMERIC to 9 decimals"],
    ["SELECT CAST(price AS BIGNUMERIC) * size FROM t", "on both sides of *"],
    ["SELECT a / b FROM t", "the operator / is not in the style"],
    ["SELECT 0.1 FROM t", "the literal 0.1 is FLOAT64 in BigQuery and DECIMAL in DuckDB: write NUMERIC '0.1'"],
    ["SELECT CAST(price AS STRING) FROM t", "CAST to STRING differs"],
    [
      "SELECT\n  UNIX_SECONDS(time)\nFROM t",
      "x.sql:2:3: UNIX_SECONDS is not among the functions known to agree on BigQuery and DuckDB",
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
    ["SELECT FROM WHERE", "x.sql:1:8: "],
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
    // ANY_VALUE(x HAVING MIN y) passes over rows whose y is NULL.
    ["(SELECT MIN_BY(x, y) FROM (SELECT 7 AS x, NULL AS y UNION ALL SELECT 5, 2 UNION ALL SELECT 6, 3))", "5"],
    ["(SELECT MAX_BY(x, y) FROM (SELECT 7 AS x, NULL AS y UNION ALL SELECT 5, 2 UNION ALL SELECT 6, 3))", "6"],
    ["CAST('77572.87' AS BIGNUMERIC) * CAST('0.00000009' AS BIGNUMERIC)", "0.006981558300000000"],
    ["CAST('1.000000001' AS BIGNUMERIC) * CAST('1.000000001' AS BIGNUMERIC)", "1.000000002000000001"],
    // CAST of text to NUMERIC rounds half away from zero.
    ["CAST('1.0000000005' AS NUMERIC)", "1.000000001"],
    ["CAST('-1.0000000005' AS NUMERIC)", "-1.000000001"],
    ["CAST('1.00000000049999' AS NUMERIC)", "1.000000000"],
    ["CAST('999999999.9999999999' AS NUMERIC)", "1000000000.000000000"],
    ["CAST('12345678901234567890123456789.123456789' AS NUMERIC)", "12345678901234567890123456789.123456789"],
    ["CAST(' +1.5e3 ' AS NUMERIC)", "1500.000000000"],
    ["CAST(CAST('1.0000000005' AS BIGNUMERIC) AS NUMERIC)", "1.000000001"],
    ["CAST('1.234567890123456789' AS BIGNUMERIC)", "1.234567890123456789"],
    ["CAST('1.5' AS BIGNUMERIC)", "1.500000000000000000"],
    ["CAST('1640.332928333000000000' AS BIGNUMERIC)", "1640.332928333000000000"],
    ["CAST('1640.332928333350000000' AS BIGNUMERIC)", "1640.332928333350000000"],
    ["CAST('12345678901234567890.5' AS BIGNUMERIC)", "12345678901234567890.500000000000000000"],
    // A literal keeps its digits.
    ["BIGNUMERIC '0.123456789012345678'", "0.123456789012345678"],
    ["BIGNUMERIC '-12345678901234567890.000000000000000001'", "-12345678901234567890.000000000000000001"],
    ["bignumeric '0.000000000000000001' + 0", "0.000000000000000001"],
    ["NUMERIC '0.123456789'", "0.123456789"],
    // BIGNUMERIC beside NUMERIC, where it is allowed: nothing is rounded.
    ["BIGNUMERIC '0.000000000000000001' + NUMERIC '1.000000001'", "1.000000001000000001"],
    ["NUMERIC '1.000000001' - BIGNUMERIC '0.000000000000000001'", "1.000000000999999999"],
    ["BIGNUMERIC '0.000000000000000001' > NUMERIC '0'", "true"],
    ["NUMERIC '0' = BIGNUMERIC '0.000000000000000001'", "false"],
    ["NUMERIC '0' IS DISTINCT FROM BIGNUMERIC '0.000000000000000001'", "true"],
    ["CASE NUMERIC '0' WHEN BIGNUMERIC '0.000000000000000001' THEN 1 ELSE 2 END", "2"],
    ["CASE WHEN TRUE THEN BIGNUMERIC '0.000000000000000001' ELSE 0 END", "0.000000000000000001"],
    [
      "CASE WHEN TRUE THEN BIGNUMERIC '0.000000000000000001' ELSE CAST(NUMERIC '1' AS BIGNUMERIC) END",
      "0.000000000000000001",
    ],
    [
      "(SELECT SUM(x) FROM (SELECT BIGNUMERIC '0.000000000000000001' AS x UNION ALL SELECT CAST(NUMERIC '1.000000001' AS BIGNUMERIC)))",
      "1.000000001000000001",
    ],
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
    ["TIMESTAMP_ADD(TIMESTAMP '2016-02-28T23:00:00Z', INTERVAL (1) DAY)", "2016-02-29 23:00:00+00"],
    // Texts are compared by their code points, blanks and case count.
    ["'Z' < 'a' AND 'z' < 'é' AND 'a' <> 'a ' AND 'a' <> 'A'", "true"],
    [`"it's"`, "it's"],
  ])("%s is %s", async (expression, expected) => {
    expect(await valuesOf(`SELECT ${expression} AS x`)).toEqual([[expected]]);
  });

  it("what BigQuery writes differently is written as DuckDB has it: quotes, comments, names that DuckDB reserves, ;", async () => {
    const body = `-- "first"
      SELECT ALL "it's" AS \`a "b"\`, x offset, t.y AS table -- last
      FROM (SELECT 1 x, /* no */ 2 AS y # nor this
        UNION DISTINCT (SELECT 1, 2)) t
      WHERE x - -1 = 2 AND NOT y IN (3) AND x IS NOT DISTINCT FROM 1;`;
    expect(await valuesOf(body)).toEqual([["it's", "1", "2"]]);
    expect(toDuckDb("SELECT 'DECIMAL' x, offset FROM t", "x.sql")).toBe(`SELECT 'DECIMAL' AS x, "offset" FROM t`);
  });

  // NULL is the least value in BigQuery: first in ascending order, last in descending.
  it.each(["nulls_last", "nulls_first", "nulls_first_on_asc_last_on_desc"])(
    "NULLs come first in an ascending order and last in a descending one, whatever DuckDB's default is (%s)",
    async (order) => {
      const rows = "(SELECT NULL AS x, 'null' AS s UNION ALL SELECT 1, 'one' UNION ALL SELECT 2, 'two')";
      const setting = `default_null_order = '${order}'`;
      const first = (by: string) =>
        valuesOf(`SELECT s FROM ${rows} QUALIFY ROW_NUMBER() OVER (ORDER BY ${by}) = 1`, setting);
      expect(await first("x")).toEqual([["null"]]);
      expect(await first("x ASC")).toEqual([["null"]]);
      expect(await first("x DESC")).toEqual([["two"]]);
      expect(await first("CASE WHEN x = 1 THEN x END, x DESC")).toEqual([["two"]]);
      expect(await first("-x, s")).toEqual([["null"]]);
      const counts = `SELECT s, COUNT(*) OVER (ORDER BY x) AS n, COUNT(*) OVER (ORDER BY x DESC) AS m FROM ${rows} ORDER BY x`;
      expect(await valuesOf(counts, setting)).toEqual([
        ["null", "1", "3"],
        ["one", "2", "2"],
        ["two", "3", "1"],
      ]);
    },
  );

  // DuckDB 1.5 rewrites such a window to an aggregate, wrongly: https://github.com/duckdb/duckdb/issues/23675, /23677.
  it("the first row of a window is that of its order, whichever of DuckDB's threads is first, and none of no rows", async () => {
    const rows = "(SELECT NULL AS x, 'null' AS s UNION ALL SELECT 1, 'one' UNION ALL SELECT 2, 'two')";
    for (let run = 0; run < 50; run++) {
      expect(await valuesOf(`SELECT s FROM ${rows} QUALIFY ROW_NUMBER() OVER (ORDER BY x DESC) = 1`)).toEqual([
        ["two"],
      ]);
    }
    const ids = "(SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT 3)";
    const nullable = "CASE WHEN x < 3 THEN x END DESC";
    expect(
      await valuesOf(`SELECT x FROM ${ids} QUALIFY ROW_NUMBER() OVER (ORDER BY ${nullable}) <= 3 ORDER BY x`),
    ).toEqual([["1"], ["2"], ["3"]]);
    expect(await valuesOf(`SELECT x FROM ${ids} WHERE x > 3 QUALIFY ROW_NUMBER() OVER (ORDER BY x DESC) = 1`)).toEqual(
      [],
    );
  });

  // An alias that is also a column: in WHERE and in SELECT itself both engines take the column, as BigQuery's reference has it.
  it("a name in WHERE and in SELECT is the column, not the alias, and GROUP BY is by what it names", async () => {
    const rows = "(SELECT 1 AS x UNION ALL SELECT 2)";
    expect(await valuesOf(`SELECT -x AS x, x + 1 AS y FROM ${rows} WHERE x > 1`)).toEqual([["-2", "3"]]);
    const pairs = "(SELECT 1 AS x, 7 AS y UNION ALL SELECT 2, 7)";
    expect(await valuesOf(`SELECT y AS x, COUNT(*) AS n FROM ${pairs} GROUP BY y ORDER BY n`)).toEqual([["7", "2"]]);
    expect(await valuesOf(`SELECT x + 1 AS y, COUNT(*) AS n FROM ${rows} GROUP BY y ORDER BY y`)).toEqual([
      ["2", "1"],
      ["3", "1"],
    ]);
  });

  // BigQuery's BIGNUMERIC has 38 decimals: what DuckDB would round is an error there, with the place.
  it.each([
    [
      "CAST(x AS BIGNUMERIC) * CAST('1' AS BIGNUMERIC)",
      "1.0000000001",
      "x.sql:1:13: 1.0000000001 is not a number of at most 9 decimals",
    ],
    [
      "CAST(x AS BIGNUMERIC) * CAST('1' AS BIGNUMERIC)",
      "1e-10",
      "x.sql:1:13: 1e-10 is not a number of at most 9 decimals",
    ],
    ["CAST(CAST(x AS BIGNUMERIC) AS BIGNUMERIC) * CAST('1' AS BIGNUMERIC)", "1.0000000001", "at most 9 decimals"],
    ["CAST(x AS BIGNUMERIC)", "1.0000000000000000001", "at most 18 decimals"],
    // GoogleSQL does not read a text with _ as a number.
    ["CAST(x AS NUMERIC)", "1_000", "x.sql:1:13: 1_000 has _, which BigQuery does not read as a number"],
    ["CAST(x AS BIGNUMERIC)", "1_000", "1_000 "],
    ["CAST(x AS BIGNUMERIC) * CAST('1' AS BIGNUMERIC)", "1_000", "1_000 "],
    ["CAST(x AS NUMERIC)", "abc", "abc"],
  ])("%s of %s is an error, not another value", async (expression, text, message) => {
    await expect(valuesOf(`SELECT ${expression} AS y FROM (SELECT '${text}' AS x)`)).rejects.toThrow(message);
  });

  it("zeros after the last decimal are no decimals", async () => {
    const product = "CAST(x AS BIGNUMERIC) * CAST(x AS BIGNUMERIC)";
    expect(await valuesOf(`SELECT ${product} AS y FROM (SELECT '1.1000000000000' AS x)`)).toEqual([
      ["1.210000000000000000"],
    ]);
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
    ["-- d\n-- table function: in_product STRING, in_start TIMESTAMP\nSELECT 1", "missing: in_stop, in_seconds"],
    [
      "-- d\n-- table function: in_product TEXT\nSELECT 1",
      "the argument in_product must be one of STRING, TIMESTAMP, INT64",
    ],
  ])("must have a head: %j", (text, message) => {
    expect(() => parseObject("x.sql", text)).toThrow(message);
  });
});
