/** Reads a topic of Kafka as a log is read: by offset, without a group, committing nothing. */
import RdKafka from "@confluentinc/kafka-javascript";
import { UserError } from "../../command.ts";
import type { PlacedRecord, ReadOptions } from "../../schemas/wire.ts";
import { librdkafkaSettings, type KafkaConfig } from "./config.ts";

interface Range {
  readonly partition: number;
  /** The next offset to read, and the one after the last that there was at the start. */
  next: number;
  readonly end: number;
}

const patience = 10_000;
const mostAtOnce = 1_000;

/**
 * The records that a topic holds, of each partition the `last` ones, in batches; then an empty batch; with `follow`
 * those that come until `signal` aborts. In order within a partition. Throws UserError for a topic that is not there.
 */
export async function* readKafka(
  config: KafkaConfig,
  topic: string,
  { last, follow }: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<PlacedRecord[]> {
  const settings = {
    ...librdkafkaSettings(config),
    "group.id": "tapeline-tail",
    "enable.auto.commit": false,
    "enable.partition.eof": true,
  };
  const consumer = new RdKafka.KafkaConsumer(settings, {
    "auto.offset.reset": "earliest",
  });
  // Why nobody lets it in is in its log alone.
  let said = "";
  consumer.on("event.log", ({ fac, message }: { fac: string; message: string }) => {
    if (fac === "FAIL") said = message.replace(/^\[thrd:[^\]]*\]: /, "");
  });
  try {
    const ranges = await connect(consumer, topic, last).catch((error: unknown) => {
      throw said !== "" && error instanceof UserError
        ? new UserError(`${error.message} ${said}`, { cause: error })
        : error;
    });
    consumer.assign(ranges.map(({ partition, next }) => ({ topic, partition, offset: next })));
    consumer.setDefaultConsumeTimeout(100);
    // Also where the last offsets are no records but marks of transactions.
    consumer.on("partition.eof", ({ partition }: { partition: number }) => {
      const range = ranges.find((one) => one.partition === partition)!;
      range.next = Math.max(range.next, range.end);
    });
    const isOver = () => ranges.every(({ next, end }) => next >= end);
    for (let present = true; !signal.aborted;) {
      if (present && isOver()) {
        present = false;
        yield [];
        if (!follow) return;
      }
      const messages = await consume(consumer);
      const records: PlacedRecord[] = [];
      for (const message of messages) {
        const range = ranges.find(({ partition }) => partition === message.partition)!;
        // Never back: the end of a partition is told before the records that stand in front of it.
        range.next = Math.max(range.next, message.offset + 1);
        if (follow || message.offset < range.end) records.push(toRecord(message));
      }
      if (records.length > 0) yield records;
    }
  } finally {
    await new Promise<void>((resolve) => (consumer.isConnected() ? consumer.disconnect(() => resolve()) : resolve()));
  }
}

async function connect(consumer: RdKafka.KafkaConsumer, topic: string, last: number): Promise<Range[]> {
  const metadata = await new Promise<RdKafka.Metadata>((resolve, reject) =>
    consumer.connect({ topic, timeout: patience }, (error, data) =>
      error ? reject(faultOf(topic, error)) : resolve(data),
    ),
  );
  const partitions = metadata.topics.find(({ name }) => name === topic)?.partitions ?? [];
  if (partitions.length === 0) throw new UserError(`Kafka has no topic ${topic}, or this key may not read it.`);
  return Promise.all(
    partitions.map(async ({ id: partition }) => {
      const { lowOffset, highOffset } = await new Promise<RdKafka.WatermarkOffsets>((resolve, reject) => {
        consumer.queryWatermarkOffsets(topic, partition, patience, (error, offsets: RdKafka.WatermarkOffsets) => {
          if (error) reject(faultOf(topic, error));
          else resolve(offsets);
        });
      });
      return { partition, next: Math.max(lowOffset, highOffset - last), end: highOffset };
    }),
  );
}

function consume(consumer: RdKafka.KafkaConsumer): Promise<RdKafka.Message[]> {
  return new Promise((resolve, reject) =>
    consumer.consume(mostAtOnce, (error, messages) =>
      error ? reject(new UserError(`can not read from Kafka: ${error.message}.`)) : resolve(messages),
    ),
  );
}

function toRecord({ partition, offset, timestamp = 0, key, value }: RdKafka.Message): PlacedRecord {
  return { partition, offset, timestamp, key: key === null || key === undefined ? null : Buffer.from(key), value };
}

function faultOf(topic: string, error: RdKafka.LibrdKafkaError): UserError {
  return new UserError(`can not read ${topic} from Kafka: ${error.message}.`, { cause: error });
}
