import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readScripts } from "../../ksqldb/statements.ts";
import { findTriples, runTriples, staleTests, statementsOf } from "../../ksqldb/testing/triples.ts";
import { describeOracle } from "../evidence.ts";
import { newFolder } from "../folder.ts";
import { run } from "../local/command.ts";

const root = join(import.meta.dirname, "../..");
const tests = join(root, "ksqldb/tests");

describe("the tests of the statements", () => {
  it("are there for every derived topic, on the statements that make it", () => {
    const files = (...names: string[]) =>
      names.map((name) => readFileSync(join(root, "ksqldb", `${name}.sql`), "utf8")).join("");
    const made = {
      coinbase_trades: files("01_coinbase_full", "03_coinbase_trades"),
      coinbase_book_changes: files("02_coinbase_level2", "04_coinbase_book_changes"),
      coinbase_bars_1s: files("01_coinbase_full", "05_coinbase_bars_1s"),
      coinbase_bars_1m: files("01_coinbase_full", "06_coinbase_bars_1m"),
    };
    for (const [topic, text] of Object.entries(made)) {
      expect(statementsOf(topic, readScripts())).toBe(text);
      expect(readFileSync(join(tests, topic, "statements.sql"), "utf8")).toBe(text);
    }
    expect(staleTests(tests, readScripts(), false)).toEqual([]);
  });

  it.each([...runTriples(tests)])("$name", ({ faults }) => {
    expect(faults).toEqual([]);
  });
});

const statements = `CREATE STREAM s (k STRING KEY, n BIGINT, x STRING) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');
CREATE STREAM r WITH (KAFKA_TOPIC = 'r') AS SELECT k, n, x FROM s WHERE n > 0;
CREATE TABLE t WITH (KAFKA_TOPIC = 't') AS SELECT k, COUNT(*) AS c FROM r WINDOW TUMBLING (SIZE 1 SECOND) WHERE n > 0 GROUP BY k;`;
const input = (n: number, timestamp: number) => ({ topic: "s", key: "A", timestamp, value: { N: n } });
const output = (c: number, timestamp: number) => ({
  topic: "t",
  key: "A",
  value: { C: c },
  timestamp,
  window: { start: 0, end: 1000, type: "time" },
});
const inputs = [input(1, 10), input(0, 15), input(2, 20)];
const outputs = [output(1, 10), output(2, 20)];

/** A folder with one case, `topic/case`. */
function caseOf(files: Readonly<Record<string, unknown>> = {}): string {
  const dir = newFolder();
  const all = { "statements.sql": statements, "input.json": { inputs }, "output.json": { outputs }, ...files };
  mkdirSync(join(dir, "topic/case"), { recursive: true });
  for (const [name, content] of Object.entries(all)) {
    if (content === undefined) continue;
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(join(dir, "topic", name.endsWith(".sql") ? name : `case/${name}`), text);
  }
  return dir;
}

function faultsOf(files: Readonly<Record<string, unknown>>): string {
  const [only, more] = [...runTriples(caseOf(files))];
  expect(more).toBeUndefined();
  return only!.faults.join("\n");
}

describe("a case", () => {
  it("is compared in the topics that its outputs name, and in no other", () => {
    expect(faultsOf({})).toBe("");
    const between = { topic: "r", key: "A", timestamp: 10, value: { N: 1, X: null } };
    const both = [...outputs, between, { ...between, timestamp: 20, value: { N: 2, X: null } }];
    expect(faultsOf({ "output.json": { outputs: both } })).toBe("");
    expect(faultsOf({ "output.json": { outputs: both.slice(0, 3) } })).toContain("r: not expected");
    expect(faultsOf({ "output.json": { outputs: both.slice(2) } })).toBe("");
  });

  it("may say nothing of a time, and has no key where it says nothing of one", () => {
    const { timestamp: _, ...timeless } = output(1, 10);
    expect(faultsOf({ "output.json": { outputs: [timeless, outputs[1]] } })).toBe("");
    const { key: __, ...keyless } = output(1, 10);
    expect(faultsOf({ "output.json": { outputs: [keyless, outputs[1]] } })).toContain("t[0]: expected null →");
  });

  it.each([
    ["another value", [output(3, 10), outputs[1]]],
    ["another key", [{ ...outputs[0], key: "B" }, outputs[1]]],
    ["another time", [output(1, 11), outputs[1]]],
    ["another window", [{ ...outputs[0], window: { start: 0, end: 2000, type: "time" } }, outputs[1]]],
    ["no window", [{ ...outputs[0], window: undefined }, outputs[1]]],
    ["a tombstone", [{ ...outputs[0], value: null }, outputs[1]]],
    ["a column more", [{ ...outputs[0], value: { C: 1, D: null } }, outputs[1]]],
    ["a column less", [{ ...outputs[0], value: {} }, outputs[1]]],
    ["text for a number", [{ ...outputs[0], value: { C: "1" } }, outputs[1]]],
    ["another order", outputs.toReversed()],
  ])("fails for %s, and tells what was expected and what came", (_, wrong) => {
    const faults = faultsOf({ "output.json": { outputs: wrong } });
    expect(faults).toContain("t[0]: expected ");
    expect(faults).toContain('got "A" → {"C":1} at 10 in [0, 1000)');
  });

  it("fails for a row that did not come, and for one that no one expected", () => {
    expect(faultsOf({ "output.json": { outputs: [...outputs, output(3, 30)] } })).toContain("got nothing");
    expect(faultsOf({ "output.json": { outputs: outputs.slice(0, 1) } })).toContain('t: not expected: "A" → {"C":2}');
  });

  it("fails where the query ends, and shows the processing log", () => {
    const dying = statements.replace(
      "SELECT k, n, x FROM s WHERE n > 0",
      "SELECT k, n + CAST('x' AS INT) AS n, x FROM s WHERE CASE WHEN n > 0 THEN true END",
    );
    const faults = faultsOf({ "statements.sql": dying });
    expect(faults).toContain("the query ended: ");
    expect(faults).toContain("(s, offset 1)");
    expect(faults).toContain("processing log: R: ");
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["no JSON", { "input.json": '{"inputs": [\n  {"topic": "s",\n   "key": oops}\n]}' }, "input.json:3: not JSON"],
    ["a comment", { "output.json": '// mine\n{"outputs": []}' }, "output.json:1: not JSON"],
    ["no list", { "input.json": { input: [] } }, 'input.json: an object with a list "inputs"'],
    [
      "no outputs",
      { "output.json": { outputs: [] } },
      'output.json: "outputs" is empty, which ksql-test-runner refuses',
    ],
    ["a record that is none", { "input.json": { inputs: [1] } }, "input.json: inputs[0] is not an object"],
    [
      "a member that is not known",
      { "input.json": { inputs: [inputs[0], { ...inputs[1], timestmap: 1 }] } },
      "inputs[1].timestmap is not known",
    ],
    [
      "a window of an input",
      { "input.json": { inputs: [{ ...inputs[0], window: {} }] } },
      "inputs[0].window is not known",
    ],
    [
      "an unknown topic",
      { "input.json": { inputs: [{ ...inputs[0], topic: "u" }] } },
      "inputs[0].topic: no statement knows u; there are s, r, t",
    ],
    [
      "an output of a topic that is not derived",
      { "output.json": { outputs: [inputs[0]] } },
      "outputs[0].topic: no statement writes s; there are r, t",
    ],
    [
      "no value",
      { "input.json": { inputs: [{ topic: "s", key: "A" }] } },
      "inputs[0].value is missing: null is a record without a value",
    ],
    [
      "a time that is none",
      { "input.json": { inputs: [{ ...inputs[0], timestamp: "now" }] } },
      "inputs[0].timestamp must be a whole number",
    ],
    [
      "a window that is none",
      { "output.json": { outputs: [{ ...outputs[0], window: { start: 0 } }] } },
      "outputs[0].window must be",
    ],
    [
      "a column that is not there",
      { "input.json": { inputs: [{ ...inputs[0], value: { M: 1 } }] } },
      "inputs[0].value.M: S has no such column",
    ],
    [
      "a value of another type",
      { "input.json": { inputs: [{ ...inputs[0], value: { N: "many" } }] } },
      "inputs[0].value does not fit the columns of S",
    ],
    [
      "inputs on both sides of a statement",
      { "input.json": { inputs: [...inputs, { topic: "r", key: "A", timestamp: 1, value: { N: 1 } }] } },
      "inputs[3].topic: r is made from s",
    ],
    [
      "a statement that is refused",
      { "statements.sql": `${statements}\nDROP STREAM s;` },
      "statements.sql:4:1: the statement DROP",
    ],
  ])("names the file and the place: %s", (_, files, told) => {
    expect(faultsOf(files)).toContain(told);
  });

  it("takes inputs in the middle of a chain, and statements of its own", () => {
    const middle = inputs.map((record) => ({ ...record, topic: "r" }));
    expect(faultsOf({ "input.json": { inputs: middle } })).toBe("");
    const dir = caseOf({ "statements.sql": undefined });
    writeFileSync(join(dir, "topic/case/statements.sql"), statements);
    expect([...runTriples(dir)]).toEqual([{ name: "topic/case", result: "ok", faults: [] }]);
    expect([...runTriples(join(dir, "topic/case"))]).toEqual([{ name: "case", result: "ok", faults: [] }]);
  });

  it.each(["statements.sql", "input.json", "output.json"])("needs its %s", (missing) => {
    const dir = caseOf({ [missing]: undefined });
    expect(() => findTriples(dir)).toThrow(`${missing} is missing`);
  });
});

describe("the folders of the derived topics", () => {
  it("are made by --write; one too many, one too few, an old statement and an empty one are reported", () => {
    const dir = join(newFolder(), "tests");
    const topics = ["coinbase_trades", "coinbase_book_changes", "coinbase_bars_1s", "coinbase_bars_1m"];
    expect(staleTests(dir, readScripts(), false)).toEqual(
      topics.map((topic) => `${join(dir, topic, "statements.sql")} is missing: npm run ksqldb -- test --write`),
    );
    expect(staleTests(dir, readScripts(), true)).toEqual(
      topics.map((topic) => `${join(dir, topic)} has no case: a folder with input.json and output.json`),
    );
    for (const topic of topics) cpSync(join(tests, topic), join(dir, topic), { recursive: true });
    expect(staleTests(dir, readScripts(), false)).toEqual([]);
    mkdirSync(join(dir, "coinbase_tirades"));
    writeFileSync(join(dir, "coinbase_trades/statements.sql"), "-- old\n");
    expect(staleTests(dir, readScripts(), false)).toEqual([
      `${join(dir, "coinbase_tirades")}: no statement writes a topic coinbase_tirades: rename or remove the folder`,
      `${join(dir, "coinbase_trades/statements.sql")} differs from ksqldb/*.sql: npm run ksqldb -- test --write`,
    ]);
  });
});

describe("the command", () => {
  it("runs the project's own: a line a case, the counts last", async () => {
    const { code, out } = await run("ksqldb", "test", "--case", "coinbase_trades/");
    const lines = out.trimEnd().split("\n");
    const cases = findTriples(join(tests, "coinbase_trades"));
    expect(lines.slice(0, -1)).toEqual(cases.map(({ name }) => `ok coinbase_trades/${name}`));
    expect(lines.at(-1)).toBe(`cases ${cases.length} · ok ${cases.length} · failed 0`);
    expect(code).toBe(0);
  });

  it("exits 1 where one fails, and runs the others", async () => {
    const dir = caseOf({ "output.json": { outputs: outputs.slice(1) } });
    cpSync(dirname(findTriples(dir)[0]!.output), join(dir, "topic/then"), { recursive: true });
    writeFileSync(join(dir, "topic/then/output.json"), JSON.stringify({ outputs }));
    const { code, out } = await run("ksqldb", "test", dir);
    expect(out).toMatch(/^failed topic\/case\n {2}t\[0\]: expected .*\n {4}got .*\n/);
    expect(out).toMatch(/\nok topic\/then\ncases 2 · ok 1 · failed 1\n$/);
    expect(code).toBe(1);
  });

  it("reports what it cannot do", async () => {
    const dir = caseOf();
    const results = await Promise.all([
      run("ksqldb", "test", `${dir}/gone`),
      run("ksqldb", "test", newFolder()),
      run("ksqldb", "test", dir, "--case", "other"),
      run("ksqldb", "test", dir, "--write"),
      run("ksqldb", "test", dir, dir),
    ]);
    expect(results.map(({ code }) => code)).toEqual([1, 1, 1, 2, 2]);
    const told = [
      "there is no folder",
      "has no case",
      "There are:\n  topic/case",
      "--write is for the project's own tests",
    ];
    for (const [i, text] of told.entries()) expect(results[i]!.err).toContain(text);
  });
});

describeOracle("cases with statements of their own", (oracle) => {
  it("run too", async () => {
    const { code, out } = await run("ksqldb", "test", join(oracle, "triples"));
    expect(out).toContain("\ncases 26 · ok 26 · failed 0\n");
    expect(code).toBe(0);
  });
});
