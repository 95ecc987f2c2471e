/** What a source of market data brings: frames as they come, what they mean, and what is known of its health. */
import type { RawTopic } from "../schemas/catalog.ts";
import type { Counters } from "./counters.ts";

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
  /** Identifies the session for ever: rows without a number of the exchange are distinguished by it. */
  readonly id: string;
  /** Live frames are checked against the clock that received them; a recording may come from any time. */
  readonly live: boolean;
  /** Receive time (microseconds) of frames that have none, until a frame has a time of its own. */
  readonly startsAt: number;
}

/** Frames of one session, in their order. */
export interface Batch {
  readonly session: Session;
  readonly frames: readonly Frame[];
}

/** A record on its way to its topic. `timestamp` is in milliseconds since 1970; `value` is shaped as the topic's schema. */
export interface RawRecord {
  readonly topic: RawTopic;
  readonly key: string | null;
  readonly timestamp: number;
  readonly value: object;
}

/** What the gate does with an event. */
export interface Verdict {
  /** False for an event that was published before. */
  readonly publish: boolean;
  /** What is published before it, in this order: for example what is known now to be missing. */
  readonly records: readonly RawRecord[];
}

/**
 * Watches over the numbers of a live source: what comes twice, and what does not come. Its events and notices are those
 * that the source's own decoder hands on.
 */
export interface Watch {
  judge(event: object): Verdict;
  /** Takes what the source says about its own progress; returns what is published for it. */
  hear(notice: object): readonly RawRecord[];
}

/** Tells events of a recording that came before from new ones, by their encoded values. */
export interface Repeats {
  /** `other`: new, but the number belongs to another event. */
  judge(topic: RawTopic, value: Buffer): "new" | "same" | "other";
}

/** Which records of a recording advance with it, so that a date far ahead of those around it is seen (misdated.ts). */
export interface Dating {
  readonly topics: readonly RawTopic[];
  /** Whether a record of these topics repeats the past: its time says nothing about when it came. */
  isOfThePast(value: object): boolean;
}

/** Where a decoder puts what it reads. */
export interface Output {
  readonly counters: Counters;
  /** The id under which a topic's schema is registered. */
  schemaId(topic: RawTopic): number;
  /** Takes a record; `event` is what the source's watch judges, undefined for a record without a number. */
  record(topic: RawTopic, key: string | null, timestamp: number, value: object, event?: object): void;
  /** The same for a live record that is encoded already; `value` is valid until the call returns. */
  encoded(topic: RawTopic, key: string | null, timestamp: number, value: Buffer, event: object): void;
  /** Hands a notice to the source's watch. */
  notice(notice: object): void;
}

/** Reads the frames of one session, in their order. It counts each in `frames` and in one of `events`, `control`, `quarantined`. */
export type Decode = (frame: Frame) => void;

/** A figure for Prometheus; `label` names the series where there are several. */
export interface Figure {
  /** Without the prefix `tapeline_`. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly label?: string;
  /** Is given what the pipeline has counted. */
  readonly read: (counters: Counters) => number | Partial<Record<string, number>>;
}

/** What is shown of a live source. */
export interface Health {
  readonly figures: readonly Figure[];
  /** Frames that have come. */
  readonly received: number;
  /** For the status line, and those for the report at the end. */
  status(): Record<string, number>;
  totals(): Record<string, number>;
  /** Why it does not stream now, in sentences; none where it does. */
  faults(): string[];
}

export interface Source {
  /** Identifies what is read: a source with the same id yields the same frames again, in the same order. */
  readonly id: string;
  /** Batches of one session or of several at once; ends when the recording does or when the signal aborts. */
  batches(signal: AbortSignal): AsyncIterable<Batch>;
  /** A decoder for a session. */
  decoder(session: Session, output: Output): Decode;
  /** Of a recording: knows nothing yet. */
  repeats?(): Repeats;
  /** Of a live source with numbers. */
  readonly watch?: Watch;
  /** Of a recording. */
  readonly dating?: Dating;
  readonly health?: Health;
}
