/** A statement that the embedded engine does not execute, in a clone: what each command does with it. */
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readScripts, readStatements } from "../../ksqldb/statements.ts";
import { leftOut } from "../../local/left-out.ts";
import { Clone } from "../infra/clone.ts";
import { query } from "../local/replay.ts";
import { simulatedRecording } from "../local/simulated-recording.ts";

const project = join(import.meta.dirname, "../..");
const bars = "ksqldb/05_coinbase_bars_1s.sql";

/** A clone in which `to` stands for the lowest price of a bar. */
function cloneWith(to: string): Clone {
  const clone = new Clone([]);
  for (const room of ["local", "producer", "exchange"])
    cpSync(join(project, room), join(clone.dir, room), { recursive: true });
  clone.edit(bars, (text) => text.replace("CAST(MIN(CAST(`price` AS DECIMAL(38, 9))) AS STRING) AS `low`", to));
  return clone;
}

describe("one whose columns are known", () => {
  const clone = () => cloneWith("CAST(LOWEST(`price`) AS STRING) AS `low`");

  it("is deployed, and lint says where it is not executed", async () => {
    const one = clone();
    const [lint, synth] = [await one.run(["ksqldb", "--", "lint"]), await one.run(["synth"])];
    expect(lint).toEqual({
      code: 0,
      output: expect.stringMatching(
        /^ksqldb\/05_coinbase_bars_1s\.sql:17:8: \[laptop\] the function LOWEST .*\nerrors 0 · not run on a laptop 1\n$/,
      ) as string,
    });
    expect([synth.code, existsSync(one.stackDir())]).toEqual([0, true]);
  });

  it("is named by every npm start, with what gets no rows, and the others run", async () => {
    const one = clone();
    const { file } = simulatedRecording(2_000);
    const start = ["start", "--", "--source", file, "--data", "data"];
    for (const { code, output } of [await one.run(start), await one.run(start)]) {
      expect([code, output]).toEqual([
        0,
        expect.stringMatching(
          /^ksqldb\/05_coinbase_bars_1s\.sql is left out, .*\(17:8: the function LOWEST .*\)\. Without new rows: the table coinbase_bars_1s, the view bars_1s$/m,
        ),
      ]);
    }
    const [none, some] = await query(join(one.dir, "data"), ["coinbase_bars_1s"], ["coinbase_bars_1m"]);
    expect([none!.length, some!.length > 0]).toEqual([0, true]);
  });

  it("has tests that cannot be run here, and the others are", async () => {
    const one = clone();
    expect((await one.run(["ksqldb", "--", "test", "--write"])).output).toMatch(
      /^left out coinbase_bars_1s\/\S+\n  \S+:\d+:8: the function LOWEST [^]*\nok coinbase_trades\/[^]*\ncases \d+ · ok \d+ · failed 0 · left out \d+\n$/m,
    );
  });
});

it("names the statements that read from it", () => {
  const scripts = readScripts().map(({ file, text }) => ({
    file,
    text: file.includes("03_") ? text.replace("`type` = 'match'", "HOLDS(`type`) = 1") : text,
  }));
  const reader = scripts.find(({ file }) => file.includes("03_"))!.text.replaceAll("coinbase_trades", "again");
  const again = reader.replace("FROM coinbase_full\nWHERE HOLDS(`type`) = 1", "FROM coinbase_trades");
  expect(leftOut(readStatements([...scripts, { file: "ksqldb/07_again.sql", text: again }]))).toEqual([
    expect.stringMatching(
      /^ksqldb\/03_coinbase_trades\.sql is left out, .* Without new rows: the statement ksqldb\/07_again\.sql, the table coinbase_trades, the view trades/,
    ),
  ]);
});

it("is not executed where a declared source has a property that is not known here: its rows might differ", () => {
  const scripts = readScripts().map(({ file, text }) => ({
    file,
    text: file.includes("01_") ? text.replace("KAFKA_TOPIC", "TIMESTAMP = 'time', KAFKA_TOPIC") : text,
  }));
  const statements = readStatements(scripts);
  expect(statements.executed.filter(({ source }) => source.topic === "coinbase_full")).toEqual([]);
  expect(leftOut(statements)).toContainEqual(
    expect.stringMatching(
      /^ksqldb\/05_coinbase_bars_1s\.sql is left out, .*\(ksqldb\/01_coinbase_full\.sql:\d+:\d+: .*TIMESTAMP/,
    ),
  );
});

it("an error refuses all", async () => {
  const clone = cloneWith("LOWEST(`price`) AS `low`");
  const server = { KSQLDB_URL: "http://127.0.0.1:1" };
  for (const command of [["synth"], ["ksqldb", "--", "plan"]]) {
    const { code, output } = await clone.run(command, server);
    expect([command, code, output]).toEqual([
      command,
      1,
      expect.stringMatching(
        /ksqldb\/05_coinbase_bars_1s\.sql:17:3: \[refused\] the function LOWEST .* Fix: put all of the column/,
      ),
    ]);
  }
  expect(existsSync(clone.stackDir())).toBe(false);
});
