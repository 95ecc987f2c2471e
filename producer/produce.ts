/** The producer before the wire: source → decode → encode → sink, in one pass and in order. */
import { readSchema } from "../schemas/avro.ts";
import type { RawTopic } from "../schemas/catalog.ts";
import type { Continuity } from "./continuity.ts";
import type { Counters } from "./counters.ts";
import { Dates, type DatedRecord } from "./dates.ts";
import { decoder, type Emit, type OwnFields } from "./coinbase/decode/decode.ts";
import { EventScanner } from "./coinbase/decode/scan.ts";
import { encoder } from "../topics/encode.ts";
import type { Frame, Session, Source } from "./frame.ts";
import type { Sink } from "../topics/sink.ts";

/** What is looked at in a record of `coinbase_full`. */
interface Event {
  readonly type: string;
  readonly product_id: string;
  readonly sequence: number | null;
  readonly trade_id: number | null;
  readonly time: number;
}

export interface Work {
  readonly source: Source;
  readonly sink: Sink;
  /** The id under which a topic's schema is registered. */
  readonly idOf: (subject: string, schema: object) => number;
  readonly counters: Counters;
  /** Leaves out what a live feed brings twice. For recordings the sink does (repeats/sink.ts): they have no one order. */
  readonly continuity?: Continuity | undefined;
  /** What becomes of the members of the account's own orders; they are dropped where nothing is said. */
  readonly ownFields?: OwnFields | undefined;
  /** Is given a sentence when something begins that is counted from then on. */
  readonly warn?: (sentence: string) => void;
}

/**
 * Runs a source to its end or to `signal`, counting; everything is flushed when it returns.
 * Throws what the source or the sink throws.
 */
export async function produce(work: Work, signal: AbortSignal): Promise<void> {
  const { source, sink, idOf, counters, continuity, ownFields } = work;
  const encode = encoder(idOf);
  const schema = readSchema("coinbase_full");
  const events = new EventScanner(schema, idOf("coinbase_full-value", schema), ownFields !== "keep");
  const decoders = new WeakMap<Session, (frame: Frame) => void>();
  const dates = new Dates(sendDated, misdated);
  let position = 0;
  let room = true;
  sink.begin(source.id);
  for await (const { session, frames } of source.batches(signal)) {
    let decode = decoders.get(session);
    if (decode === undefined) {
      const emit: Emit = (topic, key, timestamp, value) => {
        if (topic === "coinbase_full") {
          const { type, product_id, sequence, trade_id } = value as Event;
          if (continuity?.accept(type, product_id, sequence, trade_id) === false) return;
        }
        if (session.live) send(topic, key, timestamp, value);
        else dates.take({ topic, key, timestamp, value, position });
      };
      const control = (message: Record<string, unknown>) => {
        session.control?.(message);
        if (message["type"] === "heartbeat") continuity?.hear(message);
      };
      decode = decoder(session, counters, emit, control, ownFields);
      decoders.set(session, decode);
    }
    for (const frame of frames) {
      const receivedAt = session.live ? frame.receivedAt : undefined;
      sink.frame(++position, receivedAt);
      if (receivedAt !== undefined && events.read(frame.bytes, receivedAt)) passOn(frame, receivedAt);
      else decode(frame);
      if (!room) await sink.drained();
      room = true;
    }
    // A recording arrives as fast as it is read: let the readers of the log have their turn.
    await new Promise(setImmediate);
  }
  // What is not judged yet when a run is stopped is read again by the next.
  if (!signal.aborted) dates.end();
  await sink.flush();

  function send(topic: RawTopic, key: string | null, timestamp: number, value: object): void {
    counters.records++;
    room = sink.send(topic, key, timestamp, encode(topic, value)) && room;
  }

  /** Sends a record of this frame, or of one before it that had to wait. */
  function sendDated({ topic, key, value, position: own }: DatedRecord, timestamp: number): void {
    if (own !== position) sink.frame(own, undefined);
    send(topic, key, timestamp, value);
    if (own !== position) sink.frame(position, undefined);
  }

  function misdated({ key, value }: DatedRecord): void {
    if (++counters.misdated > 1) return;
    const { type, time } = value as Event;
    work.warn?.(
      `a ${type} of ${key} is dated ${new Date(time / 1000).toISOString()}, more than a day after the frames around it: ` +
        "`time` stays, but its record has the latest timestamp before it, so that windows stay open for what follows. Such frames are counted as misdated",
    );
  }

  /** Sends the event that has just been read. */
  function passOn(frame: Frame, receivedAt: number): void {
    const { type, product, sequence, trade, time, value } = events;
    counters.frames++;
    counters.bytes += frame.bytes.length;
    counters.events++;
    counters.behind = receivedAt - time;
    if (continuity?.accept(type, product, sequence, trade) === false) return;
    counters.records++;
    room = sink.send("coinbase_full", product, Math.floor(time / 1000), value) && room;
  }
}
