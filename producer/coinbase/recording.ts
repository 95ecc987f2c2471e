/** Recordings of Coinbase Exchange. */
import { readRecording, type Recording } from "../recording.ts";
import { coinbaseDecoder, dating } from "./decoder.ts";
import { KnownEvents } from "./repeats/known-events.ts";
import { parseObject, timeOf, type OwnFields } from "./decode/decode.ts";

/** Opens a recording as `readRecording` does; `ownFields` says what becomes of the members of the account's own orders. */
export function openRecording(path: string, ownFields: OwnFields = "drop"): Promise<Recording> {
  return readRecording(path, {
    parse: parseObject,
    timeOf,
    dating,
    repeats: () => new KnownEvents(),
    decoder: (session, output) => coinbaseDecoder(session, output, ownFields),
  });
}
