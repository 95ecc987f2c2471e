/** Reads a topic of Kafka as the log is read: by offset, without a consumer group or commits. */
import RdKafka from "@confluentinc/kafka-javascript";
import { UserError, shown } from "../../program/command.ts";
import type { PlacedRecord, ReadOptions } from "../port.ts";
import { misadvertisedIn } from "./advertised.ts";
import { librdkafkaSettings, type KafkaConfig } from "./config.ts";

interface Range {
  readonly partition: number;
  /** The first offset that Kafka still has. */
  readonly low: number;
  /** Where reading began, the next offset to read, and the one after the last to read. */
  start: number;
  next: number;
  end: number;
  /** Records found, and how far to look back if there are too few. */
  found: number;
  step: number;
  /** Where to follow from. */
  follow: number;
}

const patience = 10_000;
const mostAtOnce = 1_000;

/** The committed records of a topic, as TopicStream has them. Throws UserError for a topic that is not there. */
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
    // What a query of ksqlDB wrote in an aborted transaction is not a record.
    "isolation.level": "read_committed",
  };
  const consumer = new RdKafka.KafkaConsumer(settings, {
    "auto.offset.reset": "earliest",
  });
  // Only its log says why a connection is refused.
  let said = "";
  consumer.on("event.log", ({ fac, message }: { fac: string; message: string }) => {
    if (fac === "FAIL") said = message.replace(/^\[thrd:[^\]]*\]: /, "");
  });
  try {
    const ranges = await connect(consumer, topic, last).catch((error: unknown) => {
      if (said === "" || !(error instanceof UserError)) throw error;
      throw new UserError(misadvertisedIn(said, config) ?? `${error.message} ${said}`, { cause: error });
    });
    const read = (some: readonly Range[]) =>
      consumer.assign(some.map(({ partition, next }) => ({ topic, partition, offset: next })));
    read(ranges);
    consumer.setDefaultConsumeTimeout(100);
    // Also if the last offsets are markers of transactions, not records.
    consumer.on("partition.eof", ({ partition }: { partition: number }) => {
      const range = ranges.find((one) => one.partition === partition)!;
      range.next = Math.max(range.next, range.end);
    });
    const isOver = () => ranges.every(({ next, end }) => next >= end);
    let isBack = false;
    for (let present = true; !signal.aborted;) {
      if (present && isOver()) {
        const short = ranges.filter(({ found, start, low }) => found < last && start > low);
        if (short.length > 0) {
          isBack = true;
          short.forEach(stepBack);
          read(short);
          continue;
        }
        present = false;
        yield [];
        if (!follow) return;
        for (const range of ranges) Object.assign(range, { next: range.follow, end: Infinity });
        if (isBack) read(ranges);
      }
      const messages = await call<RdKafka.Message[]>("cannot read from Kafka", (done) =>
        consumer.consume(mostAtOnce, done),
      );
      const records: PlacedRecord[] = [];
      for (const message of messages) {
        const range = ranges.find(({ partition }) => partition === message.partition)!;
        // Never back: the end of a partition is reported before the records in front of it.
        range.next = Math.max(range.next, message.offset + 1);
        if (message.offset >= (follow && !isBack ? Infinity : range.end)) continue;
        range.found++;
        range.follow = Math.max(range.follow, range.next);
        records.push(toRecord(message));
      }
      if (records.length > 0) yield records;
    }
  } finally {
    await new Promise<void>((resolve) => (consumer.isConnected() ? consumer.disconnect(() => resolve()) : resolve()));
  }
}

async function connect(consumer: RdKafka.KafkaConsumer, topic: string, last: number): Promise<Range[]> {
  const what = `cannot read ${topic} from Kafka`;
  const metadata = await call<RdKafka.Metadata>(what, (done) => consumer.connect({ topic, timeout: patience }, done));
  const partitions = metadata.topics.find(({ name }) => name === topic)?.partitions ?? [];
  if (partitions.length === 0) throw new UserError(`Kafka has no topic ${shown(topic)}, or this key may not read it.`);
  return Promise.all(
    partitions.map(async ({ id: partition }) => {
      const { lowOffset: low, highOffset: end } = await call<RdKafka.WatermarkOffsets>(what, (done) =>
        consumer.queryWatermarkOffsets(topic, partition, patience, done),
      );
      const start = Math.max(low, end - last);
      return { partition, low, start, next: start, end, found: 0, step: Math.max(last, 100), follow: start };
    }),
  );
}

/** The result of a call of the client. Throws UserError with its reason. */
function call<T>(
  what: string,
  start: (done: (error: RdKafka.LibrdKafkaError, value: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) =>
    start((error, value) => {
      if (error) reject(new UserError(`${what}: ${error.message}.`, { cause: error }));
      else resolve(value);
    }),
  );
}

/** Markers and uncommitted records have offsets too: reads what lies before, further back each time. */
function stepBack(range: Range): void {
  range.end = range.start;
  range.start = Math.max(range.low, range.start - range.step);
  range.next = range.start;
  range.step *= 4;
}

function toRecord({ partition, offset, timestamp = 0, key, value }: RdKafka.Message): PlacedRecord {
  return { partition, offset, timestamp, key: key === null || key === undefined ? null : Buffer.from(key), value };
}
