/**
 * Tests of statements in the three files of ksqlDB's own `ksql-test-runner`, so that it runs them too:
 *
 *     <topic>/statements.sql             what the topic is made by: the files of ksqldb/ that it needs, one after another
 *     <topic>/<case>/input.json          {"inputs": [{"topic", "key", "value", "timestamp"}, …]}
 *     <topic>/<case>/output.json         {"outputs": [{…, "window": {"start", "end", "type": "time"}}, …]}
 *
 * A case may have a `statements.sql` of its own. What is written to a topic that no output names is not compared.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { UserError, shown } from "../../program/command.ts";
import type { Source } from "../../engine/analysis/plan.ts";
import type { Script } from "../../engine/analysis/query.ts";
import { JsonNumber, jsonText, NotJson, parseJson, type Json } from "./json-text.ts";
import type { Outline } from "../outline.ts";
import { readStatements, type Statements } from "../statements.ts";
import { runCase } from "./case.ts";
import { compareRecords } from "./compare.ts";
import { MemoryTopics } from "./memory.ts";
import { caseRecord, toBytes, type CaseRecord, type Members } from "./records.ts";

export interface Triple {
  /** The case's folder, as seen from where it was looked for. */
  readonly name: string;
  readonly statements: string;
  readonly input: string;
  readonly output: string;
}

/** The cases in a folder and those below it, by name. Throws UserError where there are none, or a file is missing. */
export function findTriples(dir: string): Triple[] {
  if (!existsSync(dir)) throw new UserError(`there is no folder ${dir}`);
  const folders = [dir, ...readdirSync(dir, { recursive: true, encoding: "utf8" }).map((name) => join(dir, name))];
  const found = folders
    .toSorted()
    .filter((folder) => existsSync(join(folder, "input.json")) || existsSync(join(folder, "output.json")))
    .map((folder): Triple => {
      const near = [folder, dirname(folder)].map((place) => join(place, "statements.sql"));
      const triple = {
        name: relative(dir, folder) || basename(folder),
        statements: near.find(existsSync) ?? near[0]!,
        input: join(folder, "input.json"),
        output: join(folder, "output.json"),
      };
      for (const file of [triple.statements, triple.input, triple.output]) {
        if (!existsSync(file))
          throw new UserError(
            `${file} is missing: a case has input.json and output.json, and statements.sql beside them or in the folder above`,
          );
      }
      return triple;
    });
  if (found.length === 0) throw new UserError(`${dir} has no case: a folder with input.json and output.json`);
  return found;
}

/**
 * What is wrong with what the engine makes of a case, one text a record; none if all is as expected. Throws UserError
 * where a file cannot be used.
 */
export function runTriple({ statements, input, output }: Triple): string[] {
  const scripts: Script[] = [{ file: statements, text: readFileSync(statements, "utf8") }];
  const analysis = readStatements(scripts);
  const inputs = readRecords(
    input,
    "inputs",
    [...analysis.sources.values()].map(({ topic }) => topic),
  );
  const outputs = readRecords(output, "outputs", derivedTopics(analysis));
  if (outputs.length === 0)
    throw new UserError(
      `${output}: "outputs" is empty, which ksql-test-runner refuses: add an input that leaves a row`,
    );
  checkInputs(input, inputs, analysis);
  const [reason] = analysis.laptop.flatMap(({ reasons }) => reasons);
  if (reason !== undefined) throw new LeftOut(reason.message);

  const result = runCase(scripts, inputs);
  const faults = [...new Set(outputs.map(({ topic }) => topic))].flatMap((topic) =>
    compareRecords(
      sourceOf(topic, result.analysis),
      result.outputs.get(topic)!,
      outputs.filter((record) => record.topic === topic),
    ),
  );
  if (result.failure !== undefined) faults.push(`the query ended: ${result.failure.message}`);
  if (faults.length > 0) faults.push(...result.logged.map((entry) => `processing log: ${entry}`));
  return faults;
}

/** A statement of the case is deployed, and the embedded engine does not execute it. */
class LeftOut extends UserError {}

interface CaseOutcome {
  readonly name: string;
  /** `left out`: the embedded engine does not execute a statement of it, as the only fault says. */
  readonly result: "ok" | "failed" | "left out";
  readonly faults: readonly string[];
}

/** Runs the cases of a folder, or those with `part` in their names. Throws UserError if there is none. */
export function* runTriples(dir: string, part = ""): Generator<CaseOutcome> {
  const triples = findTriples(dir);
  const chosen = triples.filter(({ name }) => name.includes(part));
  if (chosen.length === 0) {
    const names = triples.map(({ name }) => `\n  ${name}`).join("");
    throw new UserError(`no case has ${shown(part)} in its name. There are:${names}`);
  }
  for (const triple of chosen) {
    const { name } = triple;
    try {
      const faults = runTriple(triple);
      yield { name, result: faults.length === 0 ? "ok" : "failed", faults };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      yield { name, result: error instanceof LeftOut ? "left out" : "failed", faults: [error.message] };
    }
  }
}

/** The statements that make a topic: of `scripts` those that it needs, in their order, one after another. */
export function statementsOf(topic: string, scripts: readonly Script[]): string {
  const { plans } = readStatements(scripts);
  const files = new Set<string>();
  const add = ({ file, source }: Outline) => {
    files.add(file).add(source.file);
    plans.filter(({ sink }) => sink === source).forEach(add);
  };
  plans.filter(({ sink }) => sink.topic === topic).forEach(add);
  return scripts.flatMap(({ file, text }) => (files.has(file) ? [text] : [])).join("");
}

/**
 * What of the folder `dir` does not match the statements: it has a folder with cases for each derived topic and no other, its
 * `statements.sql` made of them. With `write` that file is written first.
 */
export function staleTests(dir: string, scripts: readonly Script[], write: boolean): string[] {
  const topics = derivedTopics(readStatements(scripts));
  const entries = existsSync(dir) ? readdirSync(dir, { withFileTypes: true }) : [];
  const faults = entries
    .filter((entry) => entry.isDirectory() && !topics.includes(entry.name))
    .map(({ name }) => `${join(dir, name)}: no statement writes a topic ${name}: rename or remove the folder`);
  for (const topic of topics) {
    const folder = join(dir, topic);
    const file = join(folder, "statements.sql");
    const wanted = statementsOf(topic, scripts);
    if (write) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, wanted);
    } else if (!existsSync(file)) faults.push(`${file} is missing: npm run ksqldb -- test --write`);
    else if (readFileSync(file, "utf8") !== wanted)
      faults.push(`${file} differs from ksqldb/*.sql: npm run ksqldb -- test --write`);
    if (existsSync(folder) && !readdirSync(folder).some((name) => existsSync(join(folder, name, "output.json"))))
      faults.push(`${folder} has no case: a folder with input.json and output.json`);
  }
  return faults;
}

function derivedTopics({ plans }: Statements): string[] {
  return plans.map(({ sink }) => sink.topic);
}

function sourceOf(topic: string, { sources }: Pick<Statements, "sources">): Source {
  return [...sources.values()].find((source) => source.topic === topic)!;
}

function readRecords(file: string, list: "inputs" | "outputs", topics: readonly string[]): CaseRecord[] {
  const text = readFileSync(file, "utf8");
  let json: Json;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new UserError(`${file}:${lineOf(text, error)}: ${(error as Error).message}`, { cause: error });
  }
  const records = json instanceof Map ? (json as Members).get(list) : undefined;
  if (!Array.isArray(records)) throw new UserError(`${file}: an object with a list "${list}" is expected`);
  return (records as readonly Json[]).map((record, i) => {
    const fault = faultOf(record, list, topics);
    if (fault !== undefined) throw new UserError(`${file}: ${list}[${i}]${fault}`);
    return caseRecord(record);
  });
}

/** The line at which the text stops being JSON. */
function lineOf(text: string, error: unknown): number {
  const good = error instanceof NotJson ? error.at : 0;
  const space = /^\s*/.exec(text.slice(good))![0];
  return text.slice(0, good + space.length).split("\n").length;
}

/** What is wrong with the form of a record. */
function faultOf(record: Json, list: "inputs" | "outputs", topics: readonly string[]): string | undefined {
  if (!(record instanceof Map)) return " is not an object";
  const members = record as Members;
  const known = ["topic", "key", "value", "timestamp", ...(list === "outputs" ? ["window"] : [])];
  const unknown = [...members.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) return `.${unknown} is not known here: a record has ${known.join(", ")}`;
  const topic = members.get("topic");
  if (typeof topic !== "string" || !topics.includes(topic)) {
    const what = list === "inputs" ? "no statement knows" : "no statement writes";
    return `.topic: ${what} ${typeof topic === "string" ? topic : "that"}; there are ${topics.join(", ")}`;
  }
  if (!members.has("value")) return `.value is missing: null is a record without a value`;
  const timestamp = members.get("timestamp");
  if (timestamp !== undefined && !isWhole(timestamp)) return ".timestamp must be a whole number of milliseconds";
  const window = members.get("window");
  if (window === undefined) return undefined;
  const right =
    window instanceof Map &&
    isWhole((window as Members).get("start")) &&
    isWhole((window as Members).get("end")) &&
    /^"time"$/i.test(jsonText((window as Members).get("type") ?? null));
  return right ? undefined : '.window must be {"start", "end", "type": "time"}, in milliseconds';
}

function isWhole(json: Json | undefined): boolean {
  return json instanceof JsonNumber && /^\d{1,15}$/.test(json.text);
}

/** Finds what a test would not notice: a member that no column takes, and records that the official tool would not chain. */
function checkInputs(file: string, inputs: readonly CaseRecord[], analysis: Statements): void {
  const { schemas } = new MemoryTopics();
  for (const [i, { topic, key, value }] of inputs.entries()) {
    const source = sourceOf(topic, analysis);
    if (value instanceof Map) {
      const columns = source.value.columns.map(({ name }) => name.toUpperCase());
      const unknown = [...(value as Members).keys()].find((name) => !columns.includes(name.toUpperCase()));
      if (unknown !== undefined)
        throw new UserError(`${file}: inputs[${i}].value.${unknown}: ${source.name} has no such column`);
    }
    const made = analysis.plans.find(({ sink }) => sink.topic === topic);
    if (made !== undefined && inputs.some((other) => other.topic === made.source.topic)) {
      throw new UserError(
        `${file}: inputs[${i}].topic: ${topic} is made from ${made.source.topic}, of which there are inputs too: ksql-test-runner takes only one of them`,
      );
    }
    for (const [side, json] of [
      ["key", key],
      ["value", value],
    ] as const) {
      try {
        toBytes(json, side, source, schemas);
      } catch (error) {
        throw new UserError(
          `${file}: inputs[${i}].${side} does not fit the columns of ${source.name}: ${(error as Error).message}`,
          { cause: error },
        );
      }
    }
  }
}
