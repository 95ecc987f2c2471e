/**
 * The log of the local platform: topics as append-only files, in place of Kafka. It is not a broker: one process, no
 * consumer groups, no replication. A `kill -9` loses nothing that was stored (it is in the system's cache); a power failure
 * may tear the end of a file, which the next start cuts off.
 *
 *     <dir>/<topic>/<partition>.log    batches (batch.ts)
 *     <dir>/schemas.json               schema ids
 */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Topic } from "../../schemas/catalog.ts";
import type { PartitionWriter, TopicRecord, Topics } from "../port.ts";
import type { Sink } from "../sink.ts";
import { Partition } from "./partition.ts";
import { partitionOf } from "../partitioner.ts";
import { SchemaStore } from "./schema-store.ts";

/** A batch is stored when it has this many bytes, or when its first record has waited this long (milliseconds). */
const batchBytes = 256 * 1024;
const lingerMs = 50;

export class Log implements Sink, Topics {
  readonly schemas: SchemaStore;
  /** Records that were sent again, but are stored already. */
  known = 0;
  readonly #topics = new Map<string, readonly Partition[]>();
  readonly #keys = new Map<string, Buffer>();
  /** The frame of each partition's last record. */
  readonly #frames = new Map<Partition, number>();
  #source: bigint | undefined;
  /** Number of the present frame. */
  #position = 0;
  #waiting = waiting();
  #linger: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  #closed = false;

  constructor(dir: string, topics: readonly Topic[]) {
    mkdirSync(dir, { recursive: true });
    this.schemas = new SchemaStore(join(dir, "schemas.json"));
    for (const topic of topics) {
      mkdirSync(join(dir, topic.name), { recursive: true });
      const path = (partition: number) => join(dir, topic.name, `${partition}.log`);
      this.#topics.set(
        topic.name,
        Array.from({ length: topic.partitions }, (_, i) => new Partition(path(i))),
      );
    }
  }

  /** Torn writes that opening cut off, one line a file. */
  get repairs(): string[] {
    return [...this.#topics].flatMap(([topic, partitions]) =>
      partitions.flatMap(({ cut }, i) => (cut === undefined ? [] : [`${topic}/${i}: ${cut}`])),
    );
  }

  partitions(topic: string): readonly Partition[] {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw new Error(`the log has no topic ${topic}`);
    return partitions;
  }

  begin(source: string): void {
    this.#storeAll();
    this.#source = idOf(source);
  }

  /** The last frame of a source of which a record is stored; 0 if there is none. */
  lastFrame(source: string): number {
    const id = idOf(source);
    let after = 1;
    for (const partitions of this.#topics.values())
      for (const partition of partitions) after = Math.max(after, partition.position(id));
    return after - 1;
  }

  frame(position: number): void {
    this.#position = position;
  }

  send(topic: string, key: string | null, timestamp: number, value: Buffer): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    const partitions = this.partitions(topic);
    const keyBytes = key === null ? null : this.#keyBytes(key);
    const partition = partitions[keyBytes === null ? 0 : partitionOf(keyBytes, partitions.length)]!;
    if (this.#source === undefined) throw new Error("the log was sent a record before its source began");
    const position = this.#position;
    if (position < partition.position(this.#source)) {
      this.known++;
      return true;
    }
    // A batch ends with a frame: the parts of a snapshot are stored together.
    if (partition.pendingBytes >= batchBytes && position !== this.#frames.get(partition)) this.#store(partition);
    partition.add(timestamp, keyBytes, value);
    this.#frames.set(partition, position);
    this.#linger ??= setTimeout(() => this.#storeAll(), lingerMs);
    return true;
  }

  /**
   * The partitions of a topic, to store rows in that a statement makes of the topic `source`: how far it has read is stored
   * with them, by that topic's name, since offsets of another say nothing.
   */
  writers(topic: string, source: string): readonly PartitionWriter[] {
    const id = idOf(`topic ${source}`);
    return this.partitions(topic).map((partition) => ({
      position: partition.position(id),
      newest: partition.newest,
      add: partition.add.bind(partition),
      store: (position) => {
        if (partition.store(id, position)) this.#wake();
      },
    }));
  }

  /** Resolves at the next store, or at close. Take the promise, then read to the end, then await it: nothing is missed. */
  stored(): Promise<void> {
    return this.#waiting.promise;
  }

  read(topic: string, partition: number, from: number, maxBytes: number): TopicRecord[] {
    return this.partitions(topic)[partition]!.read(from, maxBytes);
  }

  /** Stores are synchronous writes: there is always room. */
  async drained(): Promise<void> {}

  async flush(): Promise<void> {
    this.#storeAll();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#linger);
      for (const partitions of this.#topics.values()) for (const partition of partitions) partition.close();
      this.#wake();
    }
  }

  #store(partition: Partition): void {
    if (partition.store(this.#source!, this.#frames.get(partition)! + 1)) this.#wake();
  }

  #storeAll(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    try {
      for (const partition of this.#frames.keys()) this.#store(partition);
    } catch (error) {
      // Thrown by the timer nothing would catch it: the next send, flush or close throws it.
      this.#failure = error as Error;
    }
  }

  #wake(): void {
    const { resolve } = this.#waiting;
    this.#waiting = waiting();
    resolve();
  }

  #keyBytes(key: string): Buffer {
    let bytes = this.#keys.get(key);
    if (bytes === undefined) this.#keys.set(key, (bytes = Buffer.from(key)));
    return bytes;
  }
}

/** The id by which a batch names the source of its records. */
function idOf(source: string): bigint {
  return createHash("sha256").update(source).digest().readBigUInt64BE();
}

function waiting(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
