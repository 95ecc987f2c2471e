/** Decodes one frame. */
import { newCounters } from "../../../../producer/counters.ts";
import { decoder, type OwnFields } from "../../../../producer/coinbase/decode/decode.ts";

export const receivedAt = Date.UTC(2026, 10, 21) * 1000 + 7;

export interface Emitted {
  readonly topic: string;
  readonly key: string | null;
  readonly timestamp: number;
  readonly value: Record<string, unknown>;
}

/** The records of a frame, given as an object or as text, and the counters after it. */
export function read(
  frame: object | string | Buffer,
  session: { live?: boolean; stamp?: number | undefined; ownFields?: OwnFields } = { stamp: receivedAt },
) {
  const counters = newCounters();
  const records: Emitted[] = [];
  const decode = decoder(
    { id: "s1", live: session.live ?? false, startsAt: 42 },
    counters,
    (topic, key, timestamp, value) => records.push({ topic, key, timestamp, value: value as Record<string, unknown> }),
    undefined,
    session.ownFields,
  );
  const bytes = Buffer.isBuffer(frame) ? frame : Buffer.from(typeof frame === "string" ? frame : JSON.stringify(frame));
  decode({ bytes, number: 3, receivedAt: session.stamp });
  return { records, counters };
}

/** The only record of a frame. */
export function readOne(frame: object | string | Buffer, session?: Parameters<typeof read>[1]): Emitted {
  const { records } = read(frame, session);
  if (records.length !== 1) throw new Error(`${records.length} records`);
  return records[0]!;
}
