import { describe, expect, it } from "vitest";
import { toDuckDb } from "../../../sql/duckdb/transpile.ts";

const refusal = (body: string): string => {
  try {
    toDuckDb(body, "x.sql");
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

// `trades`, `bars_1m` and `coinbase_trades` are the project's own: `price` and `size` are NUMERIC, `value` is BIGNUMERIC, in tables all are STRING.
describe("BIGNUMERIC that meets NUMERIC is refused where DuckDB would make one column of them, with 9 decimals", () => {
  it.each([
    [
      "SELECT CASE WHEN side = 'buy' THEN value ELSE size END AS v FROM trades",
      "x.sql:1:47: NUMERIC meets BIGNUMERIC in CASE",
    ],
    ["SELECT CASE side WHEN 'buy' THEN NUMERIC '0' ELSE value END AS v FROM trades", "x.sql:1:34:"],
    ["SELECT SUM(CASE WHEN side = 'buy' THEN value ELSE NUMERIC '0' END) AS v FROM trades", "x.sql:1:51:"],
    ["SELECT value FROM trades\nUNION ALL\nSELECT price FROM trades", "x.sql:3:8: NUMERIC meets BIGNUMERIC in UNION"],
    ["SELECT 1 AS a, price AS b FROM trades UNION DISTINCT SELECT 1, MAX(value) FROM trades", "x.sql:1:16:"],
    ["SELECT price FROM trades UNION ALL (SELECT value FROM trades UNION ALL SELECT 1)", "x.sql:1:8:"],
    [
      "WITH a AS (SELECT value AS x FROM trades) SELECT CASE WHEN TRUE THEN x ELSE price END AS v FROM a, trades",
      "in CASE",
    ],
    ["SELECT CASE WHEN TRUE THEN (SELECT MAX(value) FROM trades) ELSE price END AS v FROM trades", "in CASE"],
    ["SELECT CASE WHEN TRUE THEN value ELSE price + size END AS v FROM trades", "in CASE"],
    ["SELECT CASE WHEN TRUE THEN -value ELSE -price END AS v FROM trades", "in CASE"],
    ["SELECT CASE WHEN TRUE THEN BIGNUMERIC '1' ELSE NUMERIC '1' END AS v", "in CASE"],
    [
      "SELECT CASE WHEN TRUE THEN CAST(x AS BIGNUMERIC) ELSE x END AS v FROM t",
      "a value whose type is not known meets BIGNUMERIC",
    ],
    ["SELECT 1 AS a FROM trades WHERE value IN (price, size)", "NUMERIC meets BIGNUMERIC in IN"],
    ["SELECT 1 AS a FROM trades WHERE value IN (SELECT price FROM trades)", "NUMERIC meets BIGNUMERIC in IN"],
  ])("%s", (body, message) => {
    expect(refusal(body)).toContain(message);
    expect(refusal(body)).toContain("write CAST(… AS BIGNUMERIC) around it");
  });

  it.each([
    "SELECT CASE WHEN side = 'buy' THEN value ELSE 0 END AS v FROM trades",
    "SELECT CASE WHEN side = 'buy' THEN value END AS v FROM trades",
    "SELECT CASE WHEN side = 'buy' THEN value ELSE CAST(size AS BIGNUMERIC) END AS v FROM trades",
    "SELECT CASE WHEN side = 'buy' THEN value ELSE value + size END AS v FROM trades",
    "SELECT CASE WHEN side = 'buy' THEN price ELSE size END AS v FROM trades",
    "SELECT value + size - 0 AS v FROM trades WHERE value > price AND value IS DISTINCT FROM size",
    "SELECT value FROM trades UNION ALL SELECT buy_value FROM bars_1m UNION ALL SELECT NULL",
  ])("but not in %s", (body) => {
    expect(refusal(body)).toBe("");
  });
});

const both =
  "is both a column and the name of another value in SELECT: here BigQuery takes the value, DuckDB the column";

describe("an alias that is also a column is refused where the engines read it differently", () => {
  it.each([
    [
      "SELECT\n  TIMESTAMP_BUCKET(time, INTERVAL (60) SECOND, TIMESTAMP '1970-01-01 00:00:00+00') AS time,\n  COUNT(*) AS n\nFROM trades\nGROUP BY time",
      `x.sql:5:10: time ${both}`,
    ],
    ["SELECT side AS product_id, COUNT(*) AS n FROM trades GROUP BY product_id", `product_id ${both}`],
    [
      "SELECT CAST(price AS NUMERIC) AS price FROM coinbase_trades QUALIFY ROW_NUMBER() OVER (ORDER BY price) = 1",
      `x.sql:1:97: price ${both}`,
    ],
    [
      "SELECT -price AS price FROM trades QUALIFY ROW_NUMBER() OVER (PARTITION BY PRICE ORDER BY time) = 1",
      `price ${both}`,
    ],
    ["SELECT product_id, SUM(size) AS size FROM trades GROUP BY product_id HAVING size > 1", `size ${both}`],
    ["SELECT product_id, SUM(size) AS size FROM trades GROUP BY product_id HAVING SUM(size) > 1", `size ${both}`],
    ["SELECT -price AS price FROM trades ORDER BY price + 1", `price ${both}`],
    ["SELECT -price AS `price` FROM trades ORDER BY `price`", `price ${both}`],
    [
      "WITH a AS (SELECT price AS x, size AS y FROM trades) SELECT y AS x, COUNT(*) AS n FROM a GROUP BY x",
      `x ${both}`,
    ],
    ["SELECT x + 1 AS x FROM (SELECT 1 AS x) GROUP BY x", `x ${both}`],
    ["SELECT -x AS x, COUNT(*) AS n FROM t GROUP BY x", `x ${both}`],
    // USING makes one column of two, which is not that of either table where a LEFT JOIN finds nothing.
    ["SELECT b.side FROM trades AS a LEFT JOIN trades AS b USING (side) GROUP BY side", `side ${both}`],
    ["SELECT a.side AS x, b.x AS y FROM trades AS a JOIN (SELECT 1 AS x) AS b ON TRUE GROUP BY x", `x ${both}`],
  ])("%s", (body, message) => {
    expect(refusal(body)).toContain(message);
    expect(refusal(body)).toContain("give the value another name");
  });

  it.each([
    "SELECT product_id AS product_id, COUNT(*) AS n FROM trades GROUP BY product_id",
    "SELECT a.product_id, COUNT(*) AS n FROM trades AS a GROUP BY product_id",
    "SELECT TIMESTAMP_BUCKET(time, INTERVAL (60) SECOND, TIMESTAMP '1970-01-01 00:00:00+00') AS bucket, COUNT(*) AS n FROM trades GROUP BY bucket",
    "SELECT TIMESTAMP_BUCKET(time, INTERVAL (60) SECOND, TIMESTAMP '1970-01-01 00:00:00+00') AS bucket, COUNT(*) AS n FROM t GROUP BY bucket",
    "SELECT -price AS price FROM trades WHERE price > 1",
    "SELECT -price AS price FROM trades AS t QUALIFY ROW_NUMBER() OVER (ORDER BY t.price) = 1",
    "SELECT side AS x FROM trades UNION ALL SELECT product_id FROM trades ORDER BY x",
  ])("but not in %s", (body) => {
    expect(refusal(body)).toBe("");
  });
});

describe("a name that only one of the engines knows, or that is another thing there, is refused", () => {
  it.each([
    // DuckDB reads an alias in WHERE, in SELECT itself, rowid and user; BigQuery none of them.
    ["SELECT price AS p FROM trades WHERE p > 1", "x.sql:1:37: there is no column p here"],
    ["SELECT 1 AS a, a + 1 AS b", "there is no column a here"],
    ["SELECT rowid FROM trades", "there is no column rowid here"],
    ["SELECT user", "there is no column user here"],
    ["SELECT t.pric FROM trades AS t", "t has no column pric"],
    ["SELECT trades.price FROM trades AS t", "there is no table trades in FROM"],
    // Correlated within FROM: BigQuery's reference, "Visibility in the FROM clause".
    ["SELECT 1 AS a FROM trades AS t, (SELECT t.price) AS u", "there is no table t in FROM"],
    // A range variable alone is its row: BigQuery's reference, "Range variables".
    ["SELECT x FROM (SELECT 1 AS x) AS x", "write x.x"],
    ["SELECT 1 AS a, 2 AS a", "two columns of SELECT are called a"],
    // DuckDB reads the first of the two.
    ["SELECT x FROM (SELECT * FROM (SELECT 1 AS x) AS a, (SELECT 2 AS x) AS b)", "two columns of SELECT are called x"],
    // BigQuery's reference, "USING clause" and "Sequences of joins".
    ["SELECT * FROM trades AS a JOIN bars_1m AS b USING (product_id, time)", "x.sql:1:8: * after USING"],
    ["SELECT 1 AS x FROM trades AS a, bars_1m AS b JOIN bars_1s AS c USING (time)", "x.sql:1:46: a JOIN after a comma"],
    ["SELECT b.* FROM trades AS a", "there is no table b in FROM"],
    ["SELECT SUBSTR(a) FROM t", "SUBSTR is not among the functions known to agree"],
    ["SELECT * FROM candles(NULL, in_start, in_stop, 60)", "CANDLES is not among the functions known to agree"],
  ])("%s", (body, message) => {
    expect(refusal(body)).toContain(message);
  });
});

describe("what BigQuery refuses by its type, or DuckDB converts without a word, is refused", () => {
  it.each([
    ["SELECT 1 AS a FROM coinbase_trades WHERE price > 5", "x.sql:1:50: INT64 meets STRING in a comparison"],
    ["SELECT 1 AS a FROM trades WHERE time >= '2016-01-01'", "STRING meets TIMESTAMP in a comparison"],
    ["SELECT 1 AS a FROM trades WHERE price", "a condition is BOOL in BigQuery, not NUMERIC"],
    ["SELECT 1 AS a FROM trades WHERE NOT trade_id", "a condition is BOOL in BigQuery, not INT64"],
    ["SELECT CASE WHEN TRUE THEN 1 ELSE 'a' END AS x", "STRING meets INT64 in CASE"],
    ["SELECT 1 AS a UNION ALL SELECT 'a'", "STRING meets INT64 in UNION"],
    ["SELECT 1 AS a UNION ALL SELECT 1, 2", "UNION of 1 and 2 columns"],
    ["SELECT CAST(side = 'buy' AS NUMERIC) AS x FROM trades", "CAST of BOOL to NUMERIC"],
    ["SELECT SUM(side = 'buy') AS x FROM trades", "SUM takes a number in BigQuery, not BOOL"],
    ["SELECT time - received_at AS x FROM trades", "x.sql:1:8: - of TIMESTAMP differs"],
    [
      "SELECT TIMESTAMP_ADD(side, INTERVAL 1 DAY) AS x FROM trades",
      "TIMESTAMP_ADD takes a time in BigQuery, not STRING",
    ],
    [
      "SELECT price FROM coinbase_trades JOIN (SELECT 1 AS price) AS b USING (price)",
      "INT64 meets STRING in a comparison",
    ],
    ["SELECT MAX(price, 2) AS x FROM trades", "MAX takes ordered in both engines"],
    ["SELECT COUNT(price, 2) AS x FROM trades", "COUNT takes"],
    ["SELECT (SELECT 1 AS a, 2 AS b) AS x", "has one column, not 2"],
  ])("%s", (body, message) => {
    expect(refusal(body)).toContain(message);
  });
});

describe("windows, intervals and literals of which the engines make different things are refused", () => {
  it.each([
    ["SELECT ROW_NUMBER() OVER (PARTITION BY side) AS n FROM trades", "without ORDER BY numbers the rows in no order"],
    ["SELECT ROW_NUMBER() AS n FROM trades", "without ORDER BY"],
    ["SELECT MIN_BY(price, trade_id) OVER () AS n FROM trades", "MIN_BY does not take OVER"],
    ["SELECT COUNT(DISTINCT side) OVER (ORDER BY time) AS n FROM trades", "COUNT does not take DISTINCT with OVER"],
    ["SELECT MAX_BY(DISTINCT price, trade_id) AS n FROM trades", "MAX_BY does not take DISTINCT"],
    ["SELECT TIMESTAMP_ADD(time, INTERVAL 1 MONTH) AS x FROM trades", "the unit must be one of MICROSECOND"],
    ["SELECT TIMESTAMP_ADD(time, INTERVAL trade_id SECOND) AS x FROM trades", "INTERVAL (x) SECOND"],
    ["SELECT TIMESTAMP_ADD(time, INTERVAL '1' SECOND) AS x FROM trades", "INTERVAL (x) SECOND"],
    ["SELECT INTERVAL 1 SECOND AS x", "an INTERVAL stands in TIMESTAMP_ADD"],
    ["SELECT TIMESTAMP_BUCKET(time, INTERVAL 1 DAY) AS x FROM trades", "TIMESTAMP_BUCKET takes time, interval, time"],
    // The zone of a TIMESTAMP without one is the session's in DuckDB; BigQuery has microseconds.
    ["SELECT TIMESTAMP '2016-05-12 15:04:59' AS x", "write it in UTC"],
    ["SELECT TIMESTAMP '2016-05-12' AS x", "write it in UTC"],
    ["SELECT TIMESTAMP '2016-05-12 15:04:59 America/New_York' AS x", "write it in UTC"],
    ["SELECT TIMESTAMP '2016-05-12 15:04:59.1234567+00' AS x", "write it in UTC"],
    ["SELECT NUMERIC '0.1234567891' AS x", "at most 29 digits before the point and 9 after it"],
    ["SELECT NUMERIC '1e5' AS x", "NUMERIC '1e5' must be written"],
    [
      "SELECT BIGNUMERIC '0.1234567890123456789' AS x",
      "x.sql:1:8: BIGNUMERIC '0.1234567890123456789' must be written with at most 20 digits before the point and 18 after it",
    ],
    ["SELECT DATE '2016-05-12' AS x", "the literal DATE '2016-05-12' is not in the style"],
    ["SELECT JSON '{}' AS x", "the literal JSON '{}' is not in the style"],
    ["SELECT BIGDECIMAL '1' AS x", "the literal BIGDECIMAL '1' is not in the style"],
    ["SELECT 9223372036854775808 AS x", "is beyond INT64"],
    ["SELECT 0x1F AS x", "the literal 0x1F is not in the style"],
    ["SELECT 1e5 AS x", "the literal 1e5 is not in the style"],
    ["SELECT CAST(a AS BIGNUMERIC) * CAST(b AS BIGNUMERIC) * CAST(c AS BIGNUMERIC) AS x FROM t", "on both sides of *"],
    ["SELECT CAST(x AS NUMERIC(10, 2)) AS x FROM t", "leave the digits out"],
    // DuckDB has no escapes in '…', and takes 'a''b' for one text.
    [String.raw`SELECT '\u00e9' AS x`, "write it in one pair of quotes, on one line, without r, b or \\"],
    ["SELECT r'a' AS x", "without r, b or \\"],
    ["SELECT b'a' AS x", "without r, b or \\"],
    ["SELECT '''a''' AS x", "in one pair of quotes"],
    ["SELECT 'a''b' AS x", "two texts stand side by side"],
    ["SELECT product_id AS a FROM trades UNION SELECT side FROM trades", "ALL is expected, not SELECT"],
    ["SELECT product_id FROM trades GROUP BY ALL", "an expression is expected, not ALL"],
    ["SELECT a FROM x.t", "a table is named without its dataset"],
  ])("%s", (body, message) => {
    expect(refusal(body)).toContain(message);
    expect(refusal(body)).toMatch(/^x\.sql:1:\d+: /);
  });
});
