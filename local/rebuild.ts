/** `npm start -- --rebuild`: rebuilds the warehouse from the log, after showing its owner what that loses. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { agrees, UserError } from "../program/command.ts";
import { Log } from "../topics/log/log.ts";
import { catalog } from "../schemas/catalog.ts";
import { readTables } from "../schemas/tables.ts";
import { InUseError, UnreadableError } from "../sql/duckdb/faults.ts";
import { readOffsets } from "../sql/duckdb/warehouse.ts";
import { count } from "../program/forms.ts";
import { showStatus } from "../program/status-line.ts";
import { checkSchemas, kindOf } from "./directory.ts";
import { Platform } from "./platform.ts";
import { alarms, figures } from "./summary.ts";

const file = "warehouse.duckdb";

/**
 * Rebuilds the warehouse of a data directory and returns the number of its rows. Nothing else changes. If it is killed, the next
 * start does the rest. Throws UserError if a platform runs, the log cannot be read, or the owner does not agree.
 */
export async function rebuild(dir: string, yes: boolean, talk: (line: string) => void): Promise<number> {
  const kind = kindOf(dir);
  if (kind === undefined) throw new UserError(`${dir} is not a data directory of npm start: name one with --data.`);
  const path = join(dir, file);
  const offsets = await offsetsOrFault(path);
  const { records, lost } = await readLog(dir, offsets, talk);
  for (const line of lossOf(path, offsets, lost)) talk(line);
  const question = `Delete the tables of ${dir} and rebuild them from the ${count(records, "record")} of the log?`;
  if (!yes && !process.stdin.isTTY)
    throw new UserError(`${question} There is no terminal to ask on: --yes agrees. Nothing was done.`);
  if (!yes && !(await agrees(question))) throw new UserError("nothing was done.");
  // A platform may have been started while the owner was asked.
  await offsetsOrFault(path);
  remove(dir);
  const platform = await Platform.open(dir, kind, talk);
  const status = showStatus(() => figures(platform), alarms, process.stderr);
  try {
    await platform.catchUp();
  } finally {
    status.stop();
    await platform.close();
  }
  return platform.rows;
}

/** The offsets of the tables, or why they cannot be read; undefined if there are none. */
type Offsets = ReadonlyMap<string, number> | UserError | undefined;

/** Throws UserError if the tables are in use. */
async function offsetsOrFault(path: string): Promise<Offsets> {
  if (!existsSync(path)) return undefined;
  try {
    return await readOffsets(path);
  } catch (error) {
    if (error instanceof InUseError || !(error instanceof UserError)) throw error;
    return error;
  }
}

/** The records in the log of topics that have a table, and by table the rows whose records it lacks. Throws UserError if it is damaged. */
async function readLog(
  dir: string,
  offsets: Offsets,
  talk: (line: string) => void,
): Promise<{ records: number; lost: Map<string, number> }> {
  const log = new Log(join(dir, "log"), catalog);
  try {
    for (const repair of log.repairs) talk(`repaired: ${repair}`);
    checkSchemas(dir, log);
    let records = 0;
    const lost = new Map<string, number>();
    for (const { name } of readTables())
      for (const [i, partition] of log.partitions(name).entries()) {
        // If the tables cannot be read, the gaps of the log show what it has lost.
        const next = offsets instanceof UserError ? partition.end : (offsets?.get(`${name}/${i}`) ?? 0);
        let missing = next;
        for (let from = 0; from < partition.end;) {
          const read = partition.read(from, 4 * 1024 * 1024);
          if (read.length === 0) break;
          for (const { offset } of read) if (offset < next) missing--;
          records += read.length;
          from = read.at(-1)!.offset + 1;
        }
        lost.set(name, (lost.get(name) ?? 0) + missing);
      }
    return { records, lost };
  } finally {
    await log.close();
  }
}

/** What a rebuild of the tables loses, a line for each table. */
function lossOf(path: string, offsets: Offsets, lost: ReadonlyMap<string, number>): string[] {
  const unread = offsets instanceof UserError;
  const lines = [...lost].flatMap(([name, missing]) =>
    missing > 0 ? `${name}: ${count(missing, "row")} will be lost: the log no longer has the records` : [],
  );
  if (unread)
    lines.push(
      `${offsets instanceof UnreadableError ? offsets.fact : offsets.message} It is therefore unknown whether the tables hold more than the log${lines.length > 0 ? " and these" : ""}`,
    );
  else if (offsets === undefined) lines.push(`${path} does not exist: nothing is lost`);
  else if (lines.length === 0) lines.push("the log has the records of every row: nothing is lost");
  return lines;
}

/** The write-ahead log goes first: the file without it is an older state of itself, but with it no other file can be read. */
function remove(dir: string): void {
  const names = readdirSync(dir).filter((name) => name.startsWith(`${file}.`));
  for (const name of [...names, file]) rmSync(join(dir, name), { recursive: true, force: true });
}
