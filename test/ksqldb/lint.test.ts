import { describe, expect, it } from "vitest";
import { findingText, lint } from "../../ksqldb/lint/lint.ts";
import { rules } from "../../ksqldb/lint/rules.ts";
import { readScripts, readStatements } from "../../ksqldb/statements.ts";
import { readTables } from "../../schemas/tables.ts";

const ticks = `-- What sensors say: nothing like a trade.
CREATE STREAM ticks (
  product_key STRING KEY,
  \`type\` STRING,
  \`at\` BIGINT,
  \`heat\` STRING,
  \`n\` INTEGER,
  \`ok\` BOOLEAN,
  \`list\` ARRAY<STRING>
) WITH (KAFKA_TOPIC = 'ticks', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO');
`;

/** A stream over \`ticks\`; its items start in line 7. */
const stream = (items: string, rest = "WHERE `at` IS NOT NULL") => `-- Warm ones.
CREATE STREAM warm WITH (
  KAFKA_TOPIC = 'warm', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO'
) AS
SELECT
  product_key, AS_VALUE(product_key) AS \`product_id\`, -- Product.
  ${items}
FROM ticks
${rest}
EMIT CHANGES;
`;

/** A table over \`ticks\`; its window is in line 10 where its items take two lines, 7 and 8. */
const table = (items: string, window = "WINDOW TUMBLING (SIZE 7 MINUTES, RETENTION 2 DAYS, GRACE PERIOD 1 DAY)") =>
  stream(
    `WINDOWSTART * 1000 AS \`time\`, -- [timestamp] Start.\n  ${items}`,
    `${window}\nWHERE \`at\` IS NOT NULL\nGROUP BY product_key`,
  ).replace("CREATE STREAM", "CREATE TABLE");

const file = "ksqldb/41_warm.sql";

/** \`line:column rule\` of what is found in a file beside a source that is in order. */
function found(text: string, name = file): string[] {
  const findings = lint(
    [
      { file: "ksqldb/40_ticks.sql", text: ticks },
      { file: name, text },
    ],
    [],
  );
  // Neither topic is in the catalogue.
  return findings
    .filter((finding) => finding.file === name && !finding.happens.includes("is not a topic of schemas/catalog.ts"))
    .map(({ line, column, rule }) => `${line}:${column} ${rule}`);
}

const clean = stream("`at`,\n  `heat`");

/** Every rule: statements that break it, and all that is to be found in them. */
const cases: Record<string, readonly (readonly [text: string, ...expected: string[]])[]> = {
  file: [
    [`${clean}${clean.replaceAll("warm", "hot").replace("-- Warm ones.\n", "")}`, "12:15 file"],
    ["-- Nothing yet.\n", "1:1 file"],
  ],
  topic: [
    [clean.replace("KAFKA_TOPIC = 'warm', ", ""), "2:1 topic"],
    [clean.replace("'warm'", "'Warm'"), "3:3 topic"],
  ],
  format: [
    [clean.replace(", KEY_FORMAT = 'KAFKA'", ""), "2:1 format"],
    [clean.replace("'AVRO'", "'JSON'"), "3:47 laptop", "3:47 format"],
  ],
  "lower-case": [
    [stream("`heat` AS warmth"), "7:13 lower-case"],
    [stream("ARRAY_LENGTH(`list`) -- How many."), "7:3 refused", "7:3 lower-case"],
  ],
  star: [[stream("*").replace("product_key, AS_VALUE", "AS_VALUE"), "7:3 refused", "7:3 star"]],
  key: [
    [ticks.replaceAll("ticks", "warm").replace("product_key STRING", "sensor STRING"), "2:1 key", "3:3 lower-case"],
    [ticks.replaceAll("ticks", "warm").replace("product_key STRING KEY,", ""), "2:1 refused", "2:1 key"],
    [stream("`heat`").replace("product_key,", "product_key AS sensor,"), "5:1 key", "6:18 lower-case"],
    [
      stream("`heat`", "WHERE `at` > 0 PARTITION BY `n`").replace("product_key, AS", "`n`, AS"),
      "9:29 refused",
      "9:29 key",
    ],
    [
      table("COUNT(*) AS `n` -- How many.")
        .replace("GROUP BY product_key", "GROUP BY `type`")
        .replace("product_key, AS_VALUE(product_key)", "`type`, AS_VALUE(`type`)"),
      "5:1 key-copied",
      "12:10 refused",
      "12:10 key",
    ],
  ],
  "key-copied": [
    [stream("`heat`").replace("AS_VALUE(product_key) AS `product_id`, -- Product.", ""), "5:1 key-copied"],
    [stream("`heat`").replace("AS_VALUE(product_key)", "`type`"), "5:1 key-copied"],
    [table("COUNT(*) AS `n` -- How many.").replace("WINDOWSTART * 1000", "MIN(`at`)"), "10:1 key-copied"],
  ],
  window: [
    [table("COUNT(*) AS `n` -- How many.", "WINDOW TUMBLING (SIZE 1 HOUR)"), "10:1 window"],
    [
      table("COUNT(*) AS `n` -- How many.", "WINDOW TUMBLING (SIZE 9 HOURS, RETENTION 3 DAYS, GRACE PERIOD 1 DAY)"),
      "10:1 window",
    ],
    [
      table("COUNT(*) AS `n` -- How many.", "WINDOW TUMBLING (SIZE 9 HOURS, RETENTION 2 DAYS, GRACE PERIOD 0 DAYS)"),
      "10:1 window",
    ],
  ],
  type: [
    [stream("CAST(`heat` AS DECIMAL(38, 9)) AS `heat` -- Heat."), "7:3 type"],
    [stream("`heat`,\n  ARRAY[`list`] AS `lists` -- Lists."), "8:3 type"],
  ],
  meaning: [
    [stream("ARRAY_LENGTH(`list`) AS `n`"), "7:3 meaning"],
    [stream("ARRAY_LENGTH(`list`) AS `n` -- [timestamp]"), "7:3 meaning"],
    [clean.replace("-- Warm ones.", "-- "), "2:1 meaning"],
  ],
  where: [
    [table("COUNT(*) AS `n` -- How many.").replace("WHERE `at` IS NOT NULL\n", ""), "5:1 where"],
    [stream("EXPLODE(`list`) AS `one` -- One.", ""), "5:1 where"],
  ],
  "empty-series": [
    [stream("EXPLODE(GENERATE_SERIES(1, ARRAY_LENGTH(`list`))) AS `i` -- Place."), "7:11 empty-series"],
    [
      stream("EXPLODE(GENERATE_SERIES(1, ARRAY_LENGTH(`list`))) AS `i` -- Place.", "WHERE ARRAY_LENGTH(`list`) >= 0"),
      "7:11 empty-series",
    ],
  ],
  condition: [
    [stream("`heat`", "WHERE `ok`"), "9:7 condition"],
    [stream("`heat`", "WHERE `at` > 0 AND NOT `ok`"), "9:24 condition"],
    [stream("`heat`", "WHERE CASE WHEN `at` > 0 THEN true END"), "9:7 condition"],
    [stream("CASE WHEN COALESCE(`ok`, `ok`) THEN 1 ELSE 0 END AS `has` -- Whether."), "7:13 condition"],
    [
      table("COUNT(*) AS `n` -- How many.").replace("EMIT", "HAVING CAST(CAST(MAX(`n`) AS STRING) AS BOOLEAN)\nEMIT"),
      "13:8 laptop",
      "13:8 condition",
    ],
  ],
  not: [
    [stream("`heat`", "WHERE `type` NOT IN ('a', 'b')"), "9:7 not"],
    [stream("`heat`", "WHERE NOT (`n` = 1)"), "9:7 not"],
    [stream("`heat`", "WHERE `at` IS NOT NULL AND `type` NOT IN ('a')"), "9:28 not"],
  ],
  division: [
    [stream("CAST(CAST(`heat` AS DECIMAL(38, 9)) / 3 AS STRING) AS `third` -- A third."), "7:8 laptop", "7:8 division"],
    [
      table("CAST(SUM(CAST(`heat` AS DECIMAL(38, 9))) / COUNT(*) AS STRING) AS `mean` -- Mean."),
      "8:8 laptop",
      "8:8 division",
    ],
    [table("CAST(AVG(`n`) AS STRING) AS `mean` -- Mean."), "8:8 laptop", "8:8 division"],
  ],
  "by-offset": [
    [table("LATEST_BY_OFFSET(`heat`) AS `last` -- Last."), "8:3 refused", "8:3 by-offset"],
    [table("EARLIEST_BY_OFFSET(`heat`, 2)[1] AS `first` -- First."), "8:3 refused", "8:3 by-offset"],
  ],
  "text-order": [
    [table("MAX(`heat`) AS `high` -- Highest."), "8:3 text-order"],
    [table("TOPK(`heat`, 1)[1] AS `high` -- Highest."), "8:3 text-order"],
    [stream("`heat`", "WHERE '5' <= `heat` AND `heat` BETWEEN '1' AND '9'"), "9:7 text-order", "9:25 text-order"],
    [stream("CAST(GREATEST(`heat`, '0') AS STRING) AS `heat` -- Heat."), "7:8 laptop", "7:8 text-order"],
  ],
  exact: [
    [table("SUM(`n`) AS `n` -- Sum."), "8:3 exact"],
    [table("CAST(SUM(CAST(`heat` AS DECIMAL(9, 2))) AS STRING) AS `heat` -- Sum."), "8:12 exact"],
    [stream("CAST(CAST(`heat` AS DECIMAL(38, 18)) AS STRING) AS `heat` -- Heat."), "7:8 exact"],
    [stream("CAST(CAST(`heat` AS DOUBLE) AS STRING) AS `heat` -- Heat."), "7:8 exact", "7:23 laptop"],
    [stream("`heat`", "WHERE `n` > 1E3"), "9:13 laptop", "9:13 exact"],
  ],
  timestamp: [
    [
      ticks.replaceAll("ticks", "warm").replace("'AVRO'", "'AVRO', TIMESTAMP = '`at`'"),
      "10:76 laptop",
      "10:76 timestamp",
    ],
    [stream("`at`").replace("'AVRO'", "'AVRO', TIMESTAMP = '`at`'"), "3:70 laptop", "3:70 timestamp"],
    [stream("ROWTIME AS `time` -- [timestamp] When."), "7:3 timestamp"],
    [table("COUNT(*) AS `n`, -- How many.\n  WINDOWEND AS `end` -- End."), "9:3 timestamp"],
    [stream("FORMAT_TIMESTAMP(FROM_UNIXTIME(`at`), 'yyyy') AS `year` -- Year."), "7:3 refused", "7:20 timestamp"],
    [stream("`heat`", "WHERE CAST(`heat` AS TIMESTAMP) IS NOT NULL"), "9:7 timestamp", "9:22 laptop"],
    [stream("`heat`", "WHERE PARSE_TIMESTAMP(`heat`, 'HH:mm:ss.SSSSSS') IS NOT NULL"), "9:7 laptop", "9:7 timestamp"],
  ],
  "text-null": [
    [stream("`type` + '-' + `heat` AS `both` -- Both."), "7:3 text-null", "7:3 text-null"],
    [stream("'a' + CAST(`n` AS STRING) AS `an` -- With a number."), "7:3 text-null"],
  ],
};

/** Rules that look beyond one file, with tests of their own below. */
const others = ["with", "declared", "last-match", "raw-source"];

describe("a rule finds what breaks it, with its place, and nothing else", () => {
  it.each(
    Object.entries(cases).flatMap(([rule, list]) =>
      list.map(([text, ...expected], i) => ({ rule, i, text, expected })),
    ),
  )("$rule $i", ({ rule, text, expected }) => {
    expect(found(text)).toEqual(expected);
    expect(expected.some((line) => line.endsWith(` ${rule}`))).toBe(true);
  });

  it("there is a case for every rule, and every rule says what happens and the cure", () => {
    expect([...Object.keys(cases), ...others].toSorted()).toEqual(Object.keys(rules).toSorted());
    expect(Object.values(rules).filter(({ server, cure }) => /\.$/.test(server) || /^$|\.$/.test(cure))).toEqual([]);
  });
});

describe("what is in order is left alone", () => {
  it("the statements of the project", () => {
    expect(lint(readScripts(), readTables())).toEqual([]);
  });

  it.each([
    ["plain columns", clean],
    ["a count of what passes", table("COUNT(CASE WHEN `ok` = true THEN 1 END) AS `n` -- How many.")],
    [
      "exact sums, as text",
      table(
        "CAST(SUM(CAST(`heat` AS DECIMAL(38, 9)) * CAST(`heat` AS DECIMAL(38, 9))) AS STRING) AS `sum` -- Squares.",
      ),
    ],
    [
      "a series over lists that are not empty",
      stream(
        "EXPLODE(GENERATE_SERIES(1, ARRAY_LENGTH(`list`))) AS `i` -- Place.",
        "WHERE `at` > 0 AND ARRAY_LENGTH(ticks.`list`) >= 1",
      ),
    ],
    ["NOT IN where NULL is spoken of", stream("`heat`", "WHERE `type` IS NOT NULL AND `type` NOT IN ('a')")],
    ["texts joined by CONCAT, and a sum of numbers", stream("CONCAT(`type`, CAST(`n` + 1 AS STRING)) AS `x` -- Text.")],
    [
      "words of the rules in comments and texts",
      stream("`heat`", "WHERE `type` = 'SELECT * EMIT FINAL' -- AVG(x) IF NOT EXISTS, CAST(x AS DOUBLE)"),
    ],
  ])("%s", (_, text) => {
    expect(found(text)).toEqual([]);
  });
});

/** The statements of the project, one of them changed; a new name renames the file. */
function changed(part: string, change: (text: string) => string, rename = (name: string) => name) {
  return readScripts().map(({ file: name, text }) =>
    name.includes(part) ? { file: rename(name), text: change(text) } : { file: name, text },
  );
}

const told = (scripts: ReturnType<typeof changed>, locked = readTables()) =>
  lint(scripts, locked).map(
    ({ file: name, line, column, rule, happens }) => `${name}:${line}:${column} ${rule}: ${happens}`,
  );

const same = (text: string) => text;

describe("between the files", () => {
  it("a file has the statement's name, and a number of its own", () => {
    expect(told(changed("03_", same, () => "ksqldb/03_trades.sql"))).toEqual([
      expect.stringMatching(/^ksqldb\/03_trades.sql:2:15 file: /),
    ]);
    expect(told(changed("06_", same, () => "ksqldb/05_coinbase_bars_1m.sql"))).toEqual([
      expect.stringMatching(/^ksqldb\/05_coinbase_bars_1m.sql:3:14 file: /),
      expect.stringMatching(/^ksqldb\/05_coinbase_bars_1s.sql:3:14 file: /),
    ]);
    expect(told(changed("06_", same, () => "ksqldb/coinbase_bars_1m.sql"))).toEqual([
      expect.stringMatching(/^ksqldb\/coinbase_bars_1m.sql:3:14 file: /),
    ]);
  });

  it("a topic is in the catalogue, and written by whom it says", () => {
    const alien = { file: "ksqldb/40_ticks.sql", text: ticks };
    expect(told([...readScripts(), alien])).toEqual([
      expect.stringMatching(/^ksqldb\/40_ticks.sql:10:9 topic: ticks is not a topic of schemas\/catalog.ts/),
    ]);
    const declared = ticks.replaceAll("ticks", "coinbase_bars_1m");
    expect(told(changed("06_", () => declared))).toContainEqual(
      expect.stringMatching(/^ksqldb\/06_coinbase_bars_1m.sql:10:9 topic: coinbase_bars_1m is written by ksqldb/),
    );
    expect(
      told(
        readScripts().filter(({ file: name }) => !name.includes("06_")),
        [],
      ),
    ).toContainEqual(expect.stringMatching(/^schemas\/catalog.ts:\d+:3 topic: no statement writes coinbase_bars_1m/));
  });

  it("WITH says what the catalogue says", () => {
    expect(
      told(
        changed("04_", (text) =>
          text.replace("= 6", "= 4").replace("  VALUE_SCHEMA_FULL_NAME = 'tapeline.coinbase_book_changes',\n", ""),
        ),
      ),
    ).toEqual([
      expect.stringMatching(
        /^ksqldb\/04_coinbase_book_changes.sql:2:1 with: VALUE_SCHEMA_FULL_NAME must be tapeline.coinbase_book_changes: /,
      ),
      expect.stringMatching(/^ksqldb\/04_coinbase_book_changes.sql:6:3 with: PARTITIONS must be 6: /),
    ]);
    expect(told(changed("05_", (text) => text.replace("604800000", "604800001")))).toEqual([
      expect.stringMatching(/^ksqldb\/05_coinbase_bars_1s.sql:9:3 with: RETENTION_MS must be 604800000: /),
    ]);
  });

  it("a raw topic is declared with the fields of its schema", () => {
    expect(
      told(changed("02_", (text) => text.replace("  `part` INTEGER,\n", "").replace("`part`", ""))),
    ).toContainEqual(
      expect.stringMatching(
        /^ksqldb\/02_coinbase_level2.sql:10:3 declared: the column part INTEGER of schemas\/coinbase_level2.avsc is missing/,
      ),
    );
    expect(told(changed("02_", (text) => text.replace("`extra` STRING", "`extra` STRING,\n  `more` STRING")))).toEqual([
      expect.stringMatching(
        /^ksqldb\/02_coinbase_level2.sql:13:3 declared: schemas\/coinbase_level2.avsc has no field more/,
      ),
    ]);
  });

  it("a last_match is not aggregated", () => {
    const where = (condition: string) =>
      changed("05_", (text) => text.replace("WHERE `type` = 'match' AND `trade_id` IS NOT NULL", `WHERE ${condition}`));
    for (const open of [
      "`type` IN ('match', 'last_match')",
      "`price` IS NOT NULL",
      "`type` <> 'done'",
      "`type` = 'match' OR `trade_id` > 0",
    ])
      expect(told(where(open)), open).toEqual([
        expect.stringMatching(/^ksqldb\/05_coinbase_bars_1s.sql:27:6 last-match: /),
      ]);
    for (const closed of [
      "`type` <> 'last_match'",
      "`type` = 'match' OR `type` = 'done'",
      "`type` IN ('match', 'done')",
      "'match' = `type` AND `price` <> '0'",
    ])
      expect(told(where(closed)), closed).toEqual([]);
  });

  it("an aggregate reads raw topics only, whatever a derived one is called in between", () => {
    const from = (text: string, source: string) =>
      text
        .replace("FROM coinbase_full", `FROM ${source}`)
        .replace("WHERE `type` = 'match' AND `trade_id` IS NOT NULL", "WHERE `trade_id` IS NOT NULL");
    const place = expect.stringMatching(/^ksqldb\/05_coinbase_bars_1s.sql:27:6 raw-source: /) as unknown;
    expect(told(changed("05_", (text) => from(text, "coinbase_trades")))).toEqual([place]);
    const declared = `-- Trades.
CREATE STREAM again (
  product_key STRING KEY, \`trade_id\` BIGINT, \`price\` STRING, \`size\` STRING, \`side\` STRING
) WITH (KAFKA_TOPIC = 'coinbase_trades', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO');
`;
    const scripts = [
      ...changed("05_", (text) => from(text, "again")),
      { file: "ksqldb/04_again.sql", text: declared },
    ].toSorted((a, b) => a.file.localeCompare(b.file));
    expect(told(scripts)).toContainEqual(place);
  });

  it("an aggregate over a stream that no catalogue knows is found as well", () => {
    const scripts = [
      { file: "ksqldb/40_ticks.sql", text: ticks },
      { file: "ksqldb/41_warm.sql", text: clean },
      {
        file: "ksqldb/42_hot.sql",
        text: table("COUNT(*) AS `n` -- How many.").replaceAll("warm", "hot").replace("FROM ticks", "FROM warm"),
      },
    ];
    expect(told(scripts, [])).toContainEqual(expect.stringMatching(/^ksqldb\/42_hot.sql:9:6 raw-source: /));
  });
});

describe("what is not understood is reported with its place, and hides nothing else", () => {
  it.each([
    ["a reserved word", stream("`heat` AS size"), "7:13: [refused] SIZE is a reserved word"],
    ["a missing column", stream("`cold`"), "7:3: [refused] TICKS has no column cold"],
    [
      "an alias in HAVING",
      table("COUNT(*) AS `many` -- How many.").replace("EMIT", "HAVING `many` > 1\nEMIT"),
      "an alias counts in no other clause",
    ],
    ["a type error", stream("`heat`", "WHERE `heat` > 5"), "9:7: [refused] STRING cannot be compared with INTEGER"],
    ["outside the subset", stream("`heat`", "JOIN other ON 1 = 1"), "9:1: [refused] JOIN is outside the subset"],
    ["EMIT FINAL", clean.replace("CHANGES", "FINAL"), "[refused] EMIT FINAL is outside the subset"],
    ["OR REPLACE", clean.replace("CREATE", "CREATE OR REPLACE"), "2:1: [refused] CREATE OR REPLACE changes what runs"],
    ["||", stream("`heat` || 'x' AS `x`"), "ksqlDB parses the operator || and refuses it"],
    [
      "CASE with an operand",
      stream("CASE `n` WHEN 1 THEN 2 END AS `x`"),
      "ksqlDB parses CASE with an operand and refuses it",
    ],
    [
      "BETWEEN with a call",
      stream("`heat`", "WHERE ABS(`n`) BETWEEN 1 AND 2"),
      "9:7: [refused] a function call as the first operand of BETWEEN",
    ],
    [
      "another kind of comment",
      clean.replace("-- Warm ones.", "/* Warm ones. */"),
      "1:1: [refused] a comment must start with --",
    ],
    ["a source that nothing makes", clean.replace("FROM ticks", "FROM tocks"), "9:6: [refused] there is no TOCKS"],
    ["a name that is there", clean.replaceAll("warm", "ticks"), "2:15: [refused] TICKS already exists"],
  ])("%s", (_, text, expected) => {
    const findings = lint(
      [
        { file: "ksqldb/40_ticks.sql", text: ticks },
        { file, text },
      ],
      [],
    );
    const own = findings.filter((finding) => finding.file === file).map(findingText);
    expect(own.join("\n")).toContain(expected);
    expect(own.every((line) => /^ksqldb\/41_warm\.sql:\d+:\d+: \[[a-z-]+\] [^]+\. Fix: .+\.$/.test(line))).toBe(true);
  });

  it("every file is reported, and every rule that needs no types", () => {
    const scripts = [
      ...changed("01_", (text) => text.replace("`order_id` STRING", "`order_id` STRONG")).slice(0, 1),
      ...changed("03_", (text) => text.replace("AS_VALUE(product_key)", "`product_id`")).slice(1, 3),
      { file: "ksqldb/41_warm.sql", text: stream("`heat` AS size") },
      { file: "ksqldb/42_hot.sql", text: clean.replaceAll("warm", "hot").replace("FROM ticks", "FROM warm") },
    ];
    const findings = lint(scripts, []).filter(({ file: name }) => name.startsWith("ksqldb/"));
    expect(findings.map(({ file: name, line, rule }) => `${name.slice(7, 9)}:${line} ${rule}`)).toEqual([
      "01:10 declared",
      "01:10 refused",
      "03:10 key-copied",
      "41:7 refused",
      "42:3 topic",
    ]);
  });

  it("a cycle, and a source that is created too late, are reported once", () => {
    const of = (name: string, from: string) => clean.replaceAll("warm", name).replace("FROM ticks", `FROM ${from}`);
    const scripts = [
      { file: "ksqldb/40_ticks.sql", text: ticks },
      { file: "ksqldb/41_a.sql", text: of("a", "c") },
      { file: "ksqldb/42_b.sql", text: of("b", "a") },
      { file: "ksqldb/43_c.sql", text: of("c", "b") },
      { file: "ksqldb/44_own.sql", text: of("own", "own") },
      { file: "ksqldb/45_early.sql", text: of("early", "late") },
      { file: "ksqldb/46_late.sql", text: of("late", "ticks") },
    ];
    const places = told(scripts, []).filter((line) => line.includes(" refused: "));
    expect(places).toEqual([
      expect.stringMatching(/^ksqldb\/41_a.sql:9:6 refused: there is no C: create it in an earlier statement; /),
      expect.stringMatching(/^ksqldb\/44_own.sql:9:6 refused: there is no OWN: /),
      expect.stringMatching(/^ksqldb\/45_early.sql:9:6 refused: there is no LATE: /),
    ]);
  });
});

describe("what the embedded engine does not execute", () => {
  const severities = (text: string) =>
    lint(
      [
        { file: "ksqldb/40_ticks.sql", text: ticks },
        { file, text },
      ],
      [],
    )
      .filter((finding) => finding.file === file && !finding.happens.includes("is not a topic of schemas/catalog.ts"))
      .map(({ line, column, severity, rule, kind }) => `${line}:${column} ${severity} ${rule} ${kind ?? ""}`.trim());

  it.each([
    ["a function", stream("CAST(F(`heat`, 1) AS STRING) AS `f` -- F."), "7:8 laptop laptop unknown-function"],
    ["inside others", stream("CAST(1 + F(`n`) AS BIGINT) AS `f` -- F."), "7:12 laptop laptop unknown-function"],
    ["other arguments", stream("CAST(ARRAY_LENGTH(`heat`) AS STRING) AS `f` -- F."), "7:8 laptop laptop arguments"],
    [
      "a lambda",
      stream("CAST(F(`list`, (x, y) => x + y) AS STRING) AS `f` -- F."),
      "7:8 laptop laptop unknown-function",
    ],
    [
      "a unit of time",
      stream("CAST(F(SECONDS, 1, `at`) AS BIGINT) AS `f` -- F."),
      "7:8 laptop laptop unknown-function",
    ],
    ["another type", stream("CAST(CAST(`heat` AS BYTES) AS STRING) AS `f` -- F."), "7:23 laptop laptop subset"],
    ["in WHERE", stream("`heat`", "WHERE `at` > 0 AND F(`heat`) = 1"), "9:20 laptop laptop unknown-function"],
    ["an aggregate", table("CAST(F(`n`) AS BIGINT) AS `f` -- F."), "8:8 laptop laptop unknown-function"],
    [
      "in HAVING",
      table("COUNT(*) AS `n` -- N.").replace("EMIT", "HAVING F(`n`) = 1\nEMIT"),
      "13:8 laptop laptop subset",
    ],
    ["a division of whole numbers", stream("CAST(`n` / 2 AS INTEGER) AS `half` -- Half."), "7:8 laptop laptop subset"],
    [
      "a pattern with optional digits",
      stream("`heat`", "WHERE PARSE_TIMESTAMP(`heat`, 'HH:mm:ss[.SSSSSS][.SSS]X') IS NOT NULL"),
      "9:7 laptop laptop unknown-function",
    ],
    ["a property", clean.replace("KAFKA_TOPIC", "VALUE_SCHEMA_ID = 1, KAFKA_TOPIC"), "3:3 laptop laptop subset"],
    [
      "several",
      stream("CAST(F(`heat`) AS STRING) AS `f`, -- F.\n  CAST(G(`heat`) AS STRING) AS `g` -- G.", "WHERE H(`n`) = 1"),
      "7:8 laptop laptop unknown-function",
      "8:8 laptop laptop unknown-function",
      "10:7 laptop laptop unknown-function",
    ],
  ])("%s is no error where the shape of the table is known", (_, text, ...expected) => {
    expect(severities(text)).toEqual(expected);
  });

  it.each([
    ["a column without a CAST", stream("F(`heat`) AS `f` -- F."), "7:3 error refused untyped"],
    [
      "a CAST that is not the outermost",
      stream("1 + CAST(F(`n`) AS BIGINT) AS `f` -- F."),
      "7:3 error refused untyped",
    ],
    ["a CAST to a type that is not known", stream("CAST(`heat` AS DATE) AS `f` -- F."), "7:3 error refused untyped"],
    [
      "a column that is not there",
      stream("CAST(F(`cold`) AS STRING) AS `f` -- F."),
      "7:10 error refused unknown-column",
    ],
    [
      "a rule that it breaks",
      stream("CAST(F(`heat`) AS STRING) AS `f`"),
      "7:3 error meaning",
      "7:8 laptop laptop unknown-function",
    ],
    ["a JOIN", stream("`heat`", "JOIN other ON 1 = 1"), "9:1 error refused subset"],
    [
      "a type of a declared column",
      clean.replace(/ AS\nSELECT[^]*/, ";").replace("warm WITH", "warm (`x` BYTES) WITH"),
      "2:1 error key",
      "2:25 error refused subset",
    ],
  ])("is an error with %s", (_, text, ...expected) => {
    expect(severities(text)).toEqual(expected);
  });

  it("does not hide its table from what reads it", () => {
    const scripts = [
      { file: "ksqldb/40_ticks.sql", text: ticks },
      { file, text: stream("CAST(F(`heat`) AS STRING) AS `f` -- F.", "WHERE F(`n`) = 1") },
      {
        file: "ksqldb/42_hot.sql",
        text: stream("`f`", "").replaceAll("warm", "hot").replace("FROM ticks", "FROM warm"),
      },
    ];
    const { plans, executed, laptop } = readStatements(scripts);
    expect(plans.map(({ columns }) => columns.map(({ name, type }) => `${name} ${type.base}`))).toEqual([
      ["product_id STRING", "f STRING"],
      ["product_id STRING", "f STRING"],
    ]);
    expect(executed.map(({ sink }) => sink.name)).toEqual(["HOT"]);
    expect(laptop.map(({ name, reasons }) => [name, reasons.length])).toEqual([["WARM", 2]]);
  });
});

describe("the lock", () => {
  it("a change that breaks a table is reported where it was written, with the way that is open", () => {
    const gone = changed("03_", (text) => text.replace("  `maker_order_id`,\n", ""));
    expect(lint(gone, readTables()).map(findingText)).toEqual([
      expect.stringMatching(
        /^ksqldb\/03_coinbase_trades.sql:10:1: \[lock\] coinbase_trades: the column maker_order_id is gone; .* Fix: keep it: /,
      ),
    ]);
    const renamed = changed("05_", (text) => text.replace("AS `volume`", "AS `amount`"));
    expect(told(renamed)).toEqual([
      expect.stringMatching(
        /^ksqldb\/05_coinbase_bars_1s.sql:19:3 lock: coinbase_bars_1s: the column volume is renamed to amount; /,
      ),
    ]);
    const retyped = changed("06_", (text) => text.replace("COUNT(*) AS", "CAST(COUNT(*) AS STRING) AS"));
    expect(told(retyped)).toEqual([
      expect.stringMatching(
        /^ksqldb\/06_coinbase_bars_1m.sql:23:3 lock: coinbase_bars_1m: the column trades changes from INT64 to STRING; /,
      ),
    ]);
    const moved = changed("04_", (text) => text.replace("  `frame`,\n  `part`,\n", "  `part`,\n  `frame`,\n"));
    expect(told(moved)).toEqual([
      expect.stringMatching(
        /^ksqldb\/04_coinbase_book_changes.sql:17:3 lock: coinbase_book_changes: the column part is moved; /,
      ),
    ]);
    const none = readScripts().filter(({ file: name }) => !name.includes("06_"));
    expect(lint(none, readTables()).map(findingText)).toEqual([
      expect.stringMatching(
        /^schemas\/tables.lock.json:\d+:5: \[lock\] coinbase_bars_1m: the table is gone; .* with _v2 behind its name/,
      ),
    ]);
  });

  it("a table that the catalogue no longer sinks is gone", () => {
    const [shape] = readTables();
    expect(told(readScripts(), [...readTables(), { ...shape!, name: "coinbase_level2" }])).toEqual([
      expect.stringMatching(/^schemas\/\S+:\d+:\d+ lock: coinbase_level2: the table is gone; /),
    ]);
  });

  it("of a raw table the place is its schema", () => {
    const locked = readTables().map((shape) => ({
      ...shape,
      columns: shape.columns.map((column) =>
        shape.name === "coinbase_ticker" && column.name === "price" ? { ...column, name: "rate" } : column,
      ),
    }));
    expect(told(readScripts(), locked)).toEqual([
      expect.stringMatching(
        /^schemas\/coinbase_ticker.avsc:\d+:7 lock: coinbase_ticker: the column rate is renamed to price; /,
      ),
    ]);
  });

  it("a statement that is not understood has not lost its table", () => {
    expect(told(changed("06_", () => "CREATE NOTHING"))).toEqual([
      expect.stringMatching(/^ksqldb\/06_\S+:1:1 refused: /),
    ]);
  });

  it("an appended column has to be written down", () => {
    const appended = changed("03_", (text) => text.replace("\nFROM", "  , `reason`\nFROM"));
    expect(lint(appended, readTables()).map(findingText)).toEqual([
      expect.stringMatching(
        /^ksqldb\/03_coinbase_trades.sql:\d+:\d+: \[lock-behind\] coinbase_trades: the column reason is new; schemas\/tables.lock.json does not say so. Fix: npm run ksqldb -- describe --write, and commit it.$/,
      ),
    ]);
  });
});
