/** Frames of all connections that have come and wait for the sink; with too many of them the connections are paused. */
import type { Logger } from "../../program/logger.ts";
import type { Batch, Frame, Session } from "../source.ts";

/** Bytes that may wait. A book's snapshot alone may have over a megabyte. */
const mostWaiting = 8 * 1024 * 1024;

/** A pause that is over sooner, in milliseconds, is how back-pressure works, and no news. */
const worthTelling = 1_000;

/** What is paused while the sink is full. */
interface Pausable {
  pause(): void;
  resume(): void;
}

export class Inbox {
  /** Frames that have come. */
  received = 0;
  /** How often the connections were paused because the sink was full. */
  pauses = 0;
  readonly #connections: Iterable<Pausable>;
  readonly #log: Logger;
  #waiting: { session: Session; frames: Frame[] }[] = [];
  /** The last of them, to which frames of its session are added. */
  #latest: { session: Session; frames: Frame[] } | undefined;
  #bytes = 0;
  #wake = () => {};
  #isPaused = false;
  /** Will tell of the pause. */
  #slow: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(connections: Iterable<Pausable>, log: Logger) {
    this.#connections = connections;
    this.#log = log;
  }

  add(session: Session, frame: Frame): void {
    if (this.#latest?.session === session) this.#latest.frames.push(frame);
    else {
      this.#latest = { session, frames: [frame] };
      this.#waiting.push(this.#latest);
      this.#wake();
    }
    this.received++;
    this.#bytes += frame.bytes.length;
    if (this.#bytes > mostWaiting) this.#pause();
  }

  /** Frames as they come, until it is closed and empty. */
  async *batches(): AsyncGenerator<Batch> {
    try {
      while (!this.#isClosed || this.#waiting.length > 0) {
        if (this.#waiting.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
        const batches = this.#waiting;
        this.#waiting = [];
        this.#latest = undefined;
        this.#bytes = 0;
        yield* batches;
        if (this.#isPaused && this.#bytes < mostWaiting / 2) this.#resume();
      }
    } finally {
      clearTimeout(this.#slow);
    }
  }

  /** Nothing more will come. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #pause(): void {
    if (!this.#isPaused) {
      this.pauses++;
      this.#slow = setTimeout(() => {
        this.#slow = undefined;
        this.#log("warn", "reading waits: the sink takes no more for now");
      }, worthTelling).unref();
    }
    this.#isPaused = true;
    for (const connection of this.#connections) connection.pause();
  }

  #resume(): void {
    this.#isPaused = false;
    if (this.#slow === undefined) this.#log("info", "reading continues");
    clearTimeout(this.#slow);
    for (const connection of this.#connections) connection.resume();
  }
}
