/**
 * The gate between decoders and the sink. Here, and nowhere else, it is decided whether a record is published, in which
 * order and with which timestamp: what a live source brings twice is left out, a recording's impossible dates are corrected,
 * and what came before a recording is left out.
 */
import { readSchema } from "../schemas/avro.ts";
import type { RawTopic } from "../schemas/catalog.ts";
import { encoder } from "../topics/encode.ts";
import type { Sink } from "../topics/sink.ts";
import type { Counters } from "./counters.ts";
import { Dates, type DatedRecord } from "./misdated.ts";
import type { Output, RawRecord, Repeats, Source, Watch } from "./source.ts";

export interface Work {
  readonly source: Source;
  readonly sink: Sink;
  /** The id under which a topic's schema is registered. */
  readonly idOf: (subject: string, schema: object) => number;
  readonly counters: Counters;
  /** Of a recording: what came before it. */
  readonly repeats?: Repeats | undefined;
  /** Is given a sentence when something begins that is counted from then on. */
  readonly warn?: (sentence: string) => void;
}

export class Gate implements Output {
  /** False while the sink asks to wait. */
  room = true;
  readonly counters: Counters;
  readonly #work: Work;
  readonly #sink: Sink;
  readonly #watch: Watch | undefined;
  readonly #repeats: Repeats | undefined;
  readonly #encode: (topic: RawTopic, value: object) => Buffer;
  /** Undefined where dates are taken as they are. */
  readonly #dates: Dates | undefined;
  /** Number of the present frame in the source. */
  #position = 0;
  #live = false;

  constructor(work: Work) {
    const { source, sink, idOf, counters, repeats } = work;
    this.counters = counters;
    this.#work = work;
    this.#sink = sink;
    this.#watch = source.watch;
    this.#repeats = repeats;
    this.#encode = encoder(idOf);
    if (source.dating !== undefined)
      this.#dates = new Dates(
        source.dating,
        (record, timestamp) => this.#sendDated(record, timestamp),
        (record) => this.#misdated(record),
      );
  }

  /** Begins the records of the next frame, received at this time (microseconds) in this run, or not in this run. */
  frame(live: boolean, receivedAt: number | undefined): void {
    this.#live = live;
    this.#sink.frame(++this.#position, live ? receivedAt : undefined);
  }

  schemaId(topic: RawTopic): number {
    return this.#work.idOf(`${topic}-value`, readSchema(topic));
  }

  record(topic: RawTopic, key: string | null, timestamp: number, value: object, event?: object): void {
    if (event !== undefined && !this.#admits(event)) return;
    if (this.#live || this.#dates === undefined) this.#send(topic, key, timestamp, value);
    else this.#dates.take({ topic, key, timestamp, value, position: this.#position });
  }

  encoded(topic: RawTopic, key: string | null, timestamp: number, value: Buffer, event: object): void {
    if (this.#admits(event)) this.#publish(topic, key, timestamp, value);
  }

  notice(notice: object): void {
    if (this.#watch !== undefined) this.#sendAll(this.#watch.hear(notice));
  }

  /** The source is over: nothing that follows contradicts what waits for judgement. */
  end(): void {
    this.#dates?.end();
  }

  #admits(event: object): boolean {
    if (this.#watch === undefined) return true;
    const { publish, records } = this.#watch.judge(event);
    if (records.length > 0) this.#sendAll(records);
    return publish;
  }

  #sendAll(records: readonly RawRecord[]): void {
    for (const { topic, key, timestamp, value } of records) this.#send(topic, key, timestamp, value);
  }

  #send(topic: RawTopic, key: string | null, timestamp: number, value: object): void {
    this.#publish(topic, key, timestamp, this.#encode(topic, value));
  }

  #publish(topic: RawTopic, key: string | null, timestamp: number, value: Buffer): void {
    this.counters.records++;
    if (this.#repeats !== undefined) {
      const verdict = this.#repeats.judge(topic, value);
      if (verdict === "other") this.counters.conflicting++;
      if (verdict === "same") return void this.counters.repeated++;
    }
    this.room = this.#sink.send(topic, key, timestamp, value) && this.room;
  }

  /** Sends a record of this frame, or of one before it that had to wait. */
  #sendDated({ topic, key, value, position }: DatedRecord, timestamp: number): void {
    const isOlder = position !== this.#position;
    if (isOlder) this.#sink.frame(position, undefined);
    this.#send(topic, key, timestamp, value);
    if (isOlder) this.#sink.frame(this.#position, undefined);
  }

  #misdated({ key, value }: DatedRecord): void {
    if (++this.counters.misdated > 1) return;
    const { type, time } = value as { readonly type: string; readonly time: number };
    this.#work.warn?.(
      `a ${type} of ${key} is dated ${new Date(time / 1000).toISOString()}, more than a day after the frames around it: ` +
        "`time` stays, but its record has the latest timestamp before it, so that windows stay open for what follows. Such frames are counted as misdated",
    );
  }
}
