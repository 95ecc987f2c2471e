import { describe, expect, it } from "vitest";
import { describeTables, disagreements } from "../../ksqldb/describe.ts";
import { parse } from "../../engine/language/parse.ts";
import { additions, breaks } from "../../ksqldb/lint/lock.ts";
import { readScripts, readStatements } from "../../ksqldb/statements.ts";
import type { Column, TableShape } from "../../schemas/tables.ts";

const statements = readStatements();

/** The streams of the project, one of them changed. */
function changed(part: string, change: (text: string) => string) {
  const wanted = readScripts().filter(({ file }) => /0[1-4]_/.test(file));
  return readStatements(wanted.map(({ file, text }) => ({ file, text: file.includes(part) ? change(text) : text })));
}

describe("the statements", () => {
  it("ask for the topics that the catalogue has, and declare every field of the raw schemas", () => {
    expect(disagreements(statements.statements)).toEqual([]);
  });

  it("are distinguished from the catalogue and the schemas where they differ, with the place", () => {
    const differing = (part: string, change: (text: string) => string) =>
      disagreements(changed(part, change).statements).map(
        ({ file, at, what }) => `${file}:${at.line}:${at.column} ${what}`,
      );
    expect(differing("01_", (text) => text.replace("  `order_id` STRING,\n", ""))).toEqual([
      "ksqldb/01_coinbase_full.sql:10:3 the column order_id STRING of schemas/coinbase_full.avsc is missing or elsewhere",
    ]);
    expect(differing("02_", (text) => text.replace(/,\n[^\n]*\n\) WITH/, "\n) WITH"))).toEqual([
      expect.stringMatching(
        /^ksqldb\/02_coinbase_level2.sql:\d+:3 the column \w+ \w+ of schemas\/coinbase_level2.avsc is missing/,
      ),
    ]);
    expect(differing("03_", (text) => text.replace("PARTITIONS = 6", "PARTITIONS = 4"))).toEqual([
      "ksqldb/03_coinbase_trades.sql:7:3 PARTITIONS must be 6",
    ]);
  });
});

describe("a table without windows", () => {
  const differing = (properties: string, source = "coinbase_full") => {
    const text = `CREATE TABLE coinbase_bars_1s WITH (KAFKA_TOPIC = 'coinbase_bars_1s', PARTITIONS = 6, VALUE_SCHEMA_FULL_NAME = 'tapeline.coinbase_bars_1s'${properties}) AS SELECT product_key, COUNT(*) AS \`trades\` FROM ${source} GROUP BY product_key;`;
    return disagreements([{ file: "f", statement: parse(text, "f")[0]! }]).map(({ what }) => what);
  };

  it("has no RETENTION_MS, which a server refuses there", () => {
    expect(differing("")).toEqual([]);
    expect(differing(", RETENTION_MS = 604800000")).toEqual([
      "RETENTION_MS must not be given for a table without windows",
    ]);
  });

  it("has the retention of its source, which the catalogue must know", () => {
    expect(differing("", "feed_quarantine")).toEqual([
      "a table without windows has the retention of its source, and in schemas/catalog.ts feed_quarantine has 2592000000 ms and coinbase_bars_1s 604800000",
    ]);
  });
});

describe("a table that cannot be described", () => {
  const list = (text: string) => text.replace("EXPLODE(`changes`)[1] AS `side`", "`changes` AS `side`");
  const mute = (text: string) => text.replace(/ -- Side of the book.*/, "");

  it("is a fault that names the statement and the column", () => {
    expect(() => describeTables(changed("04_", list).plans)).toThrow(
      "ksqldb/04_coinbase_book_changes.sql: the column side is ARRAY<ARRAY<STRING>>, which no table here can have",
    );
    expect(() => describeTables(changed("04_", mute).plans)).toThrow(
      "ksqldb/04_coinbase_book_changes.sql: the column side needs a meaning",
    );
  });

  it("does not keep the others from being described, for who listens to the fault", () => {
    const faults: string[] = [];
    const names = describeTables(changed("04_", mute).plans, (_, { name }) => faults.push(name)).map(
      ({ name }) => name,
    );
    expect(faults).toEqual(["coinbase_book_changes", "coinbase_bars_1s", "coinbase_bars_1m"]);
    expect(names).toEqual(["coinbase_full", "coinbase_ticker", "feed_quarantine", "coinbase_trades"]);
  });
});

const column = (name: string, rest: Partial<Column> = {}): Column => ({
  name,
  type: "STRING",
  mode: "NULLABLE",
  description: `The ${name}.`,
  ...rest,
});

const shape = (columns: readonly Column[], rest: Partial<TableShape> = {}): TableShape => ({
  name: "t",
  description: "A table.",
  partitionBy: { column: "time", width: "HOUR" },
  clusterBy: [],
  columns,
  ...rest,
});

describe("the lock of a table's columns a, b, c", () => {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => column(name)) as [Column, Column, Column, Column];
  const old = [shape([a, b, c])];
  const required = { mode: "REQUIRED" } as const;
  const told = (now: readonly TableShape[], locked = old) =>
    breaks(locked, now).map(({ column: place, what }) => `${place ?? "-"}: ${what}`);

  it.each([
    ["b dropped", [a, c], "-: the column b is gone"],
    ["c dropped", [a, b], "-: the column c is gone"],
    ["b named d", [a, d, c], "d: the column b is renamed to d"],
    ["b dropped, d appended", [a, c, d], "-: the column b is gone"],
    ["b and c swapped", [a, c, b], "c: the column c is moved"],
    ["d before c", [a, b, d, c], "d: the new column d stands before old ones"],
    ["d first", [d, a, b, c], "d: the new column d stands before old ones"],
    ["b of another type", [a, column("b", { type: "INT64" }), c], "b: the column b changes from STRING to INT64"],
    ["b REQUIRED", [a, column("b", required), c], "b: the column b turns REQUIRED"],
    ["d appended, REQUIRED", [a, b, c, column("d", required)], "d: the new column d is REQUIRED"],
  ] as const)("%s: refused", (_, columns, first) => {
    expect(told([shape(columns)])).toEqual([first]);
  });

  it.each([
    ["nothing changed", [a, b, c], []],
    ["d appended", [a, b, c, d], ["d: the column d is new"]],
    [
      "b described otherwise",
      [a, column("b", { description: "Another." }), c],
      ["-: a description or the clustering is another"],
    ],
  ] as const)("%s: taken", (_, columns, added) => {
    expect(told([shape(columns)])).toEqual([]);
    expect(additions(old, [shape(columns)]).map(({ column: place, what }) => `${place ?? "-"}: ${what}`)).toEqual(
      added,
    );
  });

  it("a REQUIRED column may become nullable, a table may be new", () => {
    expect(told(old, [shape([a, column("b", required), c])])).toEqual([]);
    expect(told([...old, shape([a], { name: "u" })])).toEqual([]);
    expect(additions(old, [...old, shape([a], { name: "u" })])).toEqual([{ table: "u", what: "the table is new" }]);
  });

  it("a table that is gone, and other partitions, are refused", () => {
    expect(told([])).toEqual(["-: the table is gone"]);
    expect(told([shape([a, b, c], { partitionBy: { column: "time", width: "DAY" } })])).toEqual([
      "-: its partitions change",
    ]);
  });
});
