import { describe, expect, it } from "vitest";
import { analyse } from "../../ksqldb/language/analyse.ts";
import { runCase } from "./run-case.ts";

const source =
  "CREATE STREAM s (k STRING KEY, `a` STRING, `n` INT, `b` BIGINT, `f` BOOLEAN, `l` ARRAY<STRING>) WITH (KAFKA_TOPIC = 's', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO');\n";
const select = (list: string, rest = "") =>
  `${source}CREATE STREAM t WITH (KAFKA_TOPIC = 't', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO') AS SELECT k, ${list} FROM s ${rest} EMIT CHANGES;`;
const at = select("X").split("\n")[1]!.indexOf("X") + 1;

describe("a statement outside the subset is refused with file, line and column", () => {
  it.each([
    ["CREATE TABLE t AS SELECT 1;", "x.sql:1:1: CREATE TABLE is outside"],
    ["CREATE OR REPLACE STREAM t (a STRING) WITH (x = 'y');", "x.sql:1:1: CREATE OR REPLACE STREAM is outside"],
    ["-- first\nINSERT INTO t SELECT * FROM s;", "x.sql:2:1: the statement INSERT is outside"],
    [select("`n` + 1 AS `x`"), `x.sql:2:${at}: the operator + is outside`],
    [select("CAST(`n` AS STRING) AS `x`"), `x.sql:2:${at}: CAST is outside`],
    [select("COUNT(*) AS `x`"), "x.sql:2:"],
    [select("UCASE(`a`) AS `x`"), `x.sql:2:${at}: the function UCASE is outside`],
    [select("`a`", "GROUP BY k"), "GROUP BY is outside"],
    [select("`a`", "WINDOW TUMBLING (SIZE 1 SECOND)"), "WINDOW is outside"],
    [select("`a`", "JOIN u ON k = k"), "JOIN is outside"],
    [select("`a`", "WHERE `a` LIKE 'x'"), "IN, LIKE, BETWEEN or IS DISTINCT FROM is outside"],
    [select("`a`").replace("EMIT CHANGES", "EMIT FINAL"), "EMIT FINAL is outside"],
    [select("*"), "SELECT * is outside"],
    [select("1.5 AS `x`"), "the number 1.5 is outside"],
    [select("9007199254740993 AS `x`"), "the number 9007199254740993 is outside"],
    [source.replace("KEY_FORMAT", "TIMESTAMP"), "the property TIMESTAMP is outside"],
    [source.replace("'AVRO'", "'JSON'"), "VALUE_FORMAT 'JSON' is outside"],
    [source.replace("`a` STRING", "`a` DOUBLE"), "the type of a is outside"],
    [source.replace("`a` STRING", "`a` MAP<STRING, INT>"), "a column of that type is outside"],
    ["/* c */ SELECT 1;", "x.sql:1:1: a comment must start with --"],
  ])("%s", (text, message) => {
    expect(() => analyse([{ file: "x.sql", text }])).toThrow(message);
  });
});

describe("a statement that ksqlDB would refuse is refused", () => {
  it.each([
    ["an unknown column", select("`x`"), `x.sql:2:${at}: S has no column x`],
    ["a column whose case is lost without back quotes", select("a"), "S has no column A"],
    ["a reserved word", select("size"), "SIZE is a reserved word: write it in back quotes"],
    ["an unknown stream", select("`a`").replace("FROM s", "FROM u"), "there is no stream U"],
    ["a stream created twice", source + source, "a stream named S exists already"],
    ["a name given twice", select("`a`, `n` AS `a`"), "the column a is named twice"],
    ["a key that is a value too", select("`a` AS k"), "the column K is named twice"],
    ["a missing key", select("`a`").replace("SELECT k,", "SELECT"), "the first column must be the key of S, K"],
    ["an expression without a name", select("ARRAY_LENGTH(`l`)"), "an expression needs a name"],
    ["text against a number", select("`a`", "WHERE `a` = 1"), "STRING can not be compared with INTEGER"],
    [
      "branches of two types",
      select("CASE WHEN `n` = 1 THEN `a` ELSE `n` END AS `x`"),
      "the branches of a CASE must have one type, here STRING and INTEGER",
    ],
    [
      "a bare BOOLEAN as a condition, which ends the query on a server",
      select("`a`", "WHERE `f`"),
      "a condition that can be NULL ends the query",
    ],
    ["EXPLODE in WHERE", select("`a`", "WHERE EXPLODE(`l`) = 'x'"), "EXPLODE may stand in the SELECT list only"],
    [
      "EXPLODE in CASE",
      select("CASE WHEN EXPLODE(`l`) = 'x' THEN 'y' END AS `x`"),
      "EXPLODE may stand in the SELECT list only",
    ],
    ["EXPLODE of no list", select("EXPLODE(`a`) AS `x`"), "EXPLODE takes a list, this is STRING"],
    ["an index of no list", select("`a`[1] AS `x`"), "only a list can be indexed"],
    ["an argument of another type", select("ARRAY_LENGTH(`a`) AS `x`"), "ARRAY_LENGTH does not take (STRING)"],
  ])("%s", (_, text, message) => {
    expect(() => analyse([{ file: "x.sql", text }])).toThrow(message);
  });
});

describe("an expression has ksqlDB's meaning", () => {
  // Of docs and notes on the real engine: two-valued logic, lists from 1 and from the end, series in both directions.
  it.each([
    ["CASE WHEN `a` = `a` THEN 'yes' ELSE 'no' END", { a: null }, "no"],
    ["CASE WHEN NOT (`a` = 'x') THEN 'yes' ELSE 'no' END", { a: null }, "yes"],
    ["CASE WHEN `a` <> 'x' THEN 'yes' ELSE 'no' END", { a: null }, "no"],
    ["CASE WHEN `a` IS NULL AND `n` IS NOT NULL THEN 'yes' END", { a: null, n: 1 }, "yes"],
    ["CASE WHEN `n` < `b` OR `a` = 'x' THEN 'yes' END", { n: 1, b: 2, a: null }, "yes"],
    ["CASE WHEN `n` > `b` THEN 'yes' END", { n: 1, b: 2 }, null],
    ["`l`[1]", { l: ["a", "b"] }, "a"],
    ["`l`[2]", { l: ["a"] }, null],
    ["`l`[0]", { l: ["a"] }, null],
    ["`l`[1]", { l: null }, null],
    ["ARRAY_LENGTH(`l`)", { l: ["a", "b"] }, 2],
    ["ARRAY_LENGTH(`l`)", { l: null }, null],
    ["GENERATE_SERIES(1, 3)", {}, [1, 2, 3]],
    ["GENERATE_SERIES(1, 0)", {}, [1, 0]],
    ["'it''s'", {}, "it's"],
  ])("%s of %j is %j", async (expression, columns, expected) => {
    const value = { a: null, n: null, b: null, f: null, l: null, ...columns };
    const [output] = await runCase(select(`${expression} AS \`x\``), [{ topic: "s", key: "k", timestamp: 5, value }]);
    expect(output).toEqual({ topic: "t", key: "k", timestamp: 5, value: { x: expected } });
  });

  it("a failing column is NULL and its record goes on; the failure is told", async () => {
    const value = { a: "here", n: null, b: null, f: null, l: null };
    const complaints: string[] = [];
    const inputs = [{ topic: "s", key: "k", timestamp: 5, value }];
    const [output] = await runCase(select("`a`, GENERATE_SERIES(1, `n`) AS `x`"), inputs, complaints);
    expect(output!.value).toEqual({ a: "here", x: null });
    expect(complaints).toEqual(["T: GENERATE_SERIES of NULL"]);
  });

  it("lists that are exploded side by side are padded with NULL", async () => {
    const value = { a: null, n: null, b: null, f: null, l: ["p", "q"] };
    const outputs = await runCase(select("EXPLODE(`l`) AS `x`, EXPLODE(GENERATE_SERIES(1, 3)) AS `y`"), [
      { topic: "s", key: "k", timestamp: 5, value },
    ]);
    expect(outputs.map((output) => output.value)).toEqual([
      { x: "p", y: 1 },
      { x: "q", y: 2 },
      { x: null, y: 3 },
    ]);
  });

  it("a tombstone passes a plain projection, and no filter", async () => {
    const tombstone = [{ topic: "s", key: "k", timestamp: 5, value: null }];
    expect(await runCase(select("`a`"), tombstone)).toEqual([{ topic: "t", key: "k", timestamp: 5, value: null }]);
    expect(await runCase(select("`a`", "WHERE `a` IS NULL"), tombstone)).toEqual([]);
  });
});
