/**
 * The local platform: producer → log → ksqlDB statements → log → DuckDB, in one process and one data directory.
 *
 *     <dir>/warehouse.duckdb   tables and views; DuckDB's lock on it is the lock of the directory
 *     <dir>/log/               topics
 *     <dir>/log/tape.json      where the tape ends, so that a start need not read all of the log
 *     <dir>/recordings/        the recordings that are in the log, to know them again
 *     <dir>/source.json        the kind of source that fills it
 *     <dir>/statements.json    the statements that made the rows
 *     <dir>/dropped.json       what statements and tables have left out
 *     <dir>/address.json       where the running platform answers
 */
import { join } from "node:path";
import { UserError } from "../program/command.ts";
import type { Plan } from "../engine/analysis/plan.ts";
import { Engine } from "../engine/execution/engine.ts";
import { readStatements } from "../ksqldb/statements.ts";
import type { Continuity, Tape } from "../producer/continuity.ts";
import { newCounters, type Counters } from "../producer/counters.ts";
import type { OwnFields } from "../producer/coinbase/decode/decode.ts";
import type { Source } from "../producer/frame.ts";
import { Log } from "../topics/log/log.ts";
import { readTape, writeTape } from "../producer/tape.ts";
import { produce } from "../producer/produce.ts";
import type { Recording } from "../producer/recording.ts";
import type { DistinctSink } from "../producer/repeats/sink.ts";
import { catalog } from "../schemas/catalog.ts";
import { readTables } from "../schemas/tables.ts";
import { Ingest } from "../sql/duckdb/ingest.ts";
import { offsetsOf, openWarehouse, type Warehouse } from "../sql/duckdb/warehouse.ts";
import type { Dropped } from "../topics/dropped.ts";
import { changedStatements } from "./changed.ts";
import { prepareReplay } from "./replaying.ts";
import { checkSchemas, claim, type SourceKind } from "./directory.ts";
import { openDropped } from "./dropped-file.ts";
import { leftOut } from "./left-out.ts";

/** With less than this to commit, the ingest waits for more: a commit of DuckDB costs milliseconds, whatever its size. */
const fewRows = 5_000;
const commitEveryMs = 200;
/** How often is written where the tape ends: after a crash so much of it is read again. */
const keepTapeMs = 60_000;
/** How long a window's row may wait for later trades: the commit interval of Kafka Streams. */
const commitMs = 2_000;

interface Parts {
  readonly dir: string;
  readonly warehouse: Warehouse;
  readonly tape: Tape | undefined;
  readonly tapeFile: string;
  readonly log: Log;
  readonly engine: Engine;
  readonly ingest: Ingest;
  readonly dropped: Dropped;
  readonly talk: (line: string) => void;
}

export class Platform {
  readonly warehouse: Warehouse;
  readonly counters: Counters = newCounters();
  /** What statements and tables left out, in all runs of the data directory. */
  readonly dropped: Dropped;
  /** Rows committed by this run. */
  rows = 0;
  /** What earlier runs of an exchange have brought; undefined for a recording. */
  readonly tape: Tape | undefined;
  /** What watches over the numbers of an exchange, from the run on. */
  continuity: Continuity | undefined;
  readonly #tapeFile: string;
  readonly #log: Log;
  readonly #engine: Engine;
  readonly #ingest: Ingest;
  readonly #dir: string;
  readonly #talk: (line: string) => void;
  #distinct: DistinctSink | undefined;

  private constructor({ dir, warehouse, tape, tapeFile, log, engine, ingest, dropped, talk }: Parts) {
    this.#dir = dir;
    this.dropped = dropped;
    this.#talk = talk;
    this.warehouse = warehouse;
    this.tape = tape;
    this.#tapeFile = tapeFile;
    this.#log = log;
    this.#engine = engine;
    this.#ingest = ingest;
  }

  /**
   * Opens or creates a data directory; `catchUp` is to follow. `talk` is given what was repaired.
   * Throws UserError when another process has the directory, or a source of another kind has filled it.
   */
  static async open(dir: string, kind: SourceKind, talk: (line: string) => void): Promise<Platform> {
    const warehouse = await openWarehouse(join(dir, "warehouse.duckdb"), 1);
    try {
      claim(dir, kind);
      const log = new Log(join(dir, "log"), catalog);
      for (const repair of log.repairs) talk(`repaired: ${repair}`);
      checkSchemas(dir, log);
      for (const lost of await aheadOf(log, warehouse)) talk(lost);
      const statements = readStatements();
      for (const line of leftOut(statements)) talk(line);
      for (const file of changedStatements(dir, statements.plans, talk))
        talk(
          `${file} has changed: rows that are in ${dir} stay as the old statement made them. A replay into a new directory has only new ones`,
        );
      const tapeFile = join(dir, "log", "tape.json");
      // The simulated exchange is asked for everything, Coinbase for what is open to everyone.
      const tape = kind === "recording" ? undefined : readTape(log, tapeFile, kind === "simulator");
      const dropped = openDropped(dir, talk);
      const engine = newEngine(statements.executed, log, dropped);
      const ingest = await Ingest.start(warehouse, log, dropped);
      return new Platform({ dir, warehouse, tape, tapeFile, log, engine, ingest, dropped, talk });
    } catch (error) {
      warehouse.close();
      throw asUserError(error, dir);
    }
  }

  /** Records of a recording that were stored before, or came twice: they are left out. */
  get known(): number {
    return this.#log.known + (this.#distinct?.repeated ?? 0);
  }

  /** Events of a recording that were stored though another event has their number. */
  get conflicting(): number {
    return this.#distinct?.conflicting ?? 0;
  }

  /** Records that are in the log and not yet read by a statement or in a table. */
  get lag(): number {
    return this.#engine.lag + this.#ingest.lag;
  }

  /**
   * Runs a source to its end, or to `signal`; what it sent is in the tables when this returns. Of a recording only what is
   * not stored yet, of it or of another one.
   */
  async run(
    given: Source | Recording,
    signal: AbortSignal,
    continuity?: Continuity,
    ownFields?: OwnFields,
  ): Promise<void> {
    if (!("checksums" in given)) return this.#pass(given, signal, continuity, ownFields);
    const replay = await prepareReplay(given, { dir: this.#dir, log: this.#log, talk: this.#talk }, signal);
    if (replay === undefined) return;
    this.#distinct = replay.sink;
    await this.#pass(replay.source, signal, undefined, ownFields);
    if (!signal.aborted && this.known > 0 && this.known === this.counters.records)
      this.#talk("nothing of the recording is new: all of its records are stored already");
  }

  async #pass(source: Source, signal: AbortSignal, continuity?: Continuity, ownFields?: OwnFields): Promise<void> {
    const { schemas } = this.#log;
    const stop = new AbortController();
    const progress = { done: false };
    const finish = () => {
      progress.done = true;
      stop.abort();
    };
    // Whichever side fails ends the other: there is no point in filling a log that nothing reads.
    const sink = this.#distinct ?? this.#log;
    const work = {
      source,
      sink,
      idOf: schemas.idOf.bind(schemas),
      counters: this.counters,
      continuity,
      ownFields,
      warn: this.#talk,
    };
    const producing = produce(work, AbortSignal.any([signal, stop.signal])).finally(finish);
    const following = this.#follow(progress, stop.signal).catch((error: unknown) => {
      finish();
      throw error;
    });
    this.continuity = continuity;
    const keeping = setInterval(() => void this.#keepTape(), keepTapeMs);
    const results = await Promise.allSettled([producing, following]);
    clearInterval(keeping);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    await this.#keepTape();
    await this.catchUp();
  }

  /** Brings the tables up to what the log holds. */
  async catchUp(): Promise<void> {
    for (let busy = true; busy;) {
      busy = this.#engine.step() || this.#engine.commit();
      if ((await this.#commit()) > 0) busy = true;
    }
    await this.#ingest.settled();
  }

  async close(): Promise<void> {
    try {
      await this.#log.close();
    } finally {
      // DuckDB does not survive the end of a connection that is in the middle of a commit. What that fails of is told already.
      await this.#ingest.settled().catch(() => {});
      this.warehouse.close();
    }
  }

  /** Reads what is new in the log until the work is done. */
  async #follow(progress: { readonly done: boolean }, signal: AbortSignal): Promise<void> {
    const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    while (!progress.done) {
      const stored = this.#log.stored();
      const busy = this.#engine.step();
      const rows = await this.#commit();
      if (!busy && rows === 0) await Promise.race([stored, stopped, ...(this.#engine.uncommitted ? [due()] : [])]);
      else if (rows < fewRows) await Promise.race([stopped, pause(commitEveryMs)]);
      else await pause(0);
    }
  }

  /** Writes where the tape ends. What keeps that from being written costs the next start time, and no more. */
  async #keepTape(): Promise<void> {
    if (this.continuity !== undefined) await writeTape(this.#log, this.#tapeFile, this.continuity).catch(() => {});
  }

  async #commit(): Promise<number> {
    const rows = await this.#ingest.step();
    this.rows += rows;
    return rows;
  }
}

function newEngine(plans: readonly Plan[], log: Log, dropped: Dropped): Engine {
  // Of entries in the processing log the first of a kind is said and all are counted, by `dropped`.
  return new Engine(plans, log, () => {}, { commitMs, dropped });
}

/** What the tables hold and the log does not, since its end was cut off or it was deleted: a line for each partition. */
async function aheadOf(log: Log, warehouse: Warehouse): Promise<string[]> {
  const lines: string[] = [];
  const offsets = await offsetsOf(warehouse);
  for (const { name } of readTables())
    for (const [i, { end }] of log.partitions(name).entries()) {
      const next = offsets.get(`${name}/${i}`) ?? 0;
      if (next > end)
        lines.push(
          `${name}/${i}: the log ends before offset ${end}, and the tables have ${(next - end).toLocaleString("en-US")} records more, up to offset ${next - 1}: ` +
            "its end was cut off or deleted. Their rows stay. Sent again, they are there twice in the tables, once in the views; --rebuild loses them",
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}

/** When windows' rows are due to be written; by itself no reason for the process to stay. */
function due(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, commitMs).unref());
}
