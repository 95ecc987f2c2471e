/**
 * `npm run ksqldb -- lint`: every fault of the statements that can be found without a server. A file that is not
 * understood hides nothing of the others: what reads it is looked at by its text alone.
 */
import { readFileSync } from "node:fs";
import { catalog, rawTopics, type Topic } from "../../schemas/catalog.ts";
import type { TableShape } from "../../schemas/tables.ts";
import type { Script } from "../../engine/analysis/query.ts";
import { describeTables } from "../describe.ts";
import type { RefusalKind, StatementError } from "../../engine/language/parse.ts";
import type { Outline } from "../outline.ts";
import { understand, type Statements } from "../statements.ts";
import { itemOf, typesIn } from "./expressions.ts";
import { additions, breaks, type Addition, type Change } from "./lock.ts";
import { rules } from "./rules.ts";

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule: string;
  /** `error`: a server, a table or a reader would break. `laptop`: it is deployed, and the embedded engine does not execute it. */
  readonly severity: "error" | "laptop";
  /** Of a refusal: its kind. */
  readonly kind?: RefusalKind;
  readonly happens: string;
  readonly cure: string;
}

type Spot = Pick<Finding, "file" | "line" | "column">;

type Fault = Omit<Finding, "severity">;

export function findingText({ file, line, column, rule, happens, cure }: Finding): string {
  return `${file}:${line}:${column}: [${rule}] ${happens}. Fix: ${cure}.`;
}

/** Nothing is deployed with one of these. */
export const errorsOf = (findings: readonly Finding[]) => findings.filter(({ severity }) => severity === "error");

/** Findings in the order of files and lines. `locked`: the shapes of `schemas/tables.lock.json`. */
export function lint(scripts: readonly Script[], locked: readonly TableShape[]): Finding[] {
  const errors: Fault[] = [];
  const refused: string[] = [];
  const known = understand(scripts, (error) => {
    const source = error.kind === "unknown-source" ? error.missing?.toLowerCase() : undefined;
    // A source that is not understood has a finding of its own.
    if (source === undefined || !refused.some((file) => writes(file, source))) errors.push(refusal(error));
    refused.push(error.file);
  });
  for (const { file } of scripts)
    if (!refused.includes(file) && !known.statements.some((one) => one.file === file))
      errors.push({ file, line: 1, column: 1, ...empty });
  errors.push(...ruleFindings(scripts, known), ...tableFindings(scripts, known.plans, locked));
  const all: Finding[] = [
    ...known.laptop.flatMap(({ file, reasons }) => reasons.filter((one) => one.file === file).map(notExecuted)),
    ...errors.map((fault) => ({ ...fault, severity: "error" as const })),
  ];
  return all.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

const writes = (file: string, name: string) => file.endsWith(`_${name}.sql`);

const empty = { rule: "file", happens: "the file has no statement", cure: "write one, or delete the file" };

const shapeUnknown = "a server may take it, but which columns its table has is not known here";

/** What follows from a refusal that is not a server's own. */
const follows: Partial<Record<RefusalKind, string>> = {
  subset: shapeUnknown,
  "unknown-function": shapeUnknown,
  arguments: shapeUnknown,
  untyped: "a server may take it, but the type of the column is not known here, nor to schemas/tables.lock.json",
};

function refusal({ file, at: { line, column }, reason, kind }: StatementError): Fault {
  const happens = `${reason.replace(/\.$/, "")}; ${follows[kind] ?? "a server refuses the statement"}`;
  return { file, line, column, rule: "refused", kind, happens, cure: cures[kind] };
}

function notExecuted({ file, at: { line, column }, reason, kind }: StatementError): Finding {
  const happens = `${reason}; it is deployed, and npm start leaves the statement out`;
  const cure = "nothing, if a server has it; to run it on a laptop too, write it with what the other statements use";
  return { file, line, column, rule: "laptop", severity: "laptop", kind, happens, cure };
}

const simpler = "write it with what the other statements use";

const cures: Readonly<Record<RefusalKind, string>> = {
  subset: simpler,
  "unknown-function": simpler,
  arguments: simpler,
  untyped:
    "put all of the column into a CAST: CAST(… AS STRING) AS `name`; then it is deployed, and not run on a laptop",
  "unknown-column": "declare it in its source, or write it as declared there; an alias counts in no other clause",
  "reserved-word": "write it in back quotes and lower case",
  "unknown-source":
    "give its file a smaller number, or write its name as declared; a statement cannot read itself, nor two each other",
  replace: "CREATE: with windows or EXPLODE a server replaces nothing, not even with the same",
  comment: "-- on every line, as Confluent Cloud wants it",
  syntax:
    "check there, and just before, for a misspelled word or a missing comma or semicolon; the order of clauses is FROM, WINDOW, WHERE, GROUP BY or PARTITION BY, HAVING, EMIT, in a window RETENTION before GRACE PERIOD",
  type: "CAST one side to the type of the other",
  invalid: "change it accordingly",
};

function ruleFindings(scripts: readonly Script[], { statements, sources, plans }: Statements): Fault[] {
  const files = scripts.map(({ file }) => file);
  return statements.flatMap((one) => {
    const { file, statement } = one;
    const made = sources.get(statement.name.name);
    const source = made?.file === file ? made : undefined;
    const plan = plans.find(({ sink }) => sink === source);
    const type = plan === undefined ? () => undefined : typesIn(plan);
    return Object.entries(rules).flatMap(([rule, { find, server, cure }]) =>
      find({ ...one, files, source, plan, plans, type }).map(({ at: { line, column }, what }) => {
        const happens = `${what === undefined ? "" : `${what}: `}a server ${server}`;
        return { file, line, column, rule, happens, cure };
      }),
    );
  });
}

/** How the tables change, and which changes are not allowed. */
function tableFindings(scripts: readonly Script[], plans: readonly Outline[], locked: readonly TableShape[]): Fault[] {
  // A statement that exists and is not understood has a finding of its own: its table is not gone.
  const stated = (table: string) =>
    rawTopics.some((name) => name === table) ||
    (catalog.some(({ name }) => name === table) && scripts.some(({ file }) => writes(file, table)));
  const isSunk = (table: string) => catalog.some((topic) => topic.name === table && topic.table !== undefined);
  const findings: Fault[] = [];
  const shapes = describeTables(plans, ({ kind, part, message }, { name }) => {
    if (kind === "field")
      findings.push({ ...lineOf(`schemas/${name}.avsc`, `"name": "${part}"`), ...undescribed, happens: message });
    // Other faults of a derived table are those of a rule.
    else if (!stated(name) && !locked.some((table) => table.name === name))
      findings.push({ ...lineOf("schemas/catalog.ts", `name: "${name}"`), ...unwritten(name) });
  });
  const broken = breaks(locked, shapes, (table) => !stated(table) || !isSunk(table));
  const added = additions(locked, shapes).filter(({ table }) => !broken.some((change) => change.table === table));
  const found = (rule: string, change: Change) => {
    const happens = `${change.table}: ${change.what}; ${change.happens}`;
    return { ...spotOf(change, plans), rule, happens, cure: change.cure };
  };
  return [
    ...findings,
    ...catalog.flatMap((topic) => [...topicFindings(topic, plans)]),
    ...broken.map((change) => found("lock", change)),
    ...added.map((addition) => found("lock-behind", { ...addition, ...behind })),
  ];
}

/** What is wrong with a topic that Terraform would create. */
function* topicFindings({ name, partitions, retentionMs }: Topic, plans: readonly Outline[]): Generator<Fault> {
  const at = { ...lineOf("schemas/catalog.ts", `name: "${name}"`), rule: "topic" };
  const isWhole = (number: number) => Number.isSafeInteger(number) && number > 0;
  if (!isWhole(partitions) || (retentionMs !== -1 && !isWhole(retentionMs)))
    yield {
      ...at,
      happens: `${name} has ${partitions} partitions and keeps records ${retentionMs} ms`,
      cure: "a whole number of partitions above 0, and milliseconds above 0, or -1 (forever)",
    };
  const { source } = plans.find(({ sink }) => sink.topic === name) ?? {};
  const from = catalog.find((topic) => topic.name === source?.topic);
  if (from !== undefined && from.partitions !== partitions)
    yield {
      ...at,
      happens: `${name} has ${partitions} partitions and ${from.name}, which it is made from, ${from.partitions}: a product is in one partition of each, and those would no longer match`,
      cure: "the same number for both, in schemas/catalog.ts and in PARTITIONS of the statements",
    };
}

const undescribed = {
  rule: "field",
  cure: "write a doc; the types are string, long, int",
};

const unwritten = (name: string) => ({
  rule: "topic",
  happens: `no statement writes ${name}: its topic and table stay empty`,
  cure: "write the statement, or remove the topic from the catalogue",
});

const behind = {
  happens: "schemas/tables.lock.json does not say so",
  cure: "npm run ksqldb -- describe --write, and commit it",
};

/** Where a change of a table was written. */
function spotOf({ table, column }: Addition, plans: readonly Outline[]): Spot {
  const plan = plans.find(({ sink }) => sink.topic === table);
  if (plan !== undefined) {
    const { query } = plan.statement;
    const { line, column: place } = (itemOf(query, column) ?? query).at;
    return { file: plan.file, line, column: place };
  }
  const raw = rawTopics.find((name) => name === table);
  if (raw === undefined) return lineOf("schemas/tables.lock.json", `"name": "${table}"`);
  return lineOf(`schemas/${raw}.avsc`, column === undefined ? '"fields"' : `"name": "${column}"`);
}

function lineOf(file: string, wanted: string): Spot {
  const lines = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8").split("\n");
  const found = lines.findIndex((line) => line.includes(wanted));
  const i = Math.max(0, found);
  return { file, line: i + 1, column: Math.max(0, lines[i]!.search(/\S/)) + 1 };
}
