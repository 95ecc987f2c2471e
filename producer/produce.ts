/** The producer before the wire: source → decode → encode → sink, in one pass and in order. */
import type { CoinbaseFull } from "../schemas/records.ts";
import type { Continuity } from "./continuity.ts";
import type { Counters } from "./counters.ts";
import { decoder } from "./decode/decode.ts";
import { encoder } from "./encode.ts";
import type { Frame, Session, Source } from "./frame.ts";
import type { Sink } from "./sink.ts";

export interface Work {
  readonly source: Source;
  readonly sink: Sink;
  /** The id under which a topic's schema is registered. */
  readonly idOf: (subject: string, schema: object) => number;
  readonly counters: Counters;
  /** Leaves out what a live feed brings twice; a recording is passed on as it is. */
  readonly continuity?: Continuity;
}

/**
 * Runs a source to its end or to `signal`, counting; everything is flushed when it returns.
 * Throws what the source or the sink throws.
 */
export async function produce({ source, sink, idOf, counters, continuity }: Work, signal: AbortSignal): Promise<void> {
  const encode = encoder(idOf);
  const decoders = new WeakMap<Session, (frame: Frame) => void>();
  let position = 0;
  let room = true;
  sink.begin(source.id);
  for await (const { session, frames } of source.batches(signal)) {
    let decode = decoders.get(session);
    if (decode === undefined) {
      decode = decoder(session, counters, (topic, key, timestamp, value) => {
        if (continuity !== undefined && topic === "coinbase_full" && !continuity.accept(value as CoinbaseFull)) return;
        counters.records++;
        room = sink.send(topic, key, timestamp, encode(topic, value)) && room;
      });
      decoders.set(session, decode);
    }
    for (const frame of frames) {
      sink.frame(++position, session.live ? frame.receivedAt : undefined);
      decode(frame);
      if (!room) await sink.drained();
      room = true;
    }
    // A recording arrives as fast as it is read: let the readers of the log have their turn.
    await new Promise(setImmediate);
  }
  await sink.flush();
}
