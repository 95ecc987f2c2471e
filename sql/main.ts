/** `npm run sql`: what there is to query, and its rows. */
import { readFileSync } from "node:fs";
import { shown, UsageError, UserError } from "../program/command.ts";
import { command, dataSetting } from "../program/command-line.ts";
import { choice, duration, anyText } from "../program/forms.ts";
import { readTables } from "../schemas/tables.ts";
import { formats } from "./ask.ts";
import type { Parameters } from "./duckdb/run.ts";
import { readObjects } from "./objects.ts";
import { printAnswer } from "./print-answer.ts";

const declaration = {
  usage: `
npm run sql -- list | show NAME | cost NAME | run NAME [--param NAME=VALUE]... [--format table|csv|json]
                       [--timeout 60s] [--data DIR]`,
  lines: ["list", "show NAME", "cost NAME", "run NAME"],
  about: `
  list         The views, table functions and tables.
  show NAME    What NAME is: its SQL, or a table's columns.
  run NAME     Its rows. It asks the running platform, or opens the data directory itself.
  cost NAME    What its rows would cost on BigQuery, by a model of its accounting on the rows that are here.`,
  options: {
    param: {
      form: anyText,
      isMany: true,
      doc: `An argument of a table function, such as in_product=BTC-USD, in_start=2026-11-21T12:00:00Z, in_stop=…,
        in_seconds=300. Not given: all products, the extent of the data, 60 seconds.`,
    },
    format: {
      form: choice(...formats),
      default: "table",
      doc: "table, csv, or json: an array of objects; decimals are text, without trailing zeros.",
    },
    timeout: {
      form: duration(1),
      default: "60s",
      doc: `How long an answer may take, until its last row is printed: 500ms, 60s, 5m, 1h. The query is stopped then, as at
        Ctrl-C.`,
    },
    to: { form: choice("local"), default: "local", doc: "This version does not run on BigQuery." },
    data: dataSetting,
  },
  exits: { 130: "stopped by Ctrl-C" },
} as const;

await command(declaration, async ({ param, format, timeout: timeoutMs, data }, [verb, name = ""]) => {
  if (verb === "list") return void process.stdout.write(list());
  if (verb === "show") return void process.stdout.write(show(name));
  const parameters = parseParameters(param);
  const asked = verb === "cost" ? "cost" : "run";
  return printAnswer(data, { verb: asked, name, parameters, format, isTyped: true, timeoutMs });
});

function list(): string {
  const entries = [
    ...readObjects().map(({ name, kind, description }) => ({ name, kind, description })),
    ...readTables().map(({ name, description }) => ({ name, kind: "table", description })),
  ];
  const width = Math.max(...entries.map(({ name }) => name.length));
  return entries
    .map(({ name, kind, description }) => `${name.padEnd(width)}  ${kind.padEnd(14)}  ${description}\n`)
    .join("");
}

function show(name: string): string {
  const object = readObjects().find((candidate) => candidate.name === name);
  if (object !== undefined) return readFileSync(new URL(`${name}.sql`, import.meta.url), "utf8");
  const table = readTables().find((candidate) => candidate.name === name);
  if (table === undefined)
    throw new UserError(`there is no view, function or table named ${shown(name)}: npm run sql -- list`);
  const width = Math.max(...table.columns.map((column) => column.name.length));
  const columns = table.columns.map(
    (column) => `${column.name.padEnd(width)}  ${column.type.padEnd(9)}  ${column.description}\n`,
  );
  return `-- ${table.description}\n${columns.join("")}`;
}

function parseParameters(texts: readonly string[]): Parameters {
  const parameters = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`--param ${shown(text)}: NAME=VALUE is expected`);
    const [name, value] = [text.slice(0, at), text.slice(at + 1)];
    const label = `--param ${shown(name)}`;
    if (value.trim() === "") throw new UsageError(`${label} is empty: leave it out, or give it a value`);
    if (parameters.has(name)) throw new UsageError(`${label} is given twice, and only one could count`);
    parameters.set(name, value);
  }
  return Object.fromEntries(parameters);
}
