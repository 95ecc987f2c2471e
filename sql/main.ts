/** `npm run sql`: what there is to query, and its rows. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  parseCommand,
  parseDuration,
  runCommand,
  stopSignal,
  UsageError,
  UserError,
  notUnderstood,
  shown,
} from "../program/command.ts";
import { readTables } from "../schemas/tables.ts";
import { formats, type Format } from "./duckdb/format.ts";
import type { Parameters } from "./duckdb/run.ts";
import { InUseError } from "./duckdb/faults.ts";
import { openToRead } from "./duckdb/warehouse.ts";
import { readObjects } from "./objects.ts";
import { BrokenAddressError } from "./address.ts";
import { ask, type Question } from "./ask.ts";
import { answer, timeLimit, tookTooLong } from "./answer.ts";

const help = `npm run sql -- list | show NAME | cost NAME | run NAME [--param NAME=VALUE]... [--format table|csv|json]
                       [--timeout 60s] [--data DIR]

  list         The views, table functions and tables.
  show NAME    What NAME is: its SQL, or a table's columns.
  run NAME     Its rows. It asks the running platform, or opens the data directory itself.
  cost NAME    What its rows would cost on BigQuery, by a model of its accounting on the rows that are here.

  --param      An argument of a table function, as in_product=BTC-USD, in_start=2026-11-21T12:00:00Z, in_stop=…,
               in_seconds=300. Not given: all products, the extent of the data, 60 seconds.
  --format     table (default), csv, or json: an array of objects; decimals are text, without trailing zeros.
  --timeout    How long an answer may take, until its last row is printed: 500ms, 60s (default), 5m, 1h. The query is
               stopped then, as at Ctrl-C.
  --to         local (default). This version does not run on BigQuery.
  --data       The data directory (default .tapeline).

Exit codes: 0 done, 1 a fault that the message explains, 2 a command line not understood, 70 a fault nobody foresaw, with its
stack, 130 stopped by Ctrl-C.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({
    param: { type: "string", multiple: true, default: [] },
    format: { type: "string", default: "table" },
    timeout: { type: "string", default: "60s" },
    data: { type: "string", default: ".tapeline" },
    to: { type: "string", default: "local" },
  });
  if (values.help) return void process.stdout.write(help);
  const [verb, name, ...more] = positionals;
  if (more.length > 0) throw notUnderstood(2);
  if (verb === "list" && name === undefined) return print([list()]);
  if (verb === "show" && name !== undefined) return print([show(name)]);
  if (values.to !== "local")
    throw new UsageError(`--to ${shown(values.to)}: this version answers from the data directory only (local).`);
  if ((verb === "run" || verb === "cost") && name !== undefined) {
    const question: Question = {
      verb,
      name,
      parameters: parseParameters(values.param),
      format: parseFormat(values.format),
      isTyped: true,
      timeoutMs: parseTimeout(values.timeout),
    };
    return printAnswer(values.data, question);
  }
  throw new UsageError(help);
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

function parseFormat(text: string): Format {
  const format = formats.find((known) => known === text);
  if (format === undefined) throw new UsageError(`--format ${shown(text)}: ${formats.join(", ")} are known`);
  return format;
}

function parseTimeout(text: string): number {
  const ms = parseDuration("--timeout", text);
  if (ms === 0) throw new UsageError(`--timeout ${text}: no answer takes no time; give it longer.`);
  return ms;
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
