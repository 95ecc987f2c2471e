import { describe, expect, it } from "vitest";
import { checkNames, keptObjects, parseObject, qualify, readObjects, type SqlObject } from "../../sql/objects.ts";
import { parseScheduled } from "../../sql/scheduled.ts";

const view = (name: string, body: string): SqlObject => parseObject(`${name}.sql`, `-- A view.\n-- view\n${body}`);

describe("the names that a body reads", () => {
  it.each([
    ["SELECT EXTRACT(HOUR FROM time) AS h FROM trades", "SELECT EXTRACT(HOUR FROM time) AS h FROM `x.trades`"],
    [
      "SELECT * FROM `trades` AS a JOIN bars_1m AS b USING (time)",
      "SELECT * FROM `x.trades` AS a JOIN `x.bars_1m` AS b USING (time)",
    ],
    ["WITH t AS (SELECT * FROM trades) SELECT * FROM t", "WITH t AS (SELECT * FROM `x.trades`) SELECT * FROM t"],
    ["SELECT * FROM UNNEST([1, 2]) AS n", "SELECT * FROM UNNEST([1, 2]) AS n"],
    [
      "SELECT 1 FROM trades WHERE price IS DISTINCT FROM size",
      "SELECT 1 FROM `x.trades` WHERE price IS DISTINCT FROM size",
    ],
    ["SELECT * FROM candles(NULL, in_start, in_stop, 60)", "SELECT * FROM `x.candles`(NULL, in_start, in_stop, 60)"],
    ["INSERT INTO bars_1m SELECT * FROM trades", "INSERT INTO `x.bars_1m` SELECT * FROM `x.trades`"],
    ["MERGE INTO bars_1m AS a USING trades AS b ON TRUE", "MERGE INTO `x.bars_1m` AS a USING `x.trades` AS b ON TRUE"],
    [
      "MERGE bars_1m USING trades ON TRUE WHEN MATCHED THEN UPDATE SET x = 1",
      "MERGE `x.bars_1m` USING `x.trades` ON TRUE WHEN MATCHED THEN UPDATE SET x = 1",
    ],
    [
      "SELECT 'from elsewhere' AS a -- taken FROM nowhere\nFROM trades",
      "SELECT 'from elsewhere' AS a -- taken FROM nowhere\nFROM `x.trades`",
    ],
  ])("are known and written out in %j", (body, expected) => {
    const objects = readObjects();
    expect(() => checkNames({ file: "sql/a.sql", body }, objects)).not.toThrow();
    const names = new Set(objects.map(({ name }) => name));
    expect(qualify(body, (name) => (names.has(name) ? `\`x.${name}\`` : undefined))).toBe(expected);
  });

  it.each([
    "SELECT 'taken from trades' AS a FROM coinbase_ticker /* from trades */",
    "SELECT * FROM tapeline_dev.daily",
    "SELECT * FROM `my-project.tapeline_dev.trades`",
    "WITH `t` AS (SELECT 1) SELECT * FROM `t` # from nowhere",
  ])("are no names in %j", (body) => {
    expect(() => checkNames({ file: "sql/a.sql", body }, readObjects())).not.toThrow();
    expect(qualify(body, (name) => (name === "trades" ? "wrong" : undefined))).toBe(body);
  });

  it("may not be those of parts of the body", () => {
    const body = "WITH trades AS (SELECT * FROM coinbase_trades) SELECT * FROM trades";
    expect(() => checkNames({ file: "sql/a.sql", body }, readObjects())).toThrow("names a part of its WITH trades");
  });

  it("are refused if there is no such table, view or function", () => {
    expect(() => checkNames({ file: "sql/a.sql", body: "SELECT * FROM trade" }, readObjects())).toThrow(
      "sql/a.sql reads trade, which is not a table, view or function here",
    );
  });
});

describe("an object", () => {
  it("is left out if a table that it reads is, or another object that it reads", () => {
    const objects = [
      view("a", "SELECT * FROM coinbase_trades"),
      view("b", "SELECT * FROM a"),
      view("c", "SELECT * FROM coinbase_ticker"),
    ];
    expect(keptObjects(objects, ["coinbase_ticker"]).map(({ name }) => name)).toEqual(["c"]);
  });

  it.each([
    ["my-view.sql", "-- A view.\n-- view\nSELECT 1", "lower-case letters, digits and _"],
    ["coinbase_full.sql", "-- A view.\n-- view\nSELECT 1", "coinbase_full is the name of a table"],
    ["a.sql", "-- view\nSELECT 1", "the head must be a description"],
  ])("%s is refused: %j", (file, text, reason) => {
    expect(() => parseObject(file, text)).toThrow(reason);
  });
});

describe("a query by the clock", () => {
  it.each([
    ["my-roll.sql", "-- Rolls.\n-- every 1 hours\nSELECT 1", "lower-case letters"],
    ["a.sql", "-- Rolls.\n-- every 4 minutes\nSELECT 1", "5 or more"],
    ["a.sql", "-- Rolls.\n-- every 0 hours\nSELECT 1", "5 or more"],
    ["a.sql", "-- Rolls.\n-- every 1 hours\n", "and the statement are expected"],
    ["a.sql", "-- every 1 hours\nSELECT 1", "a description"],
  ])("%s is refused: %j", (file, text, reason) => {
    expect(() => parseScheduled(file, text)).toThrow(reason);
  });
});
