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
  const held = await readHeld(dir, talk);
  for (const line of lossOf(path, offsets, held)) talk(line);
  const all = [...held.values()].reduce((sum, { records }) => sum + records, 0);
  const question = `Delete the tables of ${dir} and rebuild them from the ${count(all, "record")} of the log?`;
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

/** The offsets of the tables, or why they cannot be read; undefined if there are none. Throws UserError if they are in use. */
async function offsetsOrFault(path: string): Promise<ReadonlyMap<string, number> | UserError | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    return await readOffsets(path);
  } catch (error) {
    if (error instanceof InUseError || !(error instanceof UserError)) throw error;
    return error;
  }
}

interface Held {
  /** Records in the log. */
  readonly records: number;
  /** Those of them before an offset. */
  readonly before: (offset: number) => number;
  /** The offset after the last. */
  readonly end: number;
}

/** Reads every record of each partition that has a table. Throws UserError if the log is damaged. */
async function readHeld(dir: string, talk: (line: string) => void): Promise<Map<string, Held>> {
  const log = new Log(join(dir, "log"), catalog);
  try {
    for (const repair of log.repairs) talk(`repaired: ${repair}`);
    checkSchemas(dir, log);
    const held = new Map<string, Held>();
    for (const { name } of readTables())
      for (const [i, partition] of log.partitions(name).entries()) {
        const runs: { from: number; to: number }[] = [];
        for (let from = 0; from < partition.end;) {
          const read = partition.read(from, 4 * 1024 * 1024);
          if (read.length === 0) break;
          for (const { offset } of read) {
            const run = runs.at(-1);
            if (run?.to === offset) run.to++;
            else runs.push({ from: offset, to: offset + 1 });
          }
          from = read.at(-1)!.offset + 1;
        }
        const before = (offset: number) =>
          runs.reduce((sum, run) => sum + Math.max(Math.min(run.to, offset) - run.from, 0), 0);
        held.set(`${name}/${i}`, { records: before(Number.POSITIVE_INFINITY), before, end: partition.end });
      }
    return held;
  } finally {
    await log.close();
  }
}

/** What a rebuild of the tables loses, a line for each table. */
function lossOf(
  path: string,
  offsets: ReadonlyMap<string, number> | UserError | undefined,
  held: ReadonlyMap<string, Held>,
): string[] {
  const unread = offsets instanceof UserError;
  const lines: string[] = [];
  for (const { name } of readTables()) {
    const partitions = [...held].filter(([partition]) => partition.startsWith(`${name}/`));
    const missing = partitions.reduce((sum, [partition, { end, before }]) => {
      // If the tables cannot be read, the gaps of the log show what it has lost.
      const next = unread ? end : (offsets?.get(partition) ?? 0);
      return sum + next - before(next);
    }, 0);
    if (missing > 0) lines.push(`${name}: ${count(missing, "row")} will be lost: the log no longer has the records`);
  }
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
