/** Topics in memory, one partition each, and a registry: what statements are tested over. */
import {
  UnknownSchema,
  type PartitionReader,
  type PartitionWriter,
  type Schemas,
  type TopicRecord,
  type Topics,
} from "../../topics/port.ts";

export class MemoryTopics implements Topics {
  readonly schemas = new MemorySchemas();
  readonly #topics = new Map<string, MemoryPartition>();

  topic(name: string): MemoryPartition {
    let topic = this.#topics.get(name);
    if (topic === undefined) this.#topics.set(name, (topic = new MemoryPartition()));
    return topic;
  }

  partitions(name: string): readonly PartitionReader[] {
    return [this.topic(name)];
  }

  writers(name: string): readonly PartitionWriter[] {
    return [this.topic(name)];
  }
}

class MemoryPartition implements PartitionReader, PartitionWriter {
  readonly records: TopicRecord[] = [];
  position = -1;

  get end(): number {
    return this.records.length;
  }

  get newest(): number {
    return Math.max(...this.records.map(({ timestamp }) => timestamp));
  }

  read(from: number): TopicRecord[] {
    return this.records.slice(from);
  }

  skipTo(): void {}

  offsetSince(): number {
    return 0;
  }

  add(timestamp: number, key: Buffer | null, value: Buffer | null): void {
    const copy = (bytes: Buffer | null) => (bytes === null ? null : Buffer.from(bytes));
    this.records.push({ offset: this.records.length, timestamp, key: copy(key), value: copy(value) });
  }

  store(position: number): void {
    this.position = position;
  }
}

class MemorySchemas implements Schemas {
  readonly #schemas: object[] = [];

  byId(id: number): object {
    const schema = this.#schemas[id - 1];
    if (schema === undefined) throw new UnknownSchema(`schema id ${id} was never given`);
    return schema;
  }

  idOf(_subject: string, schema: object): number {
    const text = JSON.stringify(schema);
    const place = this.#schemas.findIndex((other) => JSON.stringify(other) === text);
    return place < 0 ? this.#schemas.push(schema) : place + 1;
  }
}
