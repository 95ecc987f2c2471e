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
import type { Continuity } from "../producer/coinbase/continuity.ts";
import { knownEvents } from "../producer/coinbase/repeats/events-in-log.ts";
import { newCounters, type Counters } from "../producer/counters.ts";
import type { Repeats, Source } from "../producer/source.ts";
import { produce } from "../producer/pipeline.ts";
import { RecordedSessions } from "../producer/recorded-sessions.ts";
import type { Recording } from "../producer/recording.ts";
import { writeTape } from "../producer/coinbase/tape.ts";
import { count } from "../program/forms.ts";
import type { SourceKind } from "./directory.ts";
import { openDirectory, type Opened } from "./open.ts";

/** How often the end of the tape is written, in milliseconds: after a crash so much of it is read again. */
const keepTapeMs = 60_000;

/** A source whose numbers, if it has any, are those of the tape. */
type LocalSource = Omit<Source, "watch"> & { readonly watch?: Continuity };

export class Platform {
  readonly counters: Counters = newCounters();
  readonly warehouse: Opened["warehouse"];
  readonly tape: Opened["tape"];
  /** What statements and tables left out, in all runs of the data directory. */
  readonly dropped: Opened["dropped"];
  /** Watches the numbers of an exchange, once the run has begun. */
  continuity: Continuity | undefined;
  readonly #opened: Opened;
  readonly #talk: (line: string) => void;

  private constructor(opened: Opened, talk: (line: string) => void) {
    this.warehouse = opened.warehouse;
    this.tape = opened.tape;
    this.dropped = opened.dropped;
    this.#opened = opened;
    this.#talk = talk;
  }

  /** Opens or creates a data directory, as `openDirectory` does; `catchUp` is to follow. */
  static async open(dir: string, kind: SourceKind, talk: (line: string) => void): Promise<Platform> {
    return new Platform(await openDirectory(dir, kind, talk), talk);
  }

  /** Rows committed by this run. */
  get rows(): number {
    return this.#opened.follower.rows;
  }

  /** Records that are in the log and not yet read by a statement or in a table. */
  get lag(): number {
    return this.#opened.follower.lag;
  }

  /** Records of a recording that were stored before, or came twice: they are left out. */
  get known(): number {
    return this.#opened.log.known + this.counters.repeated;
  }

  /** Events of a recording that were stored though another event has their number. */
  get conflicting(): number {
    return this.counters.conflicting;
  }

  /** Brings the tables up to what the log holds. */
  catchUp(): Promise<void> {
    return this.#opened.follower.catchUp();
  }

  /**
   * Runs a source to its end, or to `signal`; what it sent is in the tables when this returns. Of a recording only the
   * records are taken that no run has stored.
   */
  async run(given: LocalSource | Recording, signal: AbortSignal): Promise<void> {
    if (!("checksums" in given)) return this.#pass(given, signal);
    const { dir, log } = this.#opened;
    const known = await knownEvents(log, signal, this.#talk);
    if (known === undefined) return;
    const lastFrame = (session: string) => log.lastFrame(session);
    const { session, shared } = new RecordedSessions(join(dir, "recordings"), lastFrame).place(given);
    const stored = Math.min(shared, lastFrame(session));
    if (stored > 0)
      this.#talk(`the recording is stored already up to frame ${count(stored)} of ${count(given.checksums.length)}`);
    await this.#pass(given.as(session), signal, known);
    if (!signal.aborted && this.known > 0 && this.known === this.counters.records)
      this.#talk("the recording has nothing new: all of its records are stored already");
  }

  async close(): Promise<void> {
    try {
      await this.#opened.log.close();
    } finally {
      // DuckDB does not survive the end of a connection in the middle of a commit. A failure of that has been reported already.
      await this.#opened.follower.settled().catch(() => {});
      this.warehouse.close();
    }
  }

  async #pass(source: LocalSource, signal: AbortSignal, repeats?: Repeats): Promise<void> {
    const { log, follower, tapeFile } = this.#opened;
    const stop = new AbortController();
    // If one side fails, the other ends too: there is no point in filling a log that nothing reads.
    const finish = () => stop.abort();
    const work = {
      source,
      sink: log,
      idOf: log.schemas.idOf.bind(log.schemas),
      counters: this.counters,
      repeats,
      warn: this.#talk,
    };
    const continuity = source.watch;
    this.continuity = continuity;
    // A failure to write the end of the tape costs the next start some time, and no more.
    const keepTape = async () => {
      if (continuity !== undefined) await writeTape(log, tapeFile, continuity).catch(() => {});
    };
    const keeping = setInterval(() => void keepTape(), keepTapeMs);
    const producing = produce(work, AbortSignal.any([signal, stop.signal])).finally(finish);
    const following = follower.follow(stop.signal).finally(finish);
    const results = await Promise.allSettled([producing, following]);
    clearInterval(keeping);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    await keepTape();
    await follower.catchUp();
  }
}
