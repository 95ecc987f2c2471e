/**
 * Runs plans over the partitions of a log. A query has a task per partition, as in Kafka Streams; a task's output and
 * how far it has read its source are stored in one write, so that a restart neither repeats nor loses a row.
 */
import type { TopicRecord } from "../../schemas/wire.ts";
import type { Plan } from "../language/plan.ts";
import { compileQuery, type ProcessingLog, type Schemas } from "./query.ts";
import { valueSchema } from "./serde.ts";

/** One partition of a topic, to read from. */
interface SourcePartition {
  /** The offset after the last stored record. */
  readonly end: number;
  read(from: number, maxBytes: number): TopicRecord[];
  /** Gives the next record at least this offset: the log may have lost records that were read before a power failure. */
  skipTo(offset: number): void;
}

/** One partition of a topic, to write to. */
interface SinkPartition {
  /** The source offset up to which the stored rows answer, -1 if there are none. */
  readonly position: number;
  add(timestamp: number, key: Buffer | null, value: Buffer | null): void;
  /** Stores what was added, and that it answers for the source up to `position`. */
  store(position: number): void;
}

/** The topics that the engine is handed. */
export interface Topics {
  readonly schemas: Schemas;
  source(topic: string): readonly SourcePartition[];
  sink(topic: string): readonly SinkPartition[];
}

interface Task {
  readonly source: SourcePartition;
  readonly sink: SinkPartition;
  readonly process: ReturnType<typeof compileQuery>;
  position: number;
}

/** How much of a partition is read at a time: large enough to be fast, small enough to let others have their turn. */
const stepBytes = 256 * 1024;

export class Engine {
  readonly #tasks: Task[];

  /** Registers the schema of every output and goes on where its stored rows end. Plans must be in dependency order. */
  constructor(plans: readonly Plan[], topics: Topics, log: ProcessingLog) {
    this.#tasks = plans.flatMap((plan) => {
      const sinks = topics.sink(plan.sink.topic);
      const sources = topics.source(plan.source.topic);
      if (sinks.length !== sources.length) {
        throw new Error(
          `${plan.sink.topic} has ${sinks.length} partitions, its source ${plan.source.topic} ${sources.length}`,
        );
      }
      const id = topics.schemas.idOf(`${plan.sink.topic}-value`, valueSchema(plan.sink));
      return sources.map((source, i) => {
        const sink = sinks[i]!;
        const position = Math.max(sink.position, 0);
        source.skipTo(position);
        return { source, sink, process: compileQuery(plan, topics.schemas, id, log), position };
      });
    });
  }

  /** Records that wait to be read. */
  get lag(): number {
    return this.#tasks.reduce((lag, task) => lag + Math.max(task.source.end - task.position, 0), 0);
  }

  /** Reads a stretch of every partition that has something new; false if none had. */
  step(): boolean {
    let busy = false;
    for (const task of this.#tasks) {
      const records = task.source.read(task.position, stepBytes);
      if (records.length === 0) continue;
      busy = true;
      for (const record of records)
        task.process(record, (timestamp, key, value) => task.sink.add(timestamp, key, value));
      task.position = records.at(-1)!.offset + 1;
      task.sink.store(task.position);
    }
    return busy;
  }
}
