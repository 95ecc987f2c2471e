/** Opens a data directory: claims it, repairs what a crash has torn, and reports what has changed since the last run. */
import { count } from "../program/forms.ts";
import { join } from "node:path";
import { Engine } from "../engine/execution/engine.ts";
import { readStatements } from "../ksqldb/statements.ts";
import type { Tape } from "../producer/coinbase/continuity.ts";
import { readTape } from "../producer/coinbase/tape.ts";
import { UserError } from "../program/command.ts";
import { catalog } from "../schemas/catalog.ts";
import { readTables } from "../schemas/tables.ts";
import { Ingest } from "../sql/duckdb/ingest.ts";
import { offsetsOf, openWarehouse, type Warehouse } from "../sql/duckdb/warehouse.ts";
import type { Dropped } from "../topics/dropped.ts";
import { Log } from "../topics/log/log.ts";
import { changedStatements } from "./changed.ts";
import { checkSchemas, claim, type SourceKind } from "./directory.ts";
import { openDropped } from "./dropped-file.ts";
import { commitMs, Follower } from "./follower.ts";
import { leftOut } from "./left-out.ts";

/** An open data directory. */
export interface Opened {
  readonly dir: string;
  readonly warehouse: Warehouse;
  readonly log: Log;
  /** What earlier runs of an exchange have brought; undefined for a recording. */
  readonly tape: Tape | undefined;
  readonly tapeFile: string;
  readonly follower: Follower;
  readonly dropped: Dropped;
}

/**
 * Opens or creates a data directory; `talk` is given what was repaired and what has changed. Throws UserError when another process
 * has the directory, or a source of another kind has filled it.
 */
export async function openDirectory(dir: string, kind: SourceKind, talk: (line: string) => void): Promise<Opened> {
  const warehouse = await openWarehouse(join(dir, "warehouse.duckdb"), 1);
  try {
    claim(dir, kind);
    const log = new Log(join(dir, "log"), catalog);
    for (const repair of log.repairs) talk(`repaired: ${repair}`);
    checkSchemas(dir, log);
    for (const line of await aheadOf(log, warehouse)) talk(line);
    const statements = readStatements();
    for (const line of leftOut(statements)) talk(line);
    for (const file of changedStatements(dir, statements.plans, talk))
      talk(
        `${file} has changed: the rows in ${dir} stay as the old statement made them. A replay into a new directory gives new ones only`,
      );
    const tapeFile = join(dir, "log", "tape.json");
    // The simulated exchange is asked for everything, Coinbase for what is open to everyone.
    const tape = kind === "recording" ? undefined : readTape(log, tapeFile, kind === "simulator");
    const dropped = openDropped(dir, talk);
    // The first entry of a kind in the processing log is reported and all are counted, by `dropped`.
    const engine = new Engine(statements.executed, log, () => {}, { commitMs, dropped });
    const follower = new Follower(log, engine, await Ingest.start(warehouse, log, dropped));
    return { dir, warehouse, log, tape, tapeFile, follower, dropped };
  } catch (error) {
    warehouse.close();
    throw asUserError(error, dir);
  }
}

/** What the tables hold and the log does not, because its end was cut off or it was deleted: a line for each partition. */
async function aheadOf(log: Log, warehouse: Warehouse): Promise<string[]> {
  const lines: string[] = [];
  const offsets = await offsetsOf(warehouse);
  for (const { name } of readTables())
    for (const [i, { end }] of log.partitions(name).entries()) {
      const next = offsets.get(`${name}/${i}`) ?? 0;
      if (next > end)
        lines.push(
          `${name}/${i}: the log ends before offset ${end}, but the tables have ${count(next - end)} more records, up to offset ${next - 1}: ` +
            "the end of the log was cut off or deleted. Their rows stay. If they are sent again, the tables have them twice and the views once; --rebuild loses them",
        );
    }
  return lines;
}

/** A fault of the file system names its path: it needs no stack. */
function asUserError(error: unknown, dir: string): unknown {
  if (error instanceof UserError || !(error instanceof Error) || !("syscall" in error)) return error;
  return new UserError(`cannot use the data directory ${dir}: ${error.message}. Choose another with --data.`, {
    cause: error,
  });
}
