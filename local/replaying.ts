/** Prepares a recording for a data directory that may hold it already, or others that overlap with it. */
import { join } from "node:path";
import { count } from "../program/forms.ts";
import type { Source } from "../producer/source.ts";
import { knownEvents } from "../producer/coinbase/repeats/events-in-log.ts";
import type { Log } from "../topics/log/log.ts";
import { RecordedSessions } from "../producer/recorded-sessions.ts";
import type { Recording } from "../producer/recording.ts";
import type { KnownEvents } from "../producer/coinbase/repeats/known-events.ts";

export interface Replay {
  /** The recording, as a part of the session that it continues. */
  readonly source: Omit<Source, "watch">;
  /** The events that the log holds. */
  readonly repeats: KnownEvents;
}

/**
 * Compares a recording with those that a data directory holds; undefined if `signal` aborts that. `talk` is given what is found, and
 * what is damaged.
 */
export async function prepareReplay(
  recording: Recording,
  { dir, log, talk }: { dir: string; log: Log; talk: (line: string) => void },
  signal: AbortSignal,
): Promise<Replay | undefined> {
  const lastFrame = (session: string) => log.lastFrame(session);
  const known = await knownEvents(log, signal, talk);
  if (known === undefined) return undefined;
  const { session, shared } = new RecordedSessions(join(dir, "recordings"), lastFrame).place(recording);
  const stored = Math.min(shared, lastFrame(session));
  if (stored > 0)
    talk(`the recording is stored already up to frame ${count(stored)} of ${count(recording.checksums.length)}`);
  return { source: recording.as(session), repeats: known };
}
