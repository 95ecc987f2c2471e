/**
 * ksqlDB's own query translation tests on the embedded engine: one case a line, as JSON. A case that must be refused is
 * right when it is; any other passes, is refused (outside the subset), or is wrong.
 */
import { readFileSync } from "node:fs";
import { UserError } from "../../command.ts";
import type { Analysis } from "../analysis/analyse.ts";
import type { Source } from "../analysis/plan.ts";
import { typeOf, typeText } from "../language/types.ts";
import type { Create } from "../language/ast.ts";
import { parse, StatementError } from "../language/parse.ts";
import { avroSchema } from "../formats/avro-schema.ts";
import { OutsideSubset } from "../functions/function.ts";
import { JsonNumber, parseJson, type Json } from "../formats/json-text.ts";
import { runCase, type CaseResult } from "./case.ts";
import { MemoryTopics } from "./memory.ts";
import { caseRecord, jsonText, sameJson, sideType, type CaseRecord } from "./records.ts";

type Members = ReadonlyMap<string, Json>;

export interface Verdict {
  readonly name: string;
  readonly negative: boolean;
  readonly result: "passed" | "refused" | "wrong";
  /** Why it was refused, or what is wrong. */
  readonly reason: string;
}

export interface Totals {
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

/** Throws UserError where the file is none of cases. */
export function* conformance(file: string): Generator<Verdict> {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch (error) {
    throw new UserError(`the cases can not be read: ${(error as Error).message}`);
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
  const name = `${text(members, "file")}: ${text(members, "name")}`;
  const outputs = list(members, "outputs");
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
  const values = list(parseJson(json) as Members, placeholder.toLowerCase());
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
    const handled = [
      "ksql.persistence.default.format.value",
      "ksql.persistence.wrap.single.values",
      "ksql.output.topic.name.prefix",
    ];
    if (!indifferent.includes(name) && !handled.includes(name))
      throw new UserError(`the property ${name} = ${jsonText(value)} is not known here`);
  }
  const statements = list(members, "statements").map((statement) => statement as string);
  if (
    text(properties, "ksql.new.query.planner.enabled") === "true" &&
    !statements.every((statement) => /^CREATE STREAM \w+ (\(|WITH|AS SELECT \*)/i.test(statement))
  ) {
    throw new UserError("the new query planner, which selects keys otherwise, is not known here");
  }
  const prefixed = statements.filter((statement) => !/KAFKA_TOPIC/i.test(statement));
  if (properties.has("ksql.output.topic.name.prefix") && prefixed.length > 0)
    throw new UserError("a prefix of topics is not known here");

  const topics = new MemoryTopics();
  for (const topic of list(members, "topics") as Members[]) {
    for (const [member, side] of [
      ["valueSchema", "value"],
      ["keySchema", "key"],
    ] as const) {
      const schema = topic.get(member);
      if (schema === undefined || schema === null || /JSON|PROTOBUF/i.test(text(topic, `${side}Format`))) continue;
      topics.schemas.idOf(`${text(topic, "name")}-${side}`, JSON.parse(jsonText(schema)) as object);
    }
  }
  const scripts = statements.map((statement, i) => ({
    file: `statement ${i + 1}`,
    text: /;\s*$/.test(statement) ? statement : `${statement};`,
  }));
  const valueFormat = properties.get("ksql.persistence.default.format.value");
  const wrap = properties.get("ksql.persistence.wrap.single.values");
  return runCase(scripts, list(members, "inputs").map(caseRecord), topics, {
    valueFormat: valueFormat as string | undefined,
    wrapSingleValues: wrap === undefined ? undefined : jsonText(wrap).includes("true"),
  });
}

function failureFaults(members: Members, { failure }: CaseResult): string[] {
  const expected = members.has("expectedException");
  if (expected) return failure === undefined ? ["the query should have ended with a failure"] : [];
  return failure === undefined ? [] : [`it failed: ${failure.stack ?? failure.message}`];
}

function outputFaults(members: Members, { outputs, analysis }: CaseResult): string[] {
  const expected = new Map<string, CaseRecord[]>([...outputs.keys()].map((topic) => [topic, []]));
  for (const record of list(members, "outputs").map(caseRecord)) {
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

/** What of a derived topic's records differs from what is expected, one text a record. */
export function compareRecords(
  source: Source,
  actual: readonly CaseRecord[],
  expected: readonly CaseRecord[],
): string[] {
  const { topic } = source;
  const faults = expected.flatMap((record, i) => {
    const other = actual[i];
    return other !== undefined && sameRecord(source, other, record)
      ? []
      : [`${topic}[${i}]: expected ${show(record)}\n  got ${other === undefined ? "nothing" : show(other)}`];
  });
  const more = actual.slice(expected.length).map((record) => `${topic}: not expected: ${show(record)}`);
  return [...faults, ...more];
}

function sameRecord(source: Source, actual: CaseRecord, expected: CaseRecord): boolean {
  return (
    sameJson(actual.key, expected.key, sideType(source.key)) &&
    sameJson(actual.value, expected.value, sideType(source.value)) &&
    (expected.timestamp === undefined || actual.timestamp === expected.timestamp) &&
    actual.window?.start === expected.window?.start &&
    actual.window?.end === expected.window?.end
  );
}

function show({ key, value, timestamp, window }: CaseRecord): string {
  const at = window === undefined ? "" : ` in [${window.start}, ${window.end})`;
  return `${jsonText(key)} → ${jsonText(value)} at ${timestamp ?? "any time"}${at}`;
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

/** `post`: the sources with their formats and columns, and the topics with their formats and schemas. */
function postFaults(members: Members, { sources }: Analysis): string[] {
  const post = members.get("post") as Members | undefined;
  if (post === undefined) return [];
  const faults: string[] = [];
  for (const expected of list(post, "sources") as Members[]) {
    const name = text(expected, "name");
    const source = [...sources.values()].find((candidate) => candidate.name === name);
    if (source === undefined) {
      faults.push(`there is no source ${name}`);
      continue;
    }
    const kind = text(expected, "type");
    if (kind !== "" && kind.toLowerCase() !== source.kind) faults.push(`${name} is a ${source.kind}, expected ${kind}`);
    faults.push(...formatFaults(expected, source));
    if (typeof expected.get("schema") === "string") {
      const columns = [
        ...source.key.columns.map((column) => ({ ...column, key: " KEY" })),
        ...source.value.columns.map((column) => ({ ...column, key: "" })),
      ];
      const actual = columns.map((column) => `${column.name} ${typeText(column.type)}${column.key}`).join(", ");
      const wanted = schemaText(text(expected, "schema"));
      if (actual !== wanted) faults.push(`${name} has the columns ${actual}, expected ${wanted}`);
    }
  }
  const topics = post.get("topics") as Members | undefined;
  for (const expected of topics === undefined ? [] : (list(topics, "topics") as Members[])) {
    const source = [...sources.values()].find(({ topic }) => topic === text(expected, "name"));
    if (source === undefined) {
      faults.push(`there is no topic ${text(expected, "name")}`);
      continue;
    }
    faults.push(...formatFaults(expected, source));
    for (const [member, side] of [
      ["keySchema", source.key],
      ["valueSchema", source.value],
    ] as const) {
      const schema = expected.get(member);
      if (schema === undefined) continue;
      if (side.format !== "AVRO") {
        faults.push(`${member} of ${source.topic} is expected, and it has no schema`);
        continue;
      }
      const actual = JSON.stringify(avroSchema(side));
      if (!sameJson(parseJson(actual), schema))
        faults.push(`${member} of ${text(expected, "name")} is ${actual}, expected ${jsonText(schema)}`);
    }
  }
  return faults;
}

/** A format is a text or {"format": …}, of the key with the kind of its window beside it. */
function formatFaults(expected: Members, source: Source): string[] {
  const faults: string[] = [];
  for (const side of ["key", "value"] as const) {
    const format = expected.get(`${side}Format`);
    const { columns, format: actual, unwrapped } = source[side];
    const told = (member: string) => (format instanceof Map ? text(format as Members, member) : "");
    const wanted = format instanceof Map ? told("format") : text(expected, `${side}Format`);
    if (wanted !== "" && wanted !== actual && wanted !== (side === "key" ? source.keyFormat : actual))
      faults.push(`${source.name} has the ${side} format ${actual}, expected ${wanted}`);
    const window = told("windowType");
    if (wanted !== "" && side === "key" && (window !== "") !== (source.windowSize !== undefined))
      faults.push(`${source.name} has ${source.windowSize === undefined ? "no window" : "windows"} in its key`);
    if (!["", "TUMBLING"].includes(window)) faults.push(`${source.name} should have ${window} windows`);
    const size = told("windowSize");
    if (size !== "" && Number(size) !== source.windowSize)
      faults.push(`${source.name} has windows of ${source.windowSize} ms, expected ${size}`);
    const features = list(expected, `${side}Features`);
    if (features.includes("UNWRAP_SINGLES") && columns.length === 1 && !unwrapped)
      faults.push(`the ${side} of ${source.name} is wrapped`);
    if (features.includes("WRAP_SINGLES") && columns.length === 1 && unwrapped)
      faults.push(`the ${side} of ${source.name} is not wrapped`);
  }
  return faults;
}

/** The columns of a schema's text as ours are written; the text itself where it has a type that is not known here. */
function schemaText(schema: string): string {
  try {
    const [statement] = parse(`CREATE STREAM x (${schema}) WITH (x = 'x');`, "schema");
    const texts = (statement as Create).columns.map(({ name, type, key }) => {
      const known = typeOf(type, ({ at }, reason) => {
        throw new StatementError("schema", at, reason);
      });
      return `${name} ${typeText(known)}${key === "" ? "" : " KEY"}`;
    });
    return texts.join(", ");
  } catch (error) {
    if (error instanceof StatementError) return schema;
    throw error;
  }
}

function list(members: Members, name: string): readonly Json[] {
  const value = members.get(name);
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function text(members: Members, name: string): string {
  const value = members.get(name) ?? "";
  return typeof value === "string" ? value : jsonText(value);
}
