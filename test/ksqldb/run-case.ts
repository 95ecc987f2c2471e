/** Runs statements over records, on the engine and the log of the platform, record by record. */
import { join } from "node:path";
import avsc from "avsc";
import { analyse } from "../../ksqldb/language/analyse.ts";
import { Engine } from "../../ksqldb/engine/engine.ts";
import { valueSchema } from "../../ksqldb/engine/serde.ts";
import { engineTopics } from "../../local/platform.ts";
import { Log } from "../../producer/log/log.ts";
import { headerLength, schemaIdOf, wireEncoder } from "../../schemas/wire.ts";
import { newFolder } from "../folder.ts";

export interface CaseRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly timestamp: number;
  readonly value: Record<string, unknown> | null;
}

/**
 * What the statements write for the inputs, topic by topic in the order of the records. What they put into the processing
 * log is collected in `complaints`; where that is not given, nothing may be.
 */
export async function runCase(
  statements: string,
  inputs: readonly CaseRecord[],
  complaints?: string[],
): Promise<CaseRecord[]> {
  const { streams, plans } = analyse([{ file: "statements.sql", text: statements }]);
  const topics = [...streams.values()].map(({ topic }) => ({
    name: topic,
    writtenBy: "producer" as const,
    partitions: 1,
    retentionMs: 0,
  }));
  const log = new Log(join(newFolder(), "log"), topics);
  const logged = complaints ?? [];
  const engine = new Engine(plans, engineTopics(log), (query, message) => logged.push(`${query}: ${message}`));
  for (const { topic, key, timestamp, value } of inputs) {
    const stream = [...streams.values()].find((candidate) => candidate.topic === topic)!;
    const schema = valueSchema(stream);
    const id = log.schemas.register(`${topic}-value`, schema);
    const partition = log.partitions(topic)[0]!;
    partition.add(timestamp, key === null ? null : Buffer.from(key), value === null ? null : encode(schema, id, value));
    log.storeRows(partition, -1);
    while (engine.step());
  }
  const outputs = plans.flatMap(({ sink: { topic } }) =>
    log.read(topic, 0, 0, 1e9).map((record) => ({
      topic,
      key: record.key === null ? null : record.key.toString(),
      timestamp: record.timestamp,
      value: record.value === null ? null : decode(log.schemas.byId(schemaIdOf(record.value)), record.value),
    })),
  );
  await log.close();
  if (complaints === undefined && logged.length > 0) throw new Error(logged.join("\n"));
  return outputs;
}

function encode(schema: object, id: number, value: object): Buffer {
  return wireEncoder(avsc.Type.forSchema(schema as avsc.Schema), id)(value);
}

function decode(schema: object, value: Buffer): Record<string, unknown> {
  const record: unknown = avsc.Type.forSchema(schema as avsc.Schema).fromBuffer(value.subarray(headerLength));
  return JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
}
