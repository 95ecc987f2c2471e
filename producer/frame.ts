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
}

/** Frames in order, in batches; ends when the recording does or when the signal it was made with aborts. */
export interface Source {
  readonly session: Session;
  batches(signal: AbortSignal): AsyncIterable<readonly Frame[]>;
}
