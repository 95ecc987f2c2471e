/**
 * Runs plans over the partitions of a log. A query has a task per partition, as in Kafka Streams; a task's rows and its position
 * in its source are stored in one write, so that a restart neither repeats nor loses a row. The state of an aggregation is in
 * memory only: a restart reads the records of the open windows again, and writes nothing while it does.
 */
import { UserError } from "../../program/command.ts";
import { Dropped, type Tally } from "../../topics/dropped.ts";
import type { PartitionReader, PartitionWriter, TopicRecord, Topics } from "../../topics/port.ts";
import type { Plan } from "../analysis/plan.ts";
import { OutsideSubset, type Log } from "../expressions/typed.ts";
import { newQuery, QueryFailure, type Emit, type ProcessingLog, type Query } from "./running-query.ts";
import { rowReader, type ReadRow } from "./rows.ts";

export interface EngineOptions {
  /**
   * How long the rows of an aggregation may wait, so that a window writes its last state only, as with Kafka Streams'
   * record cache; "each": no cache, a row for each record.
   */
  readonly commitMs: number | "each";
  /** Counts what the statements leave out. */
  readonly dropped?: Dropped;
}

/** A partition to read; each record is read once for all queries over it. */
interface Input {
  readonly source: PartitionReader;
  readonly read: ReadRow;
  readonly tasks: readonly Task[];
}

interface Task {
  readonly plan: Plan;
  readonly sink: PartitionWriter;
  readonly query: Query;
  readonly emit: Emit;
  readonly tally: Tally;
  position: number;
}

/** How much of a partition is read at a time: enough to be fast, little enough that the others get their turn. */
const stepBytes = 256 * 1024;
/** With this many changed groups in one partition a commit does not wait. */
const manyGroups = 20_000;
/** In place of an offset: for a record that an earlier run has processed; for a row that is made of many records. */
const silent = -1;
const ofMany = Number.POSITIVE_INFINITY;

/** Executes plans over topics, one step at a time. */
export class Engine {
  readonly #inputs: Input[];
  readonly #tasks: Task[];
  readonly #log: ProcessingLog;
  readonly #commitMs: number;
  readonly #dropped: Dropped;
  #committed = performance.now();
  /** The offset of the record that is being processed. */
  #offset = silent;
  /** How many entries the processing log has had, and the last of them. */
  #entries = 0;
  #entry = "";

  /**
   * Registers the schema of every output and continues where its stored rows end. Plans must be in dependency order.
   * Throws UserError where a topic has not the partitions that a plan needs.
   */
  constructor(plans: readonly Plan[], topics: Topics, log: ProcessingLog, { commitMs, dropped }: EngineOptions) {
    this.#commitMs = commitMs === "each" ? Number.POSITIVE_INFINITY : commitMs;
    this.#log = log;
    this.#dropped = dropped ?? new Dropped();
    const newTasks = (plan: Plan, sources: readonly PartitionReader[]): Task[] => {
      const sinks = sinksOf(plan, sources, topics);
      return sinks.map((sink, i) => {
        const tally = this.#dropped.tally(plan.sink.topic, plan.source.topic, i);
        const entry: ProcessingLog = (_, message) => this.#enter(plan, tally, message);
        return {
          plan,
          sink,
          query: newQuery(plan, topics.schemas, commitMs !== "each", entry),
          emit: (...row) => sink.add(...row),
          tally,
          position: Math.max(sink.position, 0),
        };
      });
    };
    this.#inputs = [...new Set(plans.map(({ source }) => source))].flatMap((source) => {
      const readers = plans.filter((plan) => plan.source === source);
      const sources = topics.partitions(source.topic);
      const tasks = readers.map((plan) => newTasks(plan, sources));
      const used = readers.flatMap((plan) => [...plan.used]);
      return sources.map((partition, i) => ({
        source: partition,
        read: rowReader(source, used, i, topics.schemas),
        tasks: tasks.map((ofPlan) => ofPlan[i]!),
      }));
    });
    this.#tasks = this.#inputs.flatMap(({ tasks }) => tasks);
    for (const input of this.#inputs) {
      input.source.skipTo(Math.max(...input.tasks.flatMap(({ position, tally }) => [position, tally.upTo])));
      restore(input);
    }
  }

  /** Number of records that wait to be read and of groups that wait to be written. */
  get lag(): number {
    let lag = 0;
    for (const { source, tasks } of this.#inputs)
      for (const { position, query } of tasks) lag += Math.max(source.end - position, 0) + query.changed;
    return lag;
  }

  /** Whether a commit would write anything. */
  get uncommitted(): boolean {
    return this.#tasks.some(({ query }) => query.changed > 0);
  }

  /**
   * Reads a stretch of every partition that has something new, and commits what is due; false if there was nothing to do.
   * Throws UserError where a query fails as it would on a server; the rows of all queries before that are stored.
   */
  step(): boolean {
    let busy = false;
    for (const input of this.#inputs) {
      const { source, tasks } = input;
      const records = source.read(Math.min(...tasks.map(({ position }) => position)), stepBytes);
      if (records.length === 0) continue;
      busy = true;
      this.#process(input, records);
      this.#dropped.save();
      for (const task of tasks) {
        if (task.query.changed === 0) task.sink.store(task.position);
        else if (task.query.changed >= manyGroups) this.#commit(task);
      }
    }
    if (performance.now() - this.#committed >= this.#commitMs && this.commit()) busy = true;
    return busy;
  }

  /** Writes the last state of every group that has changed; false if none had. */
  commit(): boolean {
    this.#committed = performance.now();
    let busy = false;
    for (const task of this.#tasks) if (task.query.changed > 0) busy = this.#commit(task);
    return busy;
  }

  /** After a restart the queries over a partition may be at different positions. */
  #process({ read, tasks }: Input, records: readonly TopicRecord[]): void {
    let current = tasks[0]!;
    const log: Log = (message) => {
      for (const { plan, position, tally } of tasks) if (position <= this.#offset) this.#enter(plan, tally, message);
    };
    try {
      for (const record of records) {
        const { offset } = record;
        this.#offset = offset;
        const row = read(record, log);
        for (const task of tasks) {
          if (task.position > offset) continue;
          current = task;
          const before = this.#entries;
          const cause = typeof row === "string" ? row : task.query.process(row, task.emit);
          task.position = offset + 1;
          if (cause === undefined && this.#entries === before) continue;
          // ksqlDB makes no log entry for a record that is late or has no key.
          const logged = typeof row === "string" || this.#entries !== before;
          task.tally.add(cause ?? "incomplete", offset, logged ? this.#entry : "");
        }
      }
    } catch (error) {
      const offset = this.#offset;
      for (const task of tasks) this.#commit(task);
      throw asUserError(error, current.plan, offset);
    } finally {
      this.#offset = silent;
    }
  }

  #commit(task: Task): boolean {
    const before = this.#entries;
    this.#offset = ofMany;
    try {
      task.query.commit(task.emit);
    } catch (error) {
      throw asUserError(error, task.plan, task.position);
    } finally {
      this.#offset = silent;
    }
    if (this.#entries !== before) task.tally.add("incomplete", undefined, this.#entry);
    this.#dropped.save();
    task.sink.store(task.position);
    return true;
  }

  /** Makes an entry in the processing log, unless an earlier run has counted the record. */
  #enter({ sink }: Plan, { upTo }: Tally, message: string): void {
    this.#entries++;
    this.#entry = message;
    if (this.#offset >= upTo) this.#log(sink.name, message);
  }
}

function sinksOf({ source, sink }: Plan, sources: readonly PartitionReader[], topics: Topics) {
  const sinks = topics.writers(sink.topic, source.topic);
  if (sinks.length !== sources.length) {
    throw new UserError(
      `${sink.topic} has ${sinks.length} partitions, its source ${source.topic} ${sources.length}: the numbers must be equal`,
    );
  }
  return sinks;
}

/** An error that ends a query names the statement, the record and the reason; any other error is a bug of this engine. */
function asUserError(error: unknown, { file, source }: Plan, position: number): unknown {
  if (!(error instanceof QueryFailure || error instanceof OutsideSubset)) return error;
  const what =
    error instanceof QueryFailure ? "on a server this ends the query" : "this engine does not know ksqlDB's answer";
  return new UserError(`${file}: ${error.message} (${source.topic}, offset ${position}): ${what}.`, { cause: error });
}

/**
 * Rebuilds the state behind the stored rows, reading the partition once for all its tasks. The windows that are open at the
 * time of the newest row hold no record older than that time less size and grace; without windows every record counts.
 */
function restore({ source, read, tasks }: Input): void {
  const stretches = tasks
    .filter(({ plan, position }) => plan.aggregation !== undefined && position > 0)
    .map((task) => ({ task, from: restoredFrom(source, task) }));
  const end = Math.max(...stretches.map(({ task }) => task.position));
  let from = Math.min(...stretches.map((stretch) => stretch.from));
  while (from < end) {
    const records = source.read(from, stepBytes);
    if (records.length === 0) break;
    for (const record of records) {
      const row = read(record, () => {});
      if (typeof row === "string") continue;
      for (const { task, from: first } of stretches)
        if (first <= record.offset && record.offset < task.position) task.query.process(row, () => {});
    }
    from = records.at(-1)!.offset + 1;
  }
  for (const { task } of stretches) task.query.commit(() => {});
}

/** The first offset whose record may be in a window that was open when a task's newest row was written. */
function restoredFrom(source: PartitionReader, { plan, sink }: Task): number {
  const { window } = plan.aggregation!;
  return window ? source.offsetSince(sink.newest - window.size - window.grace) : 0;
}
