/** `npm run sql`: what there is to query, and its rows. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { shown, stopSignal, UsageError, UserError } from "../program/command.ts";
import { command, dataSetting } from "../program/command-line.ts";
import { choice, duration, anyText } from "../program/forms.ts";
import { readTables } from "../schemas/tables.ts";
import { formats } from "./duckdb/format.ts";
import type { Parameters } from "./duckdb/run.ts";
import { InUseError } from "./duckdb/faults.ts";
import { openToRead } from "./duckdb/warehouse.ts";
import { readObjects } from "./objects.ts";
import { BrokenAddressError } from "./address.ts";
import { ask, type Question } from "./ask.ts";
import { answer, timeLimit, tookTooLong } from "./answer.ts";

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
  if (verb === "list") return print([list()]);
  if (verb === "show") return print([show(name)]);
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
    const told = `--param ${shown(name)}`;
    if (value.trim() === "") throw new UsageError(`${told} is empty: leave it out, or give it a value`);
    if (parameters.has(name)) throw new UsageError(`${told} is given twice, and only one could count`);
    parameters.set(name, value);
  }
  return Object.fromEntries(parameters);
}

/** Prints an answer. Ctrl-C stops its query, wherever it runs; the command ends with 130 then. */
async function printAnswer(dir: string, question: Question): Promise<void> {
  const stop = stopSignal(undefined, () => {});
  const limit = timeLimit(question.timeoutMs, () => tookTooLong(question));
  const signal = AbortSignal.any([stop, limit.signal]);
  try {
    await print(await rows(dir, question, stop, signal), signal);
  } catch (error) {
    if (!stop.aborted) throw limit.signal.aborted && !(error instanceof UserError) ? limit.signal.reason : error;
    process.exitCode = 130;
  } finally {
    limit.clear();
  }
}

/**
 * The rows from the running platform; from the warehouse itself if there is none. A platform that is just starting or
 * stopping holds the warehouse and does not answer: it is given a few seconds. A platform keeps the time limit itself, and
 * says what took so long; `stop` ends it before.
 */
async function rows(
  dir: string,
  question: Question,
  stop: AbortSignal,
  signal: AbortSignal,
): Promise<AsyncIterable<string>> {
  const path = join(dir, "warehouse.duckdb");
  if (!existsSync(path)) {
    throw new UserError(`there is no data in ${dir}: run npm start first, or name its directory with --data.`);
  }
  for (const deadline = Date.now() + 5000; ;) {
    let brokenAddress: unknown;
    try {
      const answered = await ask(dir, question, stop);
      if (answered !== undefined) return answered;
    } catch (error) {
      if (!(error instanceof BrokenAddressError)) throw error;
      brokenAddress = error;
    }
    try {
      return answer(await openToRead(path), question, signal);
    } catch (error) {
      if (!(error instanceof InUseError)) throw error;
      if (brokenAddress !== undefined) throw brokenAddress;
      if (Date.now() > deadline) throw error;
    }
    await sleep(200, undefined, { signal });
  }
}

/** Ends when `signal` aborts, also where nobody takes what is printed. */
async function print(pieces: Iterable<string> | AsyncIterable<string>, signal?: AbortSignal): Promise<void> {
  for await (const piece of pieces)
    if (!process.stdout.write(piece)) await once(process.stdout, "drain", signal ? { signal } : {});
}
