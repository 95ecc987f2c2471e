/**
 * Where encoded records go: the log of the local platform, or Kafka.
 *
 * Records of one key arrive in the order in which they were sent. Delivery is at least once: what was sent but not
 * flushed when the process dies may be missing, and what is sent again is stored again.
 */
export interface Sink {
  /**
   * Says where what follows comes from: frames of this source, in their order. A sink may know what it has stored of an
   * earlier run of the same source and not store it again.
   */
  begin(source: string): void;
  /**
   * Says which frame the records that follow are of: its number in the source, and when it was received (microseconds
   * since 1970; undefined where that is no time of this run).
   */
  frame(position: number, receivedAt: number | undefined): void;
  /**
   * Takes one record of the frame; `value` is copied before the call returns. `timestamp` is in milliseconds since 1970.
   * False asks the caller to await `drained()` before the next frame. Throws when the record can not be taken at all
   * (disk full, broker lost for good).
   */
  send(topic: string, key: string | null, timestamp: number, value: Buffer): boolean;
  /** Resolves when there is room again. */
  drained(): Promise<void>;
  /** Resolves when everything sent so far is stored. */
  flush(): Promise<void>;
  /** Flushes and releases; safe to call twice. */
  close(): Promise<void>;
}
