import { describe, expect, it } from "vitest";
import { parse } from "../../../engine/language/parse.ts";
import { differences } from "../../../ksqldb/server/compare.ts";
import { desiredStatements } from "../../../ksqldb/server/desired.ts";
import { declared } from "../../fake-ksqldb/text.ts";

/** What differs between a statement that a server keeps, of which a query runs, and one of a file. */
function differ(server: string, file: string): string[] {
  const [statement] = parse(server, "server");
  const [desired] = desiredStatements([{ file: "file", text: file }]);
  const { name, source: kind } = statement!;
  const rest = { topic: "t", readers: [], inserts: [], columns: declared(statement!) };
  const query = { id: "Q", sinks: [name.name], inserts: false, state: "RUNNING" };
  const source = { name: name.name, kind, statement: statement!, ...rest, writtenBy: [query] };
  return differences(source, desired!).map(({ text }) => text);
}

const query = (select: string, rest = "") =>
  `CREATE STREAM t WITH (KAFKA_TOPIC = 't', PARTITIONS = 6) AS SELECT ${select} FROM f ${rest};`;
const where = (condition: string) => query("k", `WHERE ${condition}`);
const window = (text: string, emit = "CHANGES") =>
  `CREATE TABLE b WITH (KAFKA_TOPIC = 'b') AS SELECT k, COUNT(*) AS n FROM f WINDOW TUMBLING (${text}) GROUP BY k EMIT ${emit};`;

const trades = `
-- Trades, one row a match.
CREATE STREAM coinbase_trades WITH (
  KAFKA_TOPIC = 'coinbase_trades', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO',
  VALUE_SCHEMA_FULL_NAME = 'tapeline.coinbase_trades', PARTITIONS = 6, RETENTION_MS = 604800000
) AS
SELECT product_key, AS_VALUE(product_key) AS \`product_id\`, \`trade_id\`, -- The feed tells the maker's.
  CASE WHEN \`side\` = 'buy' THEN 'sell' WHEN \`side\` = 'sell' THEN 'buy' END AS \`side\`
FROM coinbase_full WHERE \`type\` = 'match' AND \`side\` NOT IN ('x', 'y''z') EMIT CHANGES;`;

/** The same, in words that servers have for it. */
const spellings = {
  "the stored text of ksqlDB": `CREATE STREAM COINBASE_TRADES WITH (CLEANUP_POLICY='delete', KAFKA_TOPIC='coinbase_trades', KEY_FORMAT='KAFKA', PARTITIONS=6, REPLICAS=3, RETENTION_MS=604800000, VALUE_FORMAT='AVRO', VALUE_SCHEMA_FULL_NAME='tapeline.coinbase_trades') AS SELECT
  COINBASE_FULL.PRODUCT_KEY PRODUCT_KEY,
  AS_VALUE(COINBASE_FULL.PRODUCT_KEY) \`product_id\`,
  COINBASE_FULL.\`trade_id\` \`trade_id\`,
  (CASE WHEN (COINBASE_FULL.\`side\` = 'buy') THEN 'sell' WHEN (COINBASE_FULL.\`side\` = 'sell') THEN 'buy' END) \`side\`
FROM COINBASE_FULL COINBASE_FULL
WHERE ((COINBASE_FULL.\`type\` = 'match') AND (NOT (COINBASE_FULL.\`side\` IN ('x', 'y''z'))))
EMIT CHANGES;`,
  "everything in quotes, replaced once": `CREATE OR REPLACE STREAM \`COINBASE_TRADES\` WITH (CLEANUP_POLICY='delete', KAFKA_TOPIC='coinbase_trades', KEY_FORMAT='KAFKA', PARTITIONS=6, REPLICAS=1, RETENTION_MS=604800000, VALUE_FORMAT='AVRO', VALUE_SCHEMA_FULL_NAME='tapeline.coinbase_trades') AS SELECT \`COINBASE_FULL\`.\`PRODUCT_KEY\` AS \`PRODUCT_KEY\`, AS_VALUE(\`COINBASE_FULL\`.\`PRODUCT_KEY\`) AS \`product_id\`, \`COINBASE_FULL\`.\`trade_id\` AS \`trade_id\`, (CASE WHEN (\`COINBASE_FULL\`.\`side\` = 'buy') THEN 'sell' WHEN (\`COINBASE_FULL\`.\`side\` = 'sell') THEN 'buy' END) AS \`side\` FROM \`COINBASE_FULL\` \`COINBASE_FULL\` WHERE ((\`COINBASE_FULL\`.\`type\` = 'match') AND (NOT (\`COINBASE_FULL\`.\`side\` IN ('x', 'y''z')))) EMIT CHANGES;`,
  "lower case, another alias": `create stream if not exists coinbase_trades with (kafka_topic='coinbase_trades', key_format='kafka', value_format='avro', value_avro_schema_full_name='tapeline.coinbase_trades', partitions=6, retention_ms=604800000) as select f.product_key, as_value(f.product_key) as \`product_id\`, f.\`trade_id\`, case when f.\`side\`='buy' then 'sell' when f.\`side\`='sell' then 'buy' end as \`side\` from coinbase_full as f where f.\`type\`='match' and f.\`side\` not in ('x','y''z');`,
};

it.each(Object.entries(spellings))("one statement is the same in %s", (_, stored) => {
  expect(differ(stored, trades)).toEqual([]);
});

describe("what means the same is the same", () => {
  it.each([
    [
      "durations",
      window("SIZE 60 SECONDS, RETENTION 48 HOURS, GRACE PERIOD 1440 MINUTES"),
      window("SIZE 1 MINUTE, RETENTION 2 DAYS, GRACE PERIOD 1 DAY"),
    ],
    [
      "grace that is not given, with changes",
      window("SIZE 1 MINUTE, GRACE PERIOD 86340 SECONDS"),
      window("SIZE 1 MINUTE"),
    ],
    [
      "retention that is not given",
      window("SIZE 1 MINUTE, RETENTION 90 SECONDS, GRACE PERIOD 30 SECONDS"),
      window("SIZE 1 MINUTE, GRACE PERIOD 30 SECONDS"),
    ],
    [
      "grace that is not given, with final results",
      window("SIZE 1 MINUTE, GRACE PERIOD 0 SECONDS", "FINAL"),
      window("SIZE 1 MINUTE", "FINAL"),
    ],
    [
      "types",
      query("CAST(a AS VARCHAR) AS x, CAST(a AS INT) AS y"),
      query("CAST(a AS STRING) AS x, CAST(a AS INTEGER) AS y"),
    ],
    ["parentheses", where("((((F.A) = 1)))"), where("a = 1")],
    ["precedence", where("(A = 1) OR ((B = 2) AND (C = 3))"), where("a = 1 OR b = 2 AND c = 3")],
    [
      "numbers",
      where("A = 7 AND B = 0.50 AND C = 1E1 AND D = -3"),
      where("a = 007 AND b = .50 AND c = 10e0 AND d = -3"),
    ],
    ["unequal", where("A <> 1"), where("a != 1")],
    [
      "NOT LIKE, NOT BETWEEN",
      where("(NOT (A LIKE 'x%')) AND (NOT (B BETWEEN 1 AND 2))"),
      where("a NOT LIKE 'x%' AND b NOT BETWEEN 1 AND 2"),
    ],
    ["IS NOT NULL", where("(A IS NOT NULL)"), where("a IS NOT NULL")],
    ["an expression without a name", query("K K, (A + 1) KSQL_COL_0, (B + 1) KSQL_COL_1"), query("k, a + 1, b + 1")],
    ["a field's name", query("K K, A->B B"), query("k, a->b")],
    ["a star", query("*"), query("f.*")],
    [
      "a format for key and value",
      "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON');",
      "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', FORMAT='json');",
    ],
    [
      "inferred columns",
      "CREATE STREAM s (k STRING KEY, a INT, b ARRAY<STRING>) WITH (CLEANUP_POLICY='delete', KAFKA_TOPIC='s', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO');",
      "CREATE STREAM s (k STRING KEY) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO');",
    ],
    [
      "numbers of properties",
      "CREATE STREAM s (k INT) WITH (KAFKA_TOPIC='s', PARTITIONS='06', WRAP_SINGLE_VALUE=TRUE);",
      "CREATE STREAM s (k INT) WITH (KAFKA_TOPIC='s', PARTITIONS=6, WRAP_SINGLE_VALUE=true);",
    ],
    [
      "nested types",
      "CREATE STREAM s (A ARRAY<ARRAY<STRING>>, B STRUCT<X INTEGER, `y` DECIMAL(4, 2)>) WITH (KAFKA_TOPIC='s');",
      "CREATE STREAM s (a array<array<varchar>>, b struct<x int, `y` decimal(4,2)>) WITH (KAFKA_TOPIC='s');",
    ],
  ])("%s", (_, server, file) => {
    expect(differ(server, file)).toEqual([]);
  });
});

describe("what differs is reported", () => {
  it.each([
    ["the condition", where("a = 2"), where("a = 1"), ["WHERE is (A = 2) on the server and (A = 1) in the file"]],
    [
      "a condition that is new",
      query("k"),
      where("a = 1"),
      ["WHERE is not given on the server and (A = 1) in the file"],
    ],
    ["an expression", query("k, b AS x"), query("k, a AS x"), ["column X is B on the server and A in the file"]],
    [
      "the case of a name",
      query("k, a AS x"),
      query("k, a AS `x`"),
      ["column X is not in the file", "column x is new"],
    ],
    ["a column behind", query("k, a"), query("k, a, b"), ["column B is new"]],
    ["a column before", query("k, b"), query("k, a, b"), ["the columns stand in another order", "column A is new"]],
    ["the order", query("k, a, b"), query("k, b, a"), ["the columns stand in another order"]],
    [
      "the scale of a number",
      where("a = 1.50"),
      where("a = 1.5"),
      ["WHERE is (A = 1.50) on the server and (A = 1.5) in the file"],
    ],
    [
      "the size of a window",
      window("SIZE 1 MINUTE, RETENTION 2 DAYS, GRACE PERIOD 1 DAY"),
      window("SIZE 1 SECOND, RETENTION 2 DAYS, GRACE PERIOD 1 DAY"),
      [
        "WINDOW is SIZE 60000, RETENTION 172800000, GRACE PERIOD 86400000 (ms) on the server and SIZE 1000, RETENTION 172800000, GRACE PERIOD 86400000 (ms) in the file",
      ],
    ],
    [
      "what is emitted",
      window("SIZE 1 DAY, GRACE PERIOD 1 DAY", "FINAL"),
      window("SIZE 1 DAY, GRACE PERIOD 1 DAY"),
      ["EMIT is FINAL on the server and CHANGES in the file"],
    ],
    ["the source", query("k").replace("FROM f", "FROM g"), query("k"), ["FROM is G on the server and F in the file"]],
    ["partitions", query("k").replace("= 6", "= 3"), query("k"), ["PARTITIONS is 3 on the server and 6 in the file"]],
    [
      "a property of a declaration",
      "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');",
      "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='AVRO');",
      ["VALUE_FORMAT is JSON on the server and AVRO in the file"],
    ],
    [
      "a property that no server adds",
      query("k").replace(")", ", TIMESTAMP = 'a')"),
      query("k"),
      ["TIMESTAMP is a on the server and not given in the file"],
    ],
    [
      "the type of a column",
      "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s');",
      "CREATE STREAM s (k STRING KEY, a BIGINT) WITH (KAFKA_TOPIC='s');",
      ["column A is INTEGER on the server and BIGINT in the file"],
    ],
    [
      "the key",
      "CREATE STREAM s (k STRING, a INT) WITH (KAFKA_TOPIC='s');",
      "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s');",
      ["column K is new", "column K is not in the file"],
    ],
    [
      "a declaration and a query",
      "CREATE STREAM t (k STRING) WITH (KAFKA_TOPIC='t', PARTITIONS=6);",
      query("k"),
      ["it is declared over a topic on the server and made by a query in the file"],
    ],
  ])("%s", (_, server, file, texts) => {
    expect(differ(server, file)).toEqual(texts);
  });
});

it("a stored statement with an expression many levels deep is read at once", () => {
  const started = performance.now();
  expect(differ(query(`${"(".repeat(30)}a${")".repeat(30)} AS x`), query("a AS x"))).toEqual([]);
  expect(performance.now() - started).toBeLessThan(1000);
});
