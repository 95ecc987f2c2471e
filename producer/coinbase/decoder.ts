/** The decoder of Coinbase Exchange: ordinary live events take the fast way, everything else the reference. */
import { readSchema } from "../../schemas/avro.ts";
import type { Dating, Decode, Output, Session } from "../source.ts";
import type { NumberedEvent } from "./continuity.ts";
import { decoder, type Emit, type OwnFields } from "./decode/decode.ts";
import { EventScanner } from "./decode/scan.ts";

/**
 * What moves with a recording. Left out: tickers, which bear the time of a product's last trade, be it weeks ago, and
 * frames that could not be read.
 */
export const dating: Dating = {
  topics: ["coinbase_full", "coinbase_level2"],
  isOfThePast: (value) => (value as { readonly type: string }).type === "last_match",
};

/** A decoder of one session. `control` is given the messages about the connection. */
export function coinbaseDecoder(
  session: Session,
  output: Output,
  ownFields: OwnFields,
  control: (message: Record<string, unknown>) => void = () => {},
): Decode {
  const { counters } = output;
  const emit: Emit = (topic, key, timestamp, value) =>
    output.record(topic, key, timestamp, value, topic === "coinbase_full" ? numbersOf(value) : undefined);
  const decode = decoder(session, counters, emit, control, ownFields);
  if (!session.live) return decode;
  const events = new EventScanner(readSchema("coinbase_full"), output.schemaId("coinbase_full"), ownFields !== "keep");
  return (frame) => {
    const { bytes, receivedAt } = frame;
    if (receivedAt === undefined || !events.read(bytes, receivedAt)) return decode(frame);
    const { product, time, value } = events;
    counters.frames++;
    counters.bytes += bytes.length;
    counters.events++;
    counters.behind = receivedAt - time;
    output.encoded("coinbase_full", product, Math.floor(time / 1000), value, events);
  };
}

function numbersOf(value: object): NumberedEvent {
  const { type, product_id, sequence, trade_id } = value as NumberedEvent & {
    readonly product_id: string;
    readonly trade_id: number | null;
  };
  return { type, product: product_id, sequence, trade: trade_id };
}
