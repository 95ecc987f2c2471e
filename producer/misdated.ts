/**
 * Dates of a recording that cannot be. A frame dated far ahead of those around it would carry the time of its partition
 * with it: windows would close over everything that follows. So a frame that is dated more than a day after all before it
 * waits for the next of its partition: if that is more than a day earlier, the frame keeps its `time`, and its record
 * gets the latest timestamp before it. Where the next agrees, as after a hole in the recording, nothing is changed.
 */
import { catalog } from "../schemas/catalog.ts";
import { partitionOf } from "../topics/partitioner.ts";
import type { Dating, RawRecord } from "./source.ts";

/** Milliseconds: the grace of windows, after which they are closed. */
const day = 24 * 3_600_000;

export interface DatedRecord extends RawRecord {
  /** The frame that it is of, by its place in the source. */
  readonly position: number;
}

/** Records of one partition, in their order. */
class Line {
  /** The largest timestamp that was passed on. */
  latest = Number.NEGATIVE_INFINITY;
  /** A record that waits to be judged, and what came behind it. */
  held: DatedRecord[] = [];
  /** Frames behind it that are dated more than a day before it, and the timestamp of the first of them. */
  against = 0;
  next = 0;
}

export class Dates {
  readonly #isOfThePast: (record: DatedRecord) => boolean;
  readonly #send: (record: DatedRecord, timestamp: number) => void;
  readonly #misdated: (record: DatedRecord) => void;
  readonly #lines = new Map<string, Line[]>();
  /** The lines of products, of each topic. */
  readonly #products = new Map<string, Map<string, Line>>();

  /** `send` gets every record with the timestamp that it is to have; `misdated` those of which it is not their own. */
  constructor(
    dating: Dating,
    send: (record: DatedRecord, timestamp: number) => void,
    misdated: (record: DatedRecord) => void,
  ) {
    this.#isOfThePast = (record) => dating.isOfThePast(record.value);
    this.#send = send;
    this.#misdated = misdated;
    for (const topic of dating.topics) {
      const newLine = () => new Line();
      const { partitions } = catalog.find(({ name }) => name === topic)!;
      this.#lines.set(topic, Array.from({ length: partitions }, newLine));
      this.#products.set(topic, new Map());
    }
  }

  /** Takes the next record of the recording. */
  take(record: DatedRecord): void {
    const line = this.#lineOf(record);
    if (line === undefined) return this.#send(record, record.timestamp);
    const first = line.held[0];
    // The parts of a frame stay together.
    if (this.#isOfThePast(record) || line.held.at(-1)?.position === record.position) {
      if (first === undefined) this.#send(record, record.timestamp);
      else line.held.push(record);
      return;
    }
    if (first !== undefined) {
      const contradicts = record.timestamp < first.timestamp - day;
      if (contradicts && ++line.against === 1) line.next = record.timestamp;
      // With no frame before it, the next one alone does not tell which of the two is wrong.
      const enough = line.latest === Number.NEGATIVE_INFINITY ? 2 : 1;
      if (contradicts && line.against < enough) return void line.held.push(record);
      this.#release(line, contradicts);
    }
    if (record.timestamp > line.latest + day) line.held.push(record);
    else this.#pass(line, record, record.timestamp);
  }

  /** The recording is over. What has no next frame is passed on as it is: nothing in the recording contradicts it. */
  end(): void {
    for (const lines of this.#lines.values())
      for (const line of lines) if (line.held.length > 0) this.#release(line, false);
  }

  #lineOf({ topic, key }: DatedRecord): Line | undefined {
    const products = this.#products.get(topic);
    if (products === undefined || key === null) return undefined;
    let line = products.get(key);
    if (line === undefined) {
      const lines = this.#lines.get(topic)!;
      products.set(key, (line = lines[partitionOf(Buffer.from(key), lines.length)]!));
    }
    return line;
  }

  #release(line: Line, misdated: boolean): void {
    const { held, latest, next } = line;
    const [first] = held;
    line.held = [];
    line.against = 0;
    if (misdated) this.#misdated(first!);
    const timestamp = latest === Number.NEGATIVE_INFINITY ? next : latest;
    for (const record of held) {
      const moved = misdated && record.position === first!.position;
      this.#pass(line, record, moved ? timestamp : record.timestamp);
    }
  }

  #pass(line: Line, record: DatedRecord, timestamp: number): void {
    if (!this.#isOfThePast(record)) line.latest = Math.max(line.latest, timestamp);
    this.#send(record, timestamp);
  }
}
