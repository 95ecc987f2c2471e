/**
 * ksqlDB's own query translation tests on the embedded engine: one case a line, as JSON. A case that must be refused is
 * right when it is; any other passes, is refused (outside the subset), or is wrong.
 */
import { readFileSync } from "node:fs";
import { UserError } from "../../program/command.ts";
import { JsonNumber, jsonText, parseJson, type Json } from "../../ksqldb/testing/json-text.ts";
import { OutsideSubset } from "../../engine/expressions/typed.ts";
import { typeText } from "../../engine/language/types.ts";
import { runCase, type CaseResult } from "../../ksqldb/testing/case.ts";
import { compareRecords } from "../../ksqldb/testing/compare.ts";
import { postFaults } from "./post.ts";
import { caseRecord, type CaseRecord, type Members } from "../../ksqldb/testing/records.ts";
import { listOf, textOf } from "./members.ts";

interface Verdict {
  readonly name: string;
  readonly negative: boolean;
  readonly result: "passed" | "refused" | "wrong";
  /** Why it was refused, or what is wrong. */
  readonly reason: string;
}

interface Totals {
  readonly positive: { passed: number; refused: number; wrong: number; total: number };
  readonly negative: { passed: number; wrong: number; total: number };
  readonly wrong: string[];
}

export function totals(verdicts: readonly Verdict[]): Totals {
  const sum: Totals = {
    positive: { passed: 0, refused: 0, wrong: 0, total: 0 },
    negative: { passed: 0, wrong: 0, total: 0 },
    wrong: [],
  };
  for (const { name, negative, result } of verdicts) {
    if (result === "wrong") sum.wrong.push(name);
    if (!negative) {
      sum.positive.total++;
      sum.positive[result]++;
    } else {
      sum.negative.total++;
      sum.negative[result === "passed" ? "passed" : "wrong"]++;
    }
  }
  return sum;
}

/** `npm run ksqldb -- conformance FILE`: the exit code is 1 if an answer is wrong. */
export function runConformance(file: string, verbose: boolean): void {
  const verdicts: Verdict[] = [];
  for (const verdict of conformance(file)) {
    verdicts.push(verdict);
    const isShown = verdict.result === "wrong" || (verbose && verdict.result === "refused");
    if (isShown)
      process.stderr.write(`${verdict.result} ${verdict.name}\n  ${verdict.reason.replaceAll("\n", "\n  ")}\n`);
  }
  const sum = totals(verdicts);
  process.stdout.write(`${JSON.stringify(sum)}\n`);
  if (sum.wrong.length > 0) process.exitCode = 1;
}

/** Throws UserError where the file is none of cases. */
export function* conformance(file: string): Generator<Verdict> {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch (error) {
    throw new UserError(`the cases cannot be read: ${(error as Error).message}`);
  }
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    let members: Json;
    try {
      members = parseJson(line);
    } catch (error) {
      throw new UserError(`${file}:${i + 1}: ${(error as Error).message}: one case a line is expected`);
    }
    if (!(members instanceof Map) || !Array.isArray(members.get("statements"))) {
      throw new UserError(`${file}:${i + 1}: a case is an object with "statements"`);
    }
    yield verdictOf(members as Members);
  }
}

/** A case with formats or configurations is one for each of them: it passes when all do. */
function verdictOf(members: Members): Verdict {
  const name = `${textOf(members, "file")}: ${textOf(members, "name")}`;
  const outputs = listOf(members, "outputs");
  const negative = members.has("expectedException") && outputs.length === 0;
  const variants = (["FORMAT", "CONFIG"] as const).reduce(
    (cases: string[], placeholder) => cases.flatMap((one) => expand(one, placeholder)),
    [jsonText(members)],
  );
  const verdicts = variants.map((variant) => judge(parseJson(variant) as Members, negative));
  const worst =
    verdicts.find(({ result }) => result === "wrong") ??
    verdicts.find(({ result }) => result === "refused") ??
    verdicts[0]!;
  return { name, negative, ...worst };
}

function expand(json: string, placeholder: "FORMAT" | "CONFIG"): string[] {
  const values = listOf(parseJson(json) as Members, placeholder.toLowerCase());
  return values.length === 0 ? [json] : values.map((value) => json.replaceAll(`{${placeholder}}`, value as string));
}

function judge(members: Members, negative: boolean): Pick<Verdict, "result" | "reason"> {
  let result: CaseResult;
  try {
    result = run(members);
  } catch (error) {
    if (!(error instanceof UserError)) return { result: "wrong", reason: (error as Error).stack ?? String(error) };
    return { result: negative ? "passed" : "refused", reason: error.message };
  }
  if (result.failure?.cause instanceof OutsideSubset)
    return { result: negative ? "passed" : "refused", reason: result.failure.message };
  if (negative) {
    const died = result.failure !== undefined && [...result.outputs.values()].every((outputs) => outputs.length === 0);
    return died
      ? { result: "passed", reason: result.failure!.message }
      : { result: "wrong", reason: "it was not refused" };
  }
  const faults = [
    ...failureFaults(members, result),
    ...outputFaults(members, result),
    ...extraFaults(members, result),
    ...postFaults(members, result.analysis),
  ];
  return faults.length === 0
    ? { result: "passed", reason: "" }
    : { result: "wrong", reason: faults.slice(0, 3).join("\n") };
}

/** Properties of a server that change nothing here. */
const indifferent = [
  "ksql.streams.__emit.interval.ms.kstreams.windowed.aggregation__",
  "ksql.new.query.planner.enabled",
  "ksql.streams.topology.optimization",
  "ksql.sink.partitions",
  "ksql.sink.replicas",
];

function run(members: Members): CaseResult {
  const properties = (members.get("properties") ?? new Map<string, Json>()) as Members;
  for (const [name, value] of properties) {
    if (!indifferent.includes(name) && name !== "ksql.output.topic.name.prefix")
      throw new UserError(`the property ${name} = ${jsonText(value)} is not known here`);
  }
  const statements = listOf(members, "statements").map((statement) => statement as string);
  if (
    textOf(properties, "ksql.new.query.planner.enabled") === "true" &&
    !statements.every((statement) => /^CREATE STREAM \w+ (\(|WITH|AS SELECT \*)/i.test(statement))
  ) {
    throw new UserError("the new query planner, which selects keys otherwise, is not known here");
  }
  const prefixed = statements.filter((statement) => !/KAFKA_TOPIC/i.test(statement));
  if (properties.has("ksql.output.topic.name.prefix") && prefixed.length > 0)
    throw new UserError("a prefix of topics is not known here");

  const scripts = statements.map((statement, i) => ({
    file: `statement ${i + 1}`,
    text: /;\s*$/.test(statement) ? statement : `${statement};`,
  }));
  return runCase(scripts, listOf(members, "inputs").map(caseRecord));
}

function failureFaults(members: Members, { failure }: CaseResult): string[] {
  const expected = members.has("expectedException");
  if (expected) return failure === undefined ? ["the query should have ended with a failure"] : [];
  return failure === undefined ? [] : [`it failed: ${failure.stack ?? failure.message}`];
}

function outputFaults(members: Members, { outputs, analysis }: CaseResult): string[] {
  const expected = new Map<string, CaseRecord[]>([...outputs.keys()].map((topic) => [topic, []]));
  for (const record of listOf(members, "outputs").map(caseRecord)) {
    const records = expected.get(record.topic);
    if (records === undefined) return [`no statement writes the topic ${record.topic}`];
    records.push(record);
  }
  // A topic that the case does not speak of is one in between.
  const nothing = [...expected.values()].every((records) => records.length === 0);
  const spoken = [...expected].filter(([, records]) => records.length > 0 || nothing);
  const sources = [...analysis.sources.values()];
  return spoken.flatMap(([topic, records]) =>
    compareRecords(
      sources.findLast((source) => source.topic === topic)!,
      outputs.get(topic)!,
      records,
    ),
  );
}

/** Members of cases that a real ksqlDB answered: the type of the last column, and the entries of the processing log. */
function extraFaults(members: Members, { analysis, logged }: CaseResult): string[] {
  const faults: string[] = [];
  const type = members.get("type");
  const column = analysis.plans.at(-1)?.columns.at(-1);
  // A STRUCT's fields are printed there without quotes.
  if (typeof type === "string" && column !== undefined && typeText(column.type) !== type) {
    faults.push(`the type is ${typeText(column.type)}, expected ${type}`);
  }
  const count = members.get("logged");
  if (count instanceof JsonNumber && count.text !== String(logged.length)) {
    faults.push(`logged ${logged.length}, expected ${count.text}: ${logged.join(" | ")}`);
  }
  return faults;
}
