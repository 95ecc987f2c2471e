/** Follows the log: the statements read what is new in it and write to it, the ingest brings it into the tables. */
import type { Engine } from "../engine/execution/engine.ts";
import type { Ingest } from "../sql/duckdb/ingest.ts";
import type { Log } from "../topics/log/log.ts";

/** With fewer rows to commit, the ingest waits for more: a commit of DuckDB costs milliseconds, whatever its size. */
const fewRows = 5_000;
const commitEveryMs = 200;

/** How long a window's row may wait for later trades, in milliseconds: the commit interval of Kafka Streams. */
export const commitMs = 2_000;

export class Follower {
  /** Rows committed by this run. */
  rows = 0;
  readonly #log: Log;
  readonly #engine: Engine;
  readonly #ingest: Ingest;

  constructor(log: Log, engine: Engine, ingest: Ingest) {
    this.#log = log;
    this.#engine = engine;
    this.#ingest = ingest;
  }

  /** Records that are in the log and not yet read by a statement or in a table. */
  get lag(): number {
    return this.#engine.lag + this.#ingest.lag;
  }

  /** Brings the tables up to what the log holds. */
  async catchUp(): Promise<void> {
    for (let busy = true; busy;) {
      busy = this.#engine.step() || this.#engine.commit();
      if ((await this.#commit()) > 0) busy = true;
    }
    await this.#ingest.settled();
  }

  /** Takes what comes into the log until `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    while (!signal.aborted) {
      const stored = this.#log.stored();
      const busy = this.#engine.step();
      const rows = await this.#commit();
      if (!busy && rows === 0) await Promise.race([stored, stopped, ...(this.#engine.uncommitted ? [due()] : [])]);
      else if (rows < fewRows) await Promise.race([stopped, pause(commitEveryMs)]);
      else await pause(0);
    }
  }

  /** Resolves when everything that was taken is committed. Throws UserError when the disk refuses. */
  settled(): Promise<void> {
    return this.#ingest.settled();
  }

  async #commit(): Promise<number> {
    const rows = await this.#ingest.step();
    this.rows += rows;
    return rows;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}

/** Resolves when windows' rows are due to be written; does not keep the process alive. */
function due(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, commitMs).unref());
}
