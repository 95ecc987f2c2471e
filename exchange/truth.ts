/**
 * The truth log: a file with one line of JSON for everything that happened, in order. A line with a `type` is an event of a
 * market, the exact frame of the full channel, whether or not a client received it. A line with a `truth` describes a
 * connection:
 *
 * - connect, disconnect (with its cause), limit (a request that the limits refused)
 * - subscribe: to one channel of one product; sequence and trade_id are the last before it
 * - unsubscribe, also at the end of the connection: the frames that were handed to its socket, as a Stretch
 * - fault: its kind and the frames that it hit, one line for each channel and product, as a Stretch
 *
 * A subscriber must therefore have every event after `subscribe` up to the last of `unsubscribe`, except those of a fault
 * that loses frames.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Frame } from "./subscription.ts";
import type { Message } from "./tape.ts";

/** Frames of one channel of one product: their count, and the first and last of their numbers. */
export class Stretch {
  frames = 0;
  sequences: readonly [first: number, last: number] | undefined;
  trade_ids: readonly [first: number, last: number] | undefined;

  add({ sequence, trade_id }: Message): void {
    this.frames++;
    if (sequence !== undefined) this.sequences = [this.sequences?.[0] ?? sequence, sequence];
    if (trade_id !== undefined) this.trade_ids = [this.trade_ids?.[0] ?? trade_id, trade_id];
  }
}

const bufferedLength = 64 * 1024;
const flushEvery = 100;

export class Truth {
  readonly #file: number | undefined;
  readonly #now: () => string;
  readonly #timer: NodeJS.Timeout | undefined;
  #lines: string[] = [];
  #length = 0;

  /** Appends to the file at `path`; without a path, logs nothing. Throws if the file cannot be opened. */
  constructor(path: string | undefined, now: () => string) {
    this.#now = now;
    if (path === undefined) return;
    this.#file = openSync(path, "a");
    this.#timer = setInterval(() => this.#flush(), flushEvery).unref();
  }

  event(frame: Frame): void {
    if (this.#file !== undefined) this.#append(frame.text);
  }

  note(truth: string, details: object): void {
    if (this.#file !== undefined) this.#append(JSON.stringify({ truth, at: this.#now(), ...details }));
  }

  close(): void {
    if (this.#file === undefined) return;
    clearInterval(this.#timer);
    this.#flush();
    closeSync(this.#file);
  }

  #append(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length > bufferedLength) this.#flush();
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const bytes = Buffer.from(`${this.#lines.join("\n")}\n`);
    this.#lines = [];
    this.#length = 0;
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file!, bytes, written);
  }
}
