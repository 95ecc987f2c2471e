import { describe, expect, it } from "vitest";
import { analyse } from "../../engine/analysis/analyse.ts";
import { reservedWords, StatementError } from "../../engine/language/parse.ts";
import { runStatements } from "../ksqldb/run-case.ts";

const source =
  "CREATE STREAM s (k STRING KEY, `a` STRING, `n` INT, `b` BIGINT, `f` BOOLEAN, `l` ARRAY<STRING>, `d` DECIMAL(9, 2)) WITH (KAFKA_TOPIC = 's', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO');\n";
const select = (list: string, rest = "") =>
  `${source}CREATE STREAM t AS SELECT k, ${list} FROM s ${rest} EMIT CHANGES;`;
const group = (list: string, rest = "GROUP BY k", window = "") =>
  `${source}CREATE TABLE t AS SELECT k, ${list} FROM s ${window} ${rest} EMIT CHANGES;`;
const windowed = (window: string) => group("COUNT(*) AS `c`", "GROUP BY k", `WINDOW ${window}`);

/** A mark ¦ stands where the message must point to; it is taken out. */
function expectRefused(marked: string, message: string): void {
  const text = marked.replace("¦", "");
  const before = marked.split("¦", 1)[0]!.split("\n");
  let refusal: unknown;
  try {
    analyse([{ file: "x.sql", text }]);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(StatementError);
  expect((refusal as Error).message).toContain(`x.sql:${before.length}:${before.at(-1)!.length + 1}: `);
  expect((refusal as Error).message).toContain(message);
}

describe("what is outside the subset is refused by name, with file, line and column", () => {
  it.each([
    ["¦INSERT INTO t SELECT * FROM s;", "the statement INSERT is outside"],
    ["-- first\n¦DROP STREAM s;", "the statement DROP is outside"],
    ["¦SET 'auto.offset.reset' = 'earliest';", "the statement SET is outside"],
    ["¦SELECT * FROM s EMIT CHANGES;", "the statement SELECT is outside"],
    ["¦PRINT 's';", "the statement PRINT is outside"],
    ["¦TERMINATE q;", "the statement TERMINATE is outside"],
    ["¦CREATE CONNECTOR c WITH ('a' = 'b');", "CREATE CONNECTOR is outside"],
    ["¦CREATE TYPE a AS STRING;", "CREATE TYPE is outside"],
    ["¦CREATE SOURCE STREAM a (x STRING) WITH (KAFKA_TOPIC = 'a');", "CREATE SOURCE STREAM is outside"],
    ["¦CREATE OR REPLACE STREAM t (a STRING) WITH (KAFKA_TOPIC = 't', VALUE_FORMAT = 'AVRO');", "CREATE OR REPLACE"],
    [select("`a`", "¦JOIN u WITHIN 1 HOUR ON s.k = u.k"), "JOIN is outside"],
    [select("`a`", "¦LEFT JOIN u ON s.k = u.k"), "JOIN is outside"],
    [
      windowed("HOPPING (SIZE 2 SECONDS, ADVANCE BY 1 SECOND)").replace("WINDOW", "¦WINDOW"),
      "WINDOW HOPPING is outside",
    ],
    [windowed("SESSION (30 SECONDS)").replace("WINDOW", "¦WINDOW"), "WINDOW SESSION is outside"],
    [
      group("COUNT(*) AS `c`").replace("SELECT", "¦SELECT").replace("EMIT CHANGES", "EMIT FINAL"),
      "EMIT FINAL is outside",
    ],
    [select("`a`").replace("EMIT CHANGES", "EMIT CHANGES ¦LIMIT 3"), "LIMIT is outside"],
    [
      "¦CREATE TABLE u (k STRING PRIMARY KEY, a INT) WITH (KAFKA_TOPIC = 'u', VALUE_FORMAT = 'AVRO');",
      "CREATE TABLE over a topic is outside",
    ],
    [
      `${windowed("TUMBLING (SIZE 1 SECOND)")}\nCREATE STREAM v AS SELECT k, \`c\` FROM ¦t;`,
      "a table as a source (T) is outside",
    ],
    [source.replace("VALUE_FORMAT = 'AVRO'", "¦VALUE_FORMAT = 'JSON'"), "VALUE_FORMAT JSON is outside"],
    [source.replace("KEY_FORMAT = 'KAFKA'", "¦KEY_FORMAT = 'AVRO'"), "KEY_FORMAT AVRO is outside"],
    [source.replace("KEY_FORMAT = 'KAFKA'", "¦FORMAT = 'AVRO'"), "the property FORMAT is outside"],
    [source.replace("KEY_FORMAT", "¦TIMESTAMP = '`b`', KEY_FORMAT"), "the property TIMESTAMP is outside"],
    [
      source.replace("KEY_FORMAT", "¦WRAP_SINGLE_VALUE = false, KEY_FORMAT"),
      "the property WRAP_SINGLE_VALUE is outside",
    ],
    [`¦${source.replace(/\(k .*?\) W/, "W")}`, "a stream without a KEY column, or with several, is outside"],
    [source.replace("k STRING KEY", "k STRING KEY, ¦j STRING KEY"), "a stream without a KEY column, or with several"],
    [`¦${source.replace(/, `a` .*?\)\) W/, ") W")}`, "a stream that declares no columns of its value is outside"],
    [source.replace("k STRING", "¦k BOOLEAN"), "a key of the type BOOLEAN is outside"],
    [select("¦*").replace("SELECT k, ", "SELECT "), "* is outside"],
    [select("¦`l`->*"), "->* is outside"],
    [select("¦`n` + 1"), "a column without a name of its own (AS `name`) is outside"],
    [select("`a`", "PARTITION BY ¦`a`"), "PARTITION BY is outside"],
    [group("COUNT(*) AS `c`", "GROUP BY ¦`a`"), "GROUP BY anything but the key K is outside"],
    [group("COUNT(*) AS `c`", "GROUP BY k, ¦`a`"), "GROUP BY anything but the key K is outside"],
    [group("COUNT(*) AS `c`", "GROUP BY k HAVING ¦COUNT(*) > 1"), "HAVING is outside"],
    [select("¦`n` / 2 AS `x`"), "the operator / is outside"],
    [select("¦`d` % 2 AS `x`"), "the operator % is outside"],
    [select("¦1E3 AS `x`"), "the DOUBLE 1E3 is outside"],
    [select("CAST(`n` AS ¦DOUBLE) AS `x`"), "the type DOUBLE"],
    [select("CAST(`a` AS ¦TIMESTAMP) AS `x`"), "the type TIMESTAMP"],
    [select("CAST(`a` AS ¦MAP<STRING, INT>) AS `x`"), "the type MAP is outside"],
    [select("¦CAST(`l` AS STRING) AS `x`"), "a CAST of ARRAY<STRING> to STRING is outside"],
    [select("¦MAP('a' := 1) AS `x`"), "MAP(…) is outside"],
    [select("¦STRUCT(x := 1) AS `x`"), "STRUCT(…) is outside"],
    [select("ARRAY[1, ¦'2'] AS `x`"), "STRING beside INTEGER in one list, without a CAST, is outside"],
    [select("`n` IN (1, ¦'2') AS `x`"), "STRING beside INTEGER in one list"],
    [select("¦`l` IN (`l`) AS `x`"), "IN of ARRAY<STRING> is outside"],
    [select("¦`l` = `l` AS `x`"), "the comparison of ARRAY<STRING> is outside"],
    [select("`a` LIKE ¦`a` AS `x`"), "LIKE with a pattern that is not a literal is outside"],
    [select("`a` LIKE ¦'a!' ESCAPE '!' AS `x`"), "LIKE with a pattern that ends with its escape character"],
    [select("¦1. AS `x`"), "the literal 1., which ksqlDB reads as another type, is outside"],
    [select("¦0.0000001 AS `x`"), "the literal 0.0000001, which"],
    [group("¦AVG(`n`) AS `x`"), "the function AVG"],
    [group("¦LATEST_BY_OFFSET(`a`) AS `x`"), "the function LATEST_BY_OFFSET"],
    [source.replace("KEY_FORMAT", "¦VALUE_SCHEMA_ID = 1, KEY_FORMAT"), "the property VALUE_SCHEMA_ID is outside"],
    [source.replace("`a` STRING", "`a` ¦BYTES"), "the type BYTES"],
    [source.replace("`a` STRING", "`a` ¦DATE"), "the type DATE"],
    [source.replace("`a` STRING", "`a` STRING ¦HEADERS"), "HEADERS is outside"],
    [select("ARRAY_LENGTH(¦x => x) AS `x`"), "a lambda is outside"],
    [select("¦UUID() AS `x`"), "the function UUID"],
    [select("`a`", "WHERE ¦ROWTIME > '2020-01-01'"), "ROWTIME beside a text is outside"],
    [select("¦${v} AS `x`"), "a variable is outside"],
  ])("%s", expectRefused);
});

describe("a refusal carries its kind, and the name that is missing", () => {
  it.each([
    ["CREATE STREAM s;", "syntax", undefined],
    ["/* c */", "comment", undefined],
    [select("`a` AS SIZE"), "reserved-word", undefined],
    [select("`a`", "JOIN u ON 1 = 1"), "subset", undefined],
    [source.replace("`a` STRING", "`a` BYTES"), "subset", undefined],
    [select("F(`a`) AS `x`"), "unknown-function", "F"],
    [select("ARRAY_LENGTH(`a`) AS `x`"), "arguments", undefined],
    [select("`a`").replace("FROM s", "FROM u"), "unknown-source", "U"],
    [select("`x`"), "unknown-column", "x"],
    [select("`a`", "WHERE `a` = 1"), "type", undefined],
    [select("`a`").replace("CREATE STREAM t", "CREATE OR REPLACE STREAM t"), "replace", undefined],
    [select("`a` || 'x' AS `x`"), "invalid", undefined],
  ])("%s", (text, kind, missing) => {
    expect(() => analyse([{ file: "x.sql", text }])).toThrow(
      expect.objectContaining({ file: "x.sql", kind, missing }) as Error,
    );
  });
});

describe("what ksqlDB refuses is refused", () => {
  it.each([
    ["an unknown column", select("¦`x`"), "S has no column x"],
    ["a column whose case is lost without back quotes", select("¦a"), "S has no column A"],
    ["an unknown source", select("`a`").replace("FROM s", "FROM ¦u"), "there is no U"],
    [
      "a name that is taken",
      `${source}CREATE STREAM ¦s (k STRING KEY, a STRING) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');`,
      "S already exists",
    ],
    [
      "a name with a blank",
      source.replace("STREAM s", "STREAM ¦`a b`"),
      "the name a b may contain only letters, digits, _ and -",
    ],
    [
      "a topic that Kafka would refuse",
      source.replace("KAFKA_TOPIC = 's'", "¦KAFKA_TOPIC = 'a b'"),
      "KAFKA_TOPIC 'a b'",
    ],
    [
      "partitions that are no number",
      select("`a`").replace("KAFKA_TOPIC", "¦PARTITIONS = 0, KAFKA_TOPIC"),
      "PARTITIONS '0'",
    ],
    [
      "a query that feeds itself",
      select("`a`").replace("STREAM t", "STREAM ¦t WITH (KAFKA_TOPIC = 's')"),
      "the topic s is that of another statement",
    ],
    ["a column named twice", select("`a`, ¦`n` AS `a`"), "the column a is named twice"],
    ["a column declared twice", source.replace("`n` INT", "`n` INT, ¦`n` INT"), "the column n is named twice"],
    [
      "a key that is a value too",
      select("`a` AS k").replace("SELECT k, ", "SELECT k, ¦"),
      "the column K is named twice",
    ],
    ["a key selected twice", select("`a`, ¦k"), "the key K is selected more than once: AS_VALUE(K)"],
    [
      "a missing key",
      select("`a`").replace("SELECT k,", "SELECT").replace("CREATE STREAM t", "¦CREATE STREAM t"),
      "the key K is missing",
    ],
    [
      "nothing but the key",
      select("X").replace(", X", "").replace("CREATE STREAM t", "¦CREATE STREAM t"),
      "nothing but the key",
    ],
    ["a bare NULL", select("¦NULL AS `x`"), "a bare NULL, which has no type"],
    ["a comparison with NULL", select("`a`", "WHERE `a` = ¦NULL"), "a bare NULL has no type"],
    ["text against a number", select("`a`", "WHERE ¦`a` = 1"), "STRING cannot be compared with INTEGER"],
    ["a condition that is no BOOLEAN", select("`a`", "WHERE ¦`n`"), "a condition must be BOOLEAN, this is INTEGER"],
    [
      "branches of two types",
      select("¦CASE WHEN `n` = 1 THEN 1 ELSE 1.5 END AS `x`"),
      "one type, here INTEGER and DECIMAL(2, 1)",
    ],
    [
      "branches that could be widened",
      select("¦CASE WHEN `n` = 1 THEN `n` ELSE `b` END AS `x`"),
      "one type, here INTEGER and BIGINT",
    ],
    ["a sum IS NULL, whose code has no object to ask", select("¦`n` + 1 IS NULL AS `x`"), "IS NULL"],
    ["the smallest INTEGER in parentheses", select("¦-(2147483648) AS `x`"), "-(2147483648), which"],
    ["two signs", select("¦+(+`n`) AS `x`"), "a + before a +"],
    ["the escape \\", select("¦`a` LIKE 'x' ESCAPE '\\' AS `x`"), "ESCAPE takes one character"],
    ["a comment without text, which takes the next line with it", `¦--\n${source}`, "a comment needs text"],
    [
      "a source's name beside its alias",
      select("¦s.`a` AS `x`").replace("FROM s", "FROM s AS r"),
      "there is no source S",
    ],
    ["a topic that is no text", source.replace("KAFKA_TOPIC = 's'", "¦KAFKA_TOPIC = 5"), "KAFKA_TOPIC takes a text"],
    ["ROWTIME without another name", select("¦ROWTIME"), "the name ROWTIME is reserved"],
    ["rowtime in back quotes", select("¦`a` AS `rowtime`"), "the name rowtime is reserved"],
    ["GROUP BY nothing", group("COUNT(*) AS `c`", "GROUP BY (¦)"), "Expected"],
    ["GROUP BY a condition", group("COUNT(*) AS `c`", "GROUP BY `a` ¦= 'x'"), "Expected"],
    ["CASE with an operand", select("¦CASE `n` WHEN 1 THEN 'x' END AS `x`"), "CASE with an operand"],
    ["the operator ||", select("`a` ¦|| 'x' AS `x`"), "the operator ||"],
    ["text plus a number", select("¦`a` + 1 AS `x`"), "the operator + does not take STRING and INTEGER"],
    ["minus text", select("¦-`a` AS `x`"), "a sign cannot precede STRING"],
    ["a cast that there is not", select("¦CAST(`n` AS BOOLEAN) AS `x`"), "INTEGER cannot be cast to BOOLEAN"],
    ["an argument of another type", select("¦ARRAY_LENGTH(`a`) AS `x`"), "ARRAY_LENGTH does not take (STRING)"],
    ["an element of text", select("¦`a`[1] AS `x`"), "only an ARRAY has elements"],
    ["an element by text", select("`l`[¦'1'] AS `x`"), "must be INTEGER, not STRING"],
    ["a field of text", select("¦`a`->`b` AS `x`"), "only a STRUCT has fields"],
    [
      "arguments of two types of numbers",
      select("¦COALESCE(`n`, `d`) AS `x`"),
      "COALESCE does not take (INTEGER, DECIMAL(9, 2))",
    ],
    [
      "a call before BETWEEN",
      select("`a`", "WHERE ¦LEN(`a`) BETWEEN 1 AND 2"),
      "a function call as the first operand of BETWEEN",
    ],
    ["EXPLODE in WHERE", select("`a`", "WHERE ¦EXPLODE(`l`) = 'x'"), "the function EXPLODE"],
    [
      "EXPLODE in CASE",
      select("CASE WHEN ¦EXPLODE(`l`) = 'x' THEN 'y' END AS `x`"),
      "EXPLODE is allowed only in the SELECT list",
    ],
    ["EXPLODE of no list", select("¦EXPLODE(`a`) AS `x`"), "EXPLODE takes a list"],
    ["EXPLODE beside GROUP BY", group("¦EXPLODE(`l`) AS `x`, COUNT(*) AS `c`"), "the function EXPLODE"],
    ["a number beyond BIGINT", select("¦9223372036854775808 AS `x`"), "9223372036854775808 is beyond BIGINT"],
    ["DECIMAL with one argument", source.replace("DECIMAL(9, 2)", "DECIMAL(9¦)"), 'Expected ","'],
    ["a comment that Confluent Cloud refuses", `${source}¦/* c */`, "a comment must start with --"],
    ["a column that every row has", source.replace("`a` STRING", "¦ROWTIME STRING"), "every row has one of that name"],
    [
      "a stream's PRIMARY KEY",
      source.replace("k STRING KEY", "¦k STRING PRIMARY KEY"),
      "a stream has KEY, a table PRIMARY KEY",
    ],
    ["no topic", `¦${source.replace("KAFKA_TOPIC = 's', ", "")}`, "WITH must name KAFKA_TOPIC"],
    ["no format", `¦${source.replace(", VALUE_FORMAT = 'AVRO'", "")}`, "WITH must name VALUE_FORMAT"],
    [
      "a property given twice",
      source.replace("KEY_FORMAT", "¦KAFKA_TOPIC = 'r', KEY_FORMAT"),
      "KAFKA_TOPIC is given twice",
    ],
    ["a statement that does not end", `${source.replace(";", "")}¦`, 'Expected ";"'],
    ["an aggregate without GROUP BY", select("¦COUNT(*) AS `x`"), "the function COUNT"],
    ["an aggregate of an aggregate", group("SUM(¦COUNT(*)) AS `x`"), "the function COUNT"],
    ["an aggregate in WHERE", select("`a`", "WHERE ¦COUNT(*) > 1"), "the function COUNT"],
    [
      "a column that is neither grouped nor aggregated",
      group("COUNT(*) AS `c`, ¦`a`"),
      "a is neither grouped by nor aggregated",
    ],
    [
      "GROUP BY without an aggregate",
      group("AS_VALUE(k) AS `x`").replace("SELECT", "¦SELECT"),
      "GROUP BY needs an aggregate",
    ],
    ["SUM of text", group("¦SUM(`a`) AS `x`"), "SUM does not take (STRING)"],
    [
      "a STREAM of groups",
      group("COUNT(*) AS `c`").replace("CREATE TABLE", "¦CREATE STREAM"),
      "the result of GROUP BY is a TABLE",
    ],
    ["a TABLE without groups", select("`a`").replace("CREATE STREAM t", "¦CREATE TABLE t"), "needs GROUP BY"],
    ["a window without groups", select("`a`", "¦WINDOW TUMBLING (SIZE 1 SECOND)"), "WINDOW needs GROUP BY"],
    ["WINDOWSTART in WHERE", select("`a`", "WHERE ¦WINDOWSTART > 1"), "WINDOWSTART is allowed only in the SELECT list"],
    [
      "a window of nothing",
      windowed("TUMBLING (SIZE 0 SECONDS)").replace("WINDOW", "¦WINDOW"),
      "SIZE must be more than 0",
    ],
    [
      "GRACE PERIOD before RETENTION",
      windowed("TUMBLING (SIZE 1 SECOND, GRACE PERIOD 2 SECONDS¦, RETENTION 1 HOUR)"),
      'Expected ")" but "," found',
    ],
    [
      "RETENTION shorter than size and grace",
      windowed("TUMBLING (SIZE 1 SECOND, RETENTION 2 SECONDS, GRACE PERIOD 2 SECONDS)").replace("WINDOW", "¦WINDOW"),
      "1000 + 2000 ms, it is 2000 ms",
    ],
    [
      "RETENTION shorter than the grace of a day that there is where none is given",
      windowed("TUMBLING (SIZE 1 SECOND, RETENTION 1 HOUR)").replace("WINDOW", "¦WINDOW"),
      "1000 + 86399000 ms (a day less the size",
    ],
  ])("%s", (_, marked, message) => expectRefused(marked, message));

  it("a name that is taken by a column of every row", () => {
    expectRefused(select("¦`a` AS ROWTIME"), "the name ROWTIME is reserved by ksqlDB");
  });

  it("every reserved word, as a name without back quotes", () => {
    expect(reservedWords.size).toBe(88);
    for (const word of reservedWords) {
      const quoted = source.replace("`a` STRING", `\`${word}\` STRING`);
      expect(() => analyse([{ file: "x.sql", text: quoted }])).not.toThrow();
      expectRefused(source.replace("`a` STRING", `¦${word.toLowerCase()} STRING`), `${word} is a reserved word`);
      expectRefused(select(`\`a\` AS ¦${word}`), `${word} is a reserved word`);
    }
  });

  it("no word that is free", () => {
    for (const word of ["time", "type", "side", "sequence", "key", "value", "changes", "window_start", "day"])
      expect(() => analyse([{ file: "x.sql", text: select(`\`a\` AS ${word}`) }])).not.toThrow();
  });
});

describe("an expression has ksqlDB's meaning", () => {
  const nothing = { a: null, n: null, b: null, f: null, l: null, d: null };
  const record = (columns: object) => ({ topic: "s", key: "k", timestamp: 5, value: { ...nothing, ...columns } });

  // Two-valued logic; lists from 1 and from the end; series in both directions; decimals with all digits of their scale.
  it.each([
    ["CASE WHEN `a` = `a` THEN 'yes' ELSE 'no' END", { a: null }, "no"],
    ["CASE WHEN NOT (`a` = 'x') THEN 'yes' ELSE 'no' END", { a: null }, "yes"],
    ["CASE WHEN `a` <> 'x' THEN 'yes' ELSE 'no' END", { a: null }, "no"],
    ["CASE WHEN `a` IS DISTINCT FROM 'x' THEN 'yes' ELSE 'no' END", { a: null }, "yes"],
    ["CASE WHEN `a` NOT IN ('x') THEN 'yes' ELSE 'no' END", { a: null }, "yes"],
    ["CASE WHEN `a` IS NULL AND `n` IS NOT NULL THEN 'yes' END", { a: null, n: 1 }, "yes"],
    ["CASE WHEN `n` < `b` OR `a` = 'x' THEN 'yes' END", { n: 1, b: 2, a: null }, "yes"],
    ["CASE WHEN `n` > `b` THEN 'yes' END", { n: 1, b: 2 }, null],
    ["`l`[1]", { l: ["a", "b"] }, "a"],
    ["`l`[-1]", { l: ["a", "b"] }, "b"],
    ["`l`[2]", { l: ["a"] }, null],
    ["`l`[0]", { l: ["a"] }, null],
    ["`l`[1]", { l: null }, null],
    ["ARRAY_LENGTH(`l`)", { l: ["a", "b"] }, 2],
    ["ARRAY_LENGTH(`l`)", { l: null }, null],
    ["GENERATE_SERIES(1, 3)", {}, [1, 2, 3]],
    ["GENERATE_SERIES(1, 0)", {}, [1, 0]],
    ["'it''s'", {}, "it's"],
    ["`n` + 1", { n: 2_147_483_647 }, -2_147_483_648],
    [
      "CAST(`a` AS DECIMAL(38, 9)) * CAST('0.000000001' AS DECIMAL(38, 9)) = CAST(0 AS DECIMAL(38, 9))",
      { a: "1" },
      false,
    ],
    ["CAST(CAST(`a` AS DECIMAL(38, 9)) AS STRING)", { a: "0.0000000005" }, "0.000000001"],
    ["CAST(CAST(`a` AS DECIMAL(38, 9)) AS STRING)", { a: "1e3" }, "1000.000000000"],
    ["CAST(`a` AS DECIMAL(38, 9))", { a: "x" }, null],
    // A constant that decides alone does so before the column is asked, although it stands behind it.
    ["`f` OR true", { f: null }, true],
    ["`f` AND false", { f: null }, false],
    ["ARRAY[1, `b`]", { b: 2147483648 }, [1, 2147483648]],
    ["`n` IN (1, NULL, 2.0)", { n: 2 }, true],
    ["`a` LIKE 'x!_%' ESCAPE '!'", { a: "x_y" }, true],
    ["`b` BETWEEN 1 AND 2", { b: 2 }, true],
    ["NULLIF(`n`, 1)", { n: 1 }, null],
    ["CONCAT(`a`, NULLIF('x', 'x'), 'y')", { a: "a" }, "ay"],
    ["SUBSTRING(`a`, -2, 1)", { a: "abc" }, "b"],
    ["SUBSTRING(`a`, 2, 2147483647)", { a: "abc" }, ""],
    ["LEN(TRIM(`a`))", { a: " \u001f\u00a0x " }, 2],
    ["`d` * 2 - `n`", { d: "1.25", n: 1 }, 1.5],
    ["`d` * 2 IS NULL", { d: "1.00" }, false],
    ["COALESCE(`a`, 'none')", { a: null }, "none"],
    ["`a` + 'x'", { a: null }, "nullx"],
  ])("%s of %j is %j", (expression, columns, expected) => {
    const { outputs, failure } = runStatements(select(`${expression} AS \`x\``), [record(columns)]);
    expect(failure).toBeUndefined();
    expect(outputs).toEqual([{ topic: "T", key: "k", timestamp: 5, value: { x: expected } }]);
  });

  it("a failing column is NULL and its record continues; the failure is logged", () => {
    const { outputs, logged } = runStatements(select("`a`, `n` + CAST(`a` AS INT) AS `x`"), [
      record({ a: "here", n: 1 }),
    ]);
    expect(outputs[0]!.value).toEqual({ a: "here", x: null });
    // The text is no number, and a sum with NULL is an error of its own.
    expect(logged).toHaveLength(2);
  });

  it("a failing condition drops its record; one that is NULL ends the query, and the rows before it stay", () => {
    const dropped = runStatements(select("`n`", "WHERE `n` + `b` = 1"), [record({ n: 1 }), record({ n: 1, b: 0 })]);
    expect(dropped.outputs.map(({ value }) => value)).toEqual([{ n: 1 }]);
    expect(dropped.logged).toHaveLength(1);
    const ended = runStatements(select("`n`", "WHERE `f`"), [
      record({ n: 1, f: true }),
      record({ n: 2, f: false }),
      record({ n: 3, f: null }),
      record({ n: 4, f: true }),
    ]);
    expect(ended.outputs.map(({ value }) => value)).toEqual([{ n: 1 }]);
    expect(ended.failure?.message).toContain("(s, offset 2)");
  });

  it.each([
    ["a number just below a bound that is a DOUBLE", "CAST('99999999999999999999999' AS DECIMAL(23, 0))"],
    ["a number in the digits of another script", "CAST('١' AS INT)"],
    ["a list of more numbers than memory has", "GENERATE_SERIES(1, 2000000000)"],
  ])("%s ends the run, as an answer that is not known here", (_, expression) => {
    const { outputs, failure } = runStatements(select(`${expression} AS \`x\``), [record({ d: "1.00" })]);
    expect(failure?.message).toContain("this engine does not know ksqlDB's answer");
    expect(outputs).toEqual([]);
  });

  it("lists that are exploded side by side are padded with NULL", () => {
    const { outputs } = runStatements(select("EXPLODE(`l`) AS `x`, EXPLODE(GENERATE_SERIES(1, 3)) AS `y`"), [
      record({ l: ["p", "q"] }),
    ]);
    expect(outputs.map(({ value }) => value)).toEqual([
      { x: "p", y: 1 },
      { x: "q", y: 2 },
      { x: null, y: 3 },
    ]);
  });

  it("a tombstone passes a plain projection; a filter, EXPLODE and GROUP BY drop it; a windowed aggregation dies of it", () => {
    const tombstone = [{ topic: "s", key: "k", timestamp: 5, value: null }];
    expect(runStatements(select("`a`"), tombstone).outputs).toEqual([
      { topic: "T", key: "k", timestamp: 5, value: null },
    ]);
    expect(runStatements(select("`a`", "WHERE `a` IS NULL"), tombstone).outputs).toEqual([]);
    expect(runStatements(select("EXPLODE(ARRAY[1]) AS `x`"), tombstone).outputs).toEqual([]);
    expect(runStatements(group("COUNT(*) AS `c`"), tombstone)).toMatchObject({ outputs: [], failure: undefined });
    const died = runStatements(windowed("TUMBLING (SIZE 1 SECOND)"), tombstone);
    expect(died.failure?.message).toContain("a record without value");
    const guarded = group("COUNT(*) AS `c`", "WHERE `a` IS NULL GROUP BY k", "WINDOW TUMBLING (SIZE 1 SECOND)");
    expect(runStatements(guarded, tombstone)).toMatchObject({ outputs: [], failure: undefined });
  });
});
