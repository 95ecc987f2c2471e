/** A sink for recordings: passes on what is new, leaves out what came before, and counts. */
import { readSchema } from "../../schemas/avro.ts";
import type { Sink } from "../../topics/sink.ts";
import { EventReader } from "./event-reader.ts";
import { numberedTopics, type KnownEvents } from "./known.ts";

export class DistinctSink implements Sink {
  /** Events that came before, and were left out. */
  repeated = 0;
  /** Events that were passed on though another event came with their number. */
  conflicting = 0;
  readonly #sink: Sink;
  readonly #known: KnownEvents;
  readonly #readers = new Map<string, EventReader>(
    numberedTopics.map((topic) => [topic, new EventReader(readSchema(topic))]),
  );

  constructor(sink: Sink, known: KnownEvents) {
    this.#sink = sink;
    this.#known = known;
  }

  begin(source: string): void {
    this.#sink.begin(source);
  }

  frame(position: number, receivedAt: number | undefined): void {
    this.#sink.frame(position, receivedAt);
  }

  send(topic: string, key: string | null, timestamp: number, value: Buffer): boolean {
    const reader = this.#readers.get(topic);
    if (reader !== undefined) {
      reader.read(value);
      const verdict = this.#known.put(topic, reader);
      if (verdict === "other") this.conflicting++;
      if (verdict === "same") {
        this.repeated++;
        return true;
      }
    }
    return this.#sink.send(topic, key, timestamp, value);
  }

  drained(): Promise<void> {
    return this.#sink.drained();
  }

  flush(): Promise<void> {
    return this.#sink.flush();
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}
