/** `npm start -- --rebuild`: deletes the warehouse and makes it again from the log, once its owner knows what that loses. */
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
 * Makes the warehouse of a data directory again; the number of its rows. Everything else stays as it is. Killed in the
 * middle, the next start does the rest. Throws UserError where a platform runs, the log cannot be read, or nobody agrees.
 */
export async function rebuild(dir: string, yes: boolean, talk: (line: string) => void): Promise<number> {
  const kind = kindOf(dir);
  if (kind === undefined)
    throw new UserError(`there is no data directory of npm start in ${dir}: name it with --data.`);
  const path = join(dir, file);
  const offsets = await offsetsOrFault(path);
  const held = await readHeld(dir, talk);
  for (const line of lossOf(path, offsets, held)) talk(line);
  const all = [...held.values()].reduce((sum, { records }) => sum + records, 0);
  const question = `Delete the tables of ${dir} and make them again from the ${count(all, "record")} of the log?`;
  if (!yes && !process.stdin.isTTY)
    throw new UserError(`${question} Nobody can be asked here: --yes agrees to it. Nothing was done.`);
  if (!yes && !(await agrees(question))) throw new UserError("nothing was done.");
  // While somebody thought about it, a platform may have been started.
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

/** How far the tables are; why that cannot be read; undefined where there are none. Throws UserError where they are in use. */
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

/** What the log holds of each partition that has a table, every record of it read. Throws UserError where it is damaged. */
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

/** What making the tables again loses, a line for each table. */
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
      // Where the tables cannot be read, the gaps of the log tell what it has lost.
      const next = unread ? end : (offsets?.get(partition) ?? 0);
      return sum + next - before(next);
    }, 0);
    if (missing > 0) lines.push(`${name}: ${count(missing, "row")} will be lost, the log no longer has the records`);
  }
  if (unread)
    lines.push(
      `${offsets instanceof UnreadableError ? offsets.fact : offsets.message} So it is not known whether the tables hold more than the log${lines.length > 0 ? " and these" : ""}`,
    );
  else if (offsets === undefined) lines.push(`${path} is not there: nothing is lost`);
  else if (lines.length === 0) lines.push("the log has the records of every row: nothing is lost");
  return lines;
}

/** First what is written ahead: without it the file is an older state of itself, and with it no other file can be read. */
function remove(dir: string): void {
  const names = readdirSync(dir).filter((name) => name.startsWith(`${file}.`));
  for (const name of [...names, file]) rmSync(join(dir, name), { recursive: true, force: true });
}
