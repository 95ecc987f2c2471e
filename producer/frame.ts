/** What a source yields: frames as they came, before anything is read into them. */

export interface Frame {
  /** The text of the frame, UTF-8. Valid until the next batch is asked for. */
  readonly bytes: Buffer;
  /** Number in its session, from 1; in a recording the line. */
  readonly number: number;
  /** Microseconds since 1970; undefined where a recording has no stamp. */
  readonly receivedAt: number | undefined;
}

/** A stretch of frames from one place: a connection, or a recording. */
export interface Session {
  /** Identifies the session for ever: rows that have no number of the exchange are told apart by it. */
  readonly id: string;
  /** Live frames are checked against the clock that received them; a recording may come from any time. */
  readonly live: boolean;
  /** Receive time (microseconds) of frames that have none until a frame tells the exchange's time. */
  readonly startsAt: number;
  /** Is told what the exchange says about the connection: subscriptions, heartbeat, error, status. */
  control?(message: Record<string, unknown>): void;
}

/** Frames of one session, in their order. */
export interface Batch {
  readonly session: Session;
  readonly frames: readonly Frame[];
}

/** Batches of one session or of several at once; ends when the recording does or when the signal aborts. */
export interface Source {
  /** Identifies what is read: a source with the same id yields the same frames again, in the same order. */
  readonly id: string;
  batches(signal: AbortSignal): AsyncIterable<Batch>;
}
