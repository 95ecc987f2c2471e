/** The producer before the wire: source → decode → encode → sink, in one pass and in order. */
import type { Counters } from "./counters.ts";
import { decoder } from "./decode/decode.ts";
import { encoder } from "./encode.ts";
import type { Frame, Session, Source } from "./frame.ts";
import type { Sink } from "./sink.ts";

/**
 * Runs a source to its end or to `signal`, counting into `counters`; everything is flushed when it returns.
 * Throws what the source or the sink throws.
 */
export async function produce(
  source: Source,
  sink: Sink,
  idOf: (subject: string, schema: object) => number,
  counters: Counters,
  signal: AbortSignal,
): Promise<void> {
  const encode = encoder(idOf);
  const decoders = new WeakMap<Session, (frame: Frame) => void>();
  let position = 0;
  let room = true;
  sink.begin(source.id);
  for await (const { session, frames } of source.batches(signal)) {
    let decode = decoders.get(session);
    if (decode === undefined) {
      decode = decoder(session, counters, (topic, key, timestamp, value) => {
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
