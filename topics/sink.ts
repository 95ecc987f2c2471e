/**
 * Where encoded records go: the log of the local platform, or Kafka.
 *
 * Records of a key keep the order in which they were sent. Records that were sent but not flushed when the process dies may be
 * missing; records that are sent again are stored again.
 */
export interface Sink {
  /**
   * Begins the frames of a source, in their order. A sink may recognise what it stored in an earlier run of the same source
   * and not store it again.
   */
  begin(source: string): void;
  /**
   * Begins the records of a frame: its number in the source, and when it was received (microseconds since 1970; undefined if
   * not in this run).
   */
  frame(position: number, receivedAt: number | undefined): void;
  /**
   * Takes one record of the frame; `value` is copied before the call returns. `timestamp` is in milliseconds since 1970.
   * False asks the caller to await `drained()` before the next frame. Throws if the record cannot be taken at all (disk full,
   * record refused).
   */
  send(topic: string, key: string | null, timestamp: number, value: Buffer): boolean;
  /** Resolves when there is room again. */
  drained(): Promise<void>;
  /** Resolves when everything sent so far is stored. */
  flush(): Promise<void>;
  /** Flushes and releases; safe to call twice. */
  close(): Promise<void>;
}
