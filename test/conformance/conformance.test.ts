import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { conformance, totals } from "./conformance.ts";
import { describeOracle, describeQtt } from "../evidence.ts";
import { newFolder } from "../folder.ts";
import { run } from "../local/command.ts";

/** What of ksqlDB's cases is outside the subset: reasons, and below each the cases by file and name. Two may have one name. */
const refused = new Map<string, string[]>();
let because = "";
for (const line of readFileSync(new URL("refused.txt", import.meta.url), "utf8")
  .trimEnd()
  .split("\n"))
  if (line.startsWith("  ")) refused.set(line.trim(), [...(refused.get(line.trim()) ?? []), because]);
  else because = line;

/** Totals of a file's cases; each that is refused must be listed, and for that reason. */
function verdictsOf(file: string) {
  const verdicts = [...conformance(file)];
  const files = new Set(verdicts.map(({ name }) => name.split(": ", 1)[0]));
  const names = [...new Set(verdicts.filter(({ result }) => result === "refused").map(({ name }) => name))];
  const listed = [...refused.keys()].filter((name) => files.has(name.split(": ", 1)[0]));
  expect(names.toSorted()).toEqual(listed.toSorted());
  for (const { name, result, reason } of verdicts)
    if (result === "refused")
      expect(
        refused.get(name)!.some((one) => reason.includes(one)),
        reason,
      ).toBe(true);
  return totals(verdicts);
}

// Nearly all of these cases have values in JSON: their expressions are in expressions.test.ts, whatever the format.
describeQtt("ksqlDB's own query translation tests", (qtt) => {
  it("none is answered wrongly, and those refused are the listed ones", () => {
    expect(verdictsOf(join(qtt, "cases.ndjson"))).toEqual({
      positive: { passed: 12, refused: 310, wrong: 0, total: 322 },
      negative: { passed: 100, wrong: 0, total: 100 },
      wrong: [],
    });
  });
});

describeOracle("what a real ksqlDB answered", (oracle) => {
  it.each([
    ["expressions", 179, 19],
    ["traps", 29, 7],
  ])("%s: none is answered wrongly, and those refused are the listed ones", (name, positive, negative) => {
    expect(verdictsOf(join(oracle, `${name}.ndjson`))).toMatchObject({
      positive: { wrong: 0, total: positive },
      negative: { passed: negative, wrong: 0 },
      wrong: [],
    });
  });
});

describe("the command", () => {
  const stream = "CREATE STREAM s (k STRING KEY, n INT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');";
  const twice = {
    file: "mine",
    name: "twice a number",
    statements: [stream, "CREATE STREAM t AS SELECT k, n * 2 AS m FROM s;"],
    inputs: [{ topic: "s", key: "a", value: { n: 21 }, timestamp: 1 }],
    outputs: [{ topic: "T", key: "a", value: { M: 42 }, timestamp: 1 }],
  };
  const unknown = {
    ...twice,
    name: "a function of its own",
    statements: [stream, "CREATE STREAM t AS SELECT k, F(n) AS m FROM s;"],
  };
  const negative = {
    file: "mine",
    name: "an unknown column",
    statements: [stream, "CREATE STREAM t AS SELECT k, o FROM s;"],
    expectedException: { message: "it is not there" },
  };

  function fileOf(...cases: object[]): string {
    const file = join(newFolder(), "cases.ndjson");
    writeFileSync(file, cases.map((one) => `${JSON.stringify(one)}\n`).join(""));
    return file;
  }

  it("counts what passes and what is refused, in JSON on the last line", async () => {
    const { code, out, err } = await run("ksqldb", "conformance", fileOf(twice, unknown, negative), "--verbose");
    expect(code).toBe(0);
    expect(JSON.parse(out.trimEnd().split("\n").at(-1)!)).toEqual({
      positive: { passed: 1, refused: 1, wrong: 0, total: 2 },
      negative: { passed: 1, wrong: 0, total: 1 },
      wrong: [],
    });
    expect(err).toContain("refused mine: a function of its own\n  statement 2:1:30: the function F");
  });

  it.each([
    ["another value", { ...twice, outputs: [{ ...twice.outputs[0], value: { M: 43 } }] }, '"M":42'],
    ["a row that is missing", { ...twice, outputs: [...twice.outputs, ...twice.outputs] }, "got nothing"],
    ["a row too many", { ...twice, inputs: [...twice.inputs, ...twice.inputs] }, "not expected"],
    ["another key", { ...twice, outputs: [{ ...twice.outputs[0], key: "b" }] }, '"a" →'],
    ["rows where there are none", { ...twice, outputs: [] }, "not expected"],
    ["another kind", { ...twice, post: { sources: [{ name: "T", type: "table" }] } }, "T is a stream"],
    ["another format", { ...twice, post: { sources: [{ name: "T", valueFormat: "JSON" }] } }, "the value format AVRO"],
    [
      "windows that are not there",
      { ...twice, post: { sources: [{ name: "T", keyFormat: { format: "KAFKA", windowType: "TUMBLING" } }] } },
      "T has no window",
    ],
    [
      "a column of another type",
      { ...twice, post: { sources: [{ name: "T", schema: "K STRING KEY, M BIGINT" }] } },
      "K STRING KEY, M INTEGER",
    ],
    ["another topic", { ...twice, post: { topics: { topics: [{ name: "U" }] } } }, "there is no topic U"],
    ["another time", { ...twice, outputs: [{ ...twice.outputs[0], timestamp: 2 }] }, "at 1"],
    [
      "what must be refused and is not",
      { ...negative, statements: twice.statements, inputs: [] },
      "it was not refused",
    ],
  ])("%s is wrong", (_, wrong, told) => {
    const [right, verdict] = [...conformance(fileOf(twice, wrong))];
    expect([right!.result, verdict!.result]).toEqual(["passed", "wrong"]);
    expect(verdict!.reason).toContain(told);
  });

  it("exits 1 where an answer is wrong, and tells it", async () => {
    const wrong = { ...twice, name: "of another value", outputs: [{ ...twice.outputs[0], value: { M: 43 } }] };
    const { code, out, err } = await run("ksqldb", "conformance", fileOf(twice, wrong));
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ wrong: ["mine: of another value"] });
    expect(err).toContain('wrong mine: of another value\n  T[0]: expected "a" → {"M":43}');
  });

  it("names the line of a file that is none of cases", async () => {
    const file = fileOf(twice);
    writeFileSync(file, `${readFileSync(file, "utf8")}{"name": \n`);
    const { code, err } = await run("ksqldb", "conformance", file);
    expect(code).toBe(1);
    expect(err).toContain(`${file}:2: `);
    const others = await Promise.all([run("ksqldb", "conformance", `${file}.gone`), run("ksqldb", "conformance")]);
    expect(others.map((other) => other.code)).toEqual([1, 2]);
    expect(others[0].err).toContain("the cases cannot be read: ");
  });

  it("is reported if it is not a command", async () => {
    const { code, err } = await run("ksqldb", "lnit");
    expect([code, err.split("\n")[0]]).toEqual([
      2,
      // Under npm a hint about its own options follows.
      expect.stringContaining("unexpected argument, number 1 (not shown, in case it is a key)"),
    ]);
  });
});
