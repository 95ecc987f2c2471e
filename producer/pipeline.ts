/** The producer before the wire: source → gate → encode → sink, in one pass and in order. */
import { Gate, type Work } from "./gate.ts";
import type { Decode, Session } from "./source.ts";

/**
 * Runs a source to its end or to `signal`, counting; everything is flushed when it returns.
 * Throws what the source or the sink throws.
 */
export async function produce(work: Work, signal: AbortSignal): Promise<void> {
  const { source, sink } = work;
  const gate = new Gate(work);
  const decoders = new WeakMap<Session, Decode>();
  sink.begin(source.id);
  for await (const { session, frames } of source.batches(signal)) {
    let decode = decoders.get(session);
    if (decode === undefined) decoders.set(session, (decode = source.decoder(session, gate)));
    for (const frame of frames) {
      gate.frame(session.live, frame.receivedAt);
      decode(frame);
      if (!gate.room) await sink.drained();
      gate.room = true;
    }
    // A recording arrives as fast as it is read: let the readers of the log have their turn.
    await new Promise(setImmediate);
  }
  // What is not judged yet when a run is stopped is read again by the next.
  if (!signal.aborted) gate.end();
  await sink.flush();
}
