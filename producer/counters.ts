/** What went through a producer. Every frame is counted in `frames` and in one of `events`, `control`, `quarantined`. */
export interface Counters {
  frames: number;
  bytes: number;
  /** Frames that became records. */
  events: number;
  /** Records sent, those of quarantined frames and the parts of snapshots included. */
  records: number;
  /** Frames about the connection, not the market, by type. */
  control: Record<string, number>;
  quarantined: number;
  /** Frames with members that travel in `extra`. */
  extra: number;
  /** Members of the account's own orders that were dropped. */
  own: number;
  /** Frames whose time is the receive time, because they have no usable one. */
  untimed: number;
  /** Frames of a recording that are dated far ahead of those around them (misdated.ts). */
  misdated: number;
  /** Events of a recording that came before and were left out. */
  repeated: number;
  /** Events of a recording that were published though another event came with their number. */
  conflicting: number;
  /** How long the latest live event was on its way: microseconds from the exchange's clock to ours. */
  behind: number;
}

export function newCounters(): Counters {
  return {
    frames: 0,
    bytes: 0,
    events: 0,
    records: 0,
    control: {},
    quarantined: 0,
    extra: 0,
    own: 0,
    untimed: 0,
    misdated: 0,
    repeated: 0,
    conflicting: 0,
    behind: 0,
  };
}
