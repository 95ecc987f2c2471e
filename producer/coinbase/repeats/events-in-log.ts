/** What a log knows of the past: every event with a number that it holds. */
import type { AvroRecord } from "../../../schemas/avro.ts";
import { schemaIdOf } from "../../../topics/wire.ts";
import { EventReader } from "./event-reader.ts";
import { KnownEvents, numberedTopics } from "./known-events.ts";
import type { Log } from "../../../topics/log/log.ts";

/** Read at once: so many bytes; then others have their turn. More would outlive the collection of young objects. */
const stretch = 512 * 1024;

/** To read fewer takes no time that a person would notice. */
const many = 1_000_000;

/**
 * The events of a log, read through from its beginning: one to two seconds a million; undefined where `signal` ends that.
 * Throws UserError where the log is damaged.
 */
export async function knownEvents(
  log: Log,
  signal: AbortSignal,
  talk: (line: string) => void,
): Promise<KnownEvents | undefined> {
  const known = new KnownEvents();
  const count = numberedTopics.flatMap((topic) => log.partitions(topic)).reduce((sum, { end }) => sum + end, 0);
  if (count > many) talk(`comparing with what is stored: ${count.toLocaleString("en-US")} events`);
  const readers = new Map<number, EventReader>();
  for (const topic of numberedTopics)
    for (const [partition, { end }] of log.partitions(topic).entries())
      for (let from = 0; from < end;) {
        const records = log.read(topic, partition, from, stretch);
        // A log that has lost its end is no longer than its records: the offsets up to where its readers are stay empty.
        if (records.length === 0) break;
        for (const { value } of records) {
          if (value === null) continue;
          const id = schemaIdOf(value);
          let reader = readers.get(id);
          if (reader === undefined) readers.set(id, (reader = new EventReader(log.schemas.byId(id) as AvroRecord)));
          reader.read(value);
          known.put(topic, reader);
        }
        from = records.at(-1)!.offset + 1;
        await new Promise(setImmediate);
        if (signal.aborted) return undefined;
      }
  return known;
}
