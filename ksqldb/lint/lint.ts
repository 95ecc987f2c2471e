/**
 * `npm run ksqldb -- lint`: every fault of the statements that can be found without a server. A file that is not
 * understood hides nothing of the others: what reads it is looked at by its text alone.
 */
import { readFileSync } from "node:fs";
import { catalog, rawTopics, type Topic } from "../../schemas/catalog.ts";
import type { TableShape } from "../../schemas/tables.ts";
import { analyse, type Analysis } from "../analysis/analyse.ts";
import type { Plan } from "../analysis/plan.ts";
import type { Script } from "../analysis/query.ts";
import { describeTables, disagreements } from "../describe.ts";
import type { Statement } from "../language/ast.ts";
import { parse, StatementError } from "../language/parse.ts";
import { additions, breaks, type Addition, type Change } from "./lock.ts";
import { itemOf, rules, type Subject } from "./rules.ts";

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule: string;
  readonly happens: string;
  readonly cure: string;
}

export function findingText({ file, line, column, rule, happens, cure }: Finding): string {
  return `${file}:${line}:${column}: [${rule}] ${happens}. Cure: ${cure}.`;
}

/** Findings in the order of files and lines. `locked`: the shapes of `schemas/tables.lock.json`. */
export function lint(scripts: readonly Script[], locked: readonly TableShape[]): Finding[] {
  const { written, analysis, findings } = understand(scripts);
  const shapes = describeTables(analysis.plans, ({ message }, { name, writtenBy }) => {
    // Of a derived table a rule says what can not be described.
    if (writtenBy === "ksqldb") return;
    const place = lineOf(`schemas/${name}.avsc`, `"name": "${/the field (\S+)/.exec(message)?.[1]}"`);
    findings.push({
      ...place,
      rule: "field",
      happens: message,
      cure: "write a doc; of types there are string, long, int",
    });
  });
  findings.push(
    ...ruleFindings(written, analysis, shapes),
    ...lockFindings(scripts, written, analysis, shapes, locked),
  );
  return findings.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

type Written = Script & { readonly statement: Statement; readonly first: boolean; readonly code: string };

/** What can be parsed, and the analysis of what can be analysed. */
function understand(scripts: readonly Script[]): { written: Written[]; analysis: Analysis; findings: Finding[] } {
  const findings: Finding[] = [];
  const unread: string[] = [];
  const written = scripts.flatMap((script) => {
    try {
      const statements = parse(script.text, script.file);
      if (statements.length === 0) findings.push({ file: script.file, line: 1, column: 1, ...noStatement });
      return statements.map((statement, i) => ({
        ...script,
        statement,
        first: i === 0,
        code: blanked(script.text).slice(statement.at.offset, statements[i + 1]?.at.offset),
      }));
    } catch (error) {
      findings.push(refused(error));
      unread.push(script.file);
      return [];
    }
  });
  for (let rest = scripts.filter(({ file }) => !unread.includes(file)); ;) {
    try {
      return { written, analysis: analyse(rest), findings };
    } catch (error) {
      const finding = refused(error);
      const reader = written.find(({ file, statement }) => file === finding.file && readsAt(statement, finding));
      if (reader === undefined || !finding.happens.startsWith("there is no ")) findings.push(finding);
      else findings.push(...missing(reader, written, unread, finding));
      rest = rest.filter(({ file }) => file !== finding.file);
    }
  }
}

/** What a statement reads is not there: it reads itself, it comes later, or it is not understood, which is told elsewhere. */
function missing(reader: Written, written: readonly Written[], unread: readonly string[], finding: Finding): Finding[] {
  const maker = (name: string) => written.find(({ statement }) => statement.name.name === name);
  const path = [reader.statement.name.name];
  let next = sourceOf(reader.statement);
  while (next !== undefined && !path.includes(next)) {
    path.push(next);
    next = sourceOf(maker(next)?.statement);
  }
  if (next === path[0]) {
    const happens = `${[...path, next].join(" reads ")}: no server can create the first of them`;
    return [{ ...finding, rule: "cycle", happens, cure: "let one of them read what its source is made of" }];
  }
  const source = maker(path[1]!);
  if (source === undefined) {
    const hidden = unread.some((file) => file.toUpperCase().endsWith(`_${path[1]}.SQL`));
    return hidden ? [] : [finding];
  }
  if (written.indexOf(source) < written.indexOf(reader)) return [];
  const happens = `${path[1]} is created later, in ${source.file}: a server says that it does not exist`;
  return [
    { ...finding, rule: "order", happens, cure: "create it first: a file has a greater number than what it reads" },
  ];
}

const sourceOf = (statement: Statement | undefined) =>
  statement?.kind === "createAs" ? statement.query.from.name.name : undefined;

function readsAt(statement: Statement, { line, column }: Finding): boolean {
  if (statement.kind !== "createAs") return false;
  const { at: place } = statement.query.from.name;
  return place.line === line && place.column === column;
}

/** Comments, texts and quoted names as blanks: everything else keeps its place. */
function blanked(text: string): string {
  return text.replace(/--[^\n]*|'(?:''|[^'])*'|`(?:``|[^`])*`|"(?:""|[^"])*"/g, (part) => part.replace(/[^\n]/g, " "));
}

const noStatement = {
  rule: "one-object",
  happens: "the file has no statement",
  cure: "write one, or delete the file",
};

/** What parser or analysis say, as a finding. */
function refused(error: unknown): Finding {
  if (!(error instanceof StatementError)) throw error;
  const [, file, line, column, reason] = /^(.*?):(\d+):(\d+): ([^]*)$/.exec(error.message)!;
  const [server, cure] = cures.find(([pattern]) => pattern.test(reason!))!.slice(1) as [string, string];
  const happens = `${reason!.replace(/\.$/, "")}; ${server}`;
  return { file: file!, line: Number(line), column: Number(column), rule: "refused", happens, cure };
}

const says = "a server refuses the statement";
const cures: readonly (readonly [RegExp, string, string])[] = [
  [
    /is outside the subset|does not exist, can not/,
    "a server may take it, but nothing here has tried what it does",
    "write it with what the other statements use",
  ],
  [
    /has no column/,
    says,
    "declare the column in its source, or write its name as it is there; an alias of SELECT counts in no other clause",
  ],
  [/reserved word/, says, "write it in back quotes and lower case"],
  [/^there is no /, says, "create the source in a file with a smaller number, or write its name as it is there"],
  [/neither grouped by nor aggregated/, says, "aggregate it, or leave it out"],
  [/comment must start/, "Confluent Cloud refuses the statement", "-- on every line"],
  [/OR REPLACE/, "a server refuses it for windows and EXPLODE, even unchanged", "CREATE"],
  [/^Expected /, says, "compare with another statement: WINDOW stands before WHERE, RETENTION before GRACE PERIOD"],
  [
    /compared|not take|one type|go together|can not be cast|must be BOOLEAN/,
    says,
    "CAST one side to the type of the other",
  ],
  [/^/, says, "change it as the reason says"],
];

function ruleFindings(written: readonly Written[], { plans }: Analysis, shapes: readonly TableShape[]): Finding[] {
  const files = written.map(({ file }) => file);
  const differing = disagreements(written);
  return written.flatMap((one) => {
    const { file, statement } = one;
    const topic = topicOf(statement);
    const subject: Subject = {
      ...one,
      files,
      topic: catalog.find(({ name }) => name === topic),
      disagreements: differing.filter((disagreement) => disagreement.statement === statement),
      plan: plans.find((plan) => plan.file === file && plan.sink.name === statement.name.name),
      plans,
      columns: shapes.find(({ name }) => name === topic)?.columns,
    };
    return rules.flatMap(({ name: rule, find, server, cure }) =>
      find(subject).map(({ at: { line, column }, what }) => {
        const happens = `${what === undefined ? "" : `${what}: `}a server ${server}`;
        return { file, line, column, rule, happens, cure };
      }),
    );
  });
}

const topicOf = ({ properties }: Statement) => properties.find(({ name }) => name === "KAFKA_TOPIC")?.value;

function lockFindings(
  scripts: readonly Script[],
  written: readonly Written[],
  { plans }: Analysis,
  shapes: readonly TableShape[],
  locked: readonly TableShape[],
): Finding[] {
  // A statement that is there and not understood is told as such: its table is not gone.
  const stated = ({ name, writtenBy }: Topic) =>
    writtenBy === "producer" ||
    scripts.some(({ file }) => file.endsWith(`_${name}.sql`)) ||
    written.some(({ statement }) => topicOf(statement) === name);
  const gone = (table: string) => !catalog.some((topic) => topic.name === table && stated(topic));
  const unmade = catalog.filter((topic) => !stated(topic) && !locked.some(({ name }) => name === topic.name));
  const broken = breaks(locked, shapes, gone);
  const added = additions(locked, shapes).filter(({ table }) => !broken.some((change) => change.table === table));
  const told = (rule: string, change: Change) => {
    const happens = `${change.table}: ${change.what}; ${change.happens}`;
    return { ...placeOf(change, plans), rule, happens, cure: change.cure };
  };
  const behind = {
    happens: "schemas/tables.lock.json does not say so",
    cure: "npm run ksqldb -- describe --write, and commit it",
  };
  return [
    ...unmade.map(({ name }) => ({
      ...lineOf("schemas/catalog.ts", `name: "${name}"`),
      rule: "topic",
      happens: `no statement writes ${name}: its topic and table stay empty`,
      cure: "write the statement, or take it out of the catalogue",
    })),
    ...broken.map((change) => told("lock", change)),
    ...added.map((addition) => told("lock-behind", { ...addition, ...behind })),
  ];
}

/** Where a change of a table was written. */
function placeOf({ table, column }: Addition, plans: readonly Plan[]): Pick<Finding, "file" | "line" | "column"> {
  const plan = plans.find(({ sink }) => sink.topic === table);
  if (plan !== undefined) {
    const { query } = plan.statement;
    const { at } = itemOf(query, column) ?? query;
    return { file: plan.file, line: at.line, column: at.column };
  }
  const raw = rawTopics.find((name) => name === table);
  if (raw === undefined) return lineOf("schemas/tables.lock.json", `"name": "${table}"`);
  return lineOf(`schemas/${raw}.avsc`, column === undefined ? '"fields"' : `"name": "${column}"`);
}

function lineOf(file: string, wanted: string): Pick<Finding, "file" | "line" | "column"> {
  const lines = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8").split("\n");
  const i = Math.max(
    0,
    lines.findIndex((line) => line.includes(wanted)),
  );
  return { file, line: i + 1, column: Math.max(0, lines[i]!.search(/\S/)) + 1 };
}
