/** `npm run ksqldb`: the statements as code. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Script } from "../engine/analysis/query.ts";
import { UsageError, UserError } from "../program/command.ts";
import { command } from "../program/command-line.ts";
import { anyText } from "../program/forms.ts";
import { lockFile, readTables } from "../schemas/tables.ts";
import { describeTables, describeTopics, disagreements, lockText } from "./describe.ts";
import { errorsOf, findingText, lint } from "./lint/lint.ts";
import { breaks } from "./lint/lock.ts";
import { runServerCommand, serverAbout, serverNotes, serverOptions } from "./server/command.ts";
import { desiredStatements } from "./server/desired.ts";
import { readScripts, readStatements } from "./statements.ts";
import { runTriples, staleTests } from "./testing/triples.ts";

const declaration = {
  usage: `
npm run ksqldb -- lint [--json]
npm run ksqldb -- describe [--write]
npm run ksqldb -- test [DIR] [--case PART] [--write]
npm run ksqldb -- conformance FILE [--verbose]
npm run ksqldb -- plan | apply | destroy [--replace] …`,
  lines: ["lint", "describe", "test [DIR]", "conformance FILE", "plan", "apply", "destroy"],
  about: `
  lint         Reports what is wrong with ksqldb/*.sql, each with file, line, column, rule, what a server makes of it, and
               the fix: the house rules, the traps of ksqlDB, and changes that break a table of schemas/tables.lock.json.
               These are errors: nothing is deployed, and it exits 1. [laptop] is not an error: the statement is deployed,
               and the embedded engine of npm start does not execute it.
  describe     Prints every topic as JSON: its Avro schema, as ksqlDB registers it for a derived one, and the table that
               it is sunk into. Exits 1 if the committed schemas/tables.lock.json differs.
  test         Runs the tests of the statements in ksqldb/tests, or those in DIR, on the embedded engine: the three files
               of ksql-test-runner, which runs them too. A line a case, then the counts; a case of a statement that the
               embedded engine does not execute is left out, and reported. Exits 1 if one fails.
  conformance  A tool of the tests: runs a file of ksqlDB's query translation tests, one case a line, on the embedded
               engine. Reports what is wrong; the last line is JSON with the counts. Exits 1 if an answer is wrong.
${serverAbout.replace(/^\n/, "")}`,
  options: {
    json: { of: ["lint"], doc: "Prints an array of findings, each with its severity." },
    write: {
      of: ["describe", "test"],
      doc: `describe: writes the committed files; refuses a change that breaks a table. test: writes the statements.sql of each
        topic from ksqldb/*.sql; without it one that differs is reported.`,
    },
    case: { of: ["test"], form: anyText, doc: "Runs the cases with this text in their names." },
    verbose: { of: ["conformance"], doc: "Also reports what is refused, and why." },
    ...serverOptions,
  },
  notes: serverNotes,
  exits: { 3: "see --detailed-exitcode" },
} as const;

await command(declaration, async (values, [verb, argument]) => {
  if (verb === "lint") runLint(values.json);
  else if (verb === "describe") describe(values.write);
  else if (verb === "test") runTests(argument, values.case, values.write);
  else if (verb === "conformance") {
    // A tool of the tests: nothing else of them is part of the product.
    const { runConformance } = await import("../test/conformance/conformance.ts");
    runConformance(argument!, values.verbose);
  } else if (verb === "plan" || verb === "apply")
    process.exitCode = await runServerCommand(
      verb,
      values,
      desiredStatements(withoutErrors(), readStatements().sources),
    );
  // What is dropped is found by its name alone: errors in statements do not matter.
  else process.exitCode = await runServerCommand("destroy", values, desiredStatements(readScripts()));
});

function runLint(json: boolean): void {
  const scripts = readScripts();
  const findings = lint(scripts, readTables());
  const errors = errorsOf(findings).length;
  if (errors > 0) process.exitCode = 1;
  const counts = `errors ${errors} · not run on a laptop ${findings.length - errors}`;
  const lines =
    findings.length === 0 ? [`${scripts.length} files, nothing found.`] : [...findings.map(findingText), counts];
  process.stdout.write(json ? `${JSON.stringify(findings, undefined, 2)}\n` : `${lines.join("\n")}\n`);
}

/** Throws UserError with what lint calls errors: a server, a table or a reader would break. */
function withoutErrors(): Script[] {
  const scripts = readScripts();
  const errors = errorsOf(lint(scripts, readTables())).map((finding) => `\n  ${findingText(finding)}`);
  if (errors.length > 0)
    throw new UserError(`nothing was sent, since the statements or tables are wrong:${errors.join("")}`);
  return scripts;
}

function describe(write: boolean): void {
  const { statements, plans } = readStatements();
  const faults = disagreements(statements);
  if (faults.length > 0)
    throw new UserError(faults.map(({ file, at, what }) => `${file}:${at.line}:${at.column}: ${what}`).join("\n"));
  const shapes = describeTables(plans);
  const broken = write ? breaks(readTables(), shapes) : [];
  if (broken.length > 0)
    throw new UserError(
      broken.map(({ table, what, happens, cure }) => `${table}: ${what}; ${happens}. Fix: ${cure}.`).join("\n"),
    );
  const text = lockText(shapes);
  process.stdout.write(`${JSON.stringify(describeTopics(plans, shapes), undefined, 2)}\n`);
  if (write) writeFileSync(lockFile, text);
  else if (readFileSync(lockFile, "utf8") !== text) {
    throw new UserError(
      "The committed shapes differ from the schemas and statements: run with --write and look at the difference.",
    );
  }
}

function runTests(dir: string | undefined, part: string | undefined, write: boolean): void {
  const own = relative("", join(import.meta.dirname, "tests"));
  if (dir !== undefined && write) throw new UsageError("--write is for the project's own tests: without DIR.");
  const stale = dir === undefined ? staleTests(own, readScripts(), write) : [];
  if (stale.length > 0) throw new UserError(stale.join("\n"));
  const counts = { ok: 0, failed: 0, "left out": 0 };
  for (const { name, result, faults } of runTriples(dir ?? own, part)) {
    counts[result]++;
    const told = faults.map((fault) => `\n  ${fault.replaceAll("\n", "\n  ")}`).join("");
    process.stdout.write(`${result} ${name}${told}\n`);
  }
  const { ok, failed, "left out": leftOut } = counts;
  const rest = leftOut === 0 ? "" : ` · left out ${leftOut}`;
  process.stdout.write(`cases ${ok + failed + leftOut} · ok ${ok} · failed ${failed}${rest}\n`);
  if (counts.failed > 0) process.exitCode = 1;
}
