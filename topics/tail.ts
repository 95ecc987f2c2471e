/** `npm run tail`: the records of a topic, decoded, one JSON object a line. */
import { once } from "node:events";
import { join } from "node:path";
import avsc from "avsc";
import { stopSignal, UsageError } from "../program/command.ts";
import { command, dataSetting } from "../program/command-line.ts";
import { shaped } from "../program/forms.ts";
import { readEnvironment } from "../program/environment.ts";
import type { PlacedRecord, TopicStream } from "./port.ts";
import { headerLength, schemaIdOf } from "./wire.ts";
import { readRegistry } from "./registry/config.ts";
import { readKafkaConfig } from "./kafka/config.ts";
import { ensureBinding } from "./kafka/native.ts";
import { reachBroker } from "./kafka/reach.ts";
import { readLog } from "./log/read-log.ts";
import { SchemaStore } from "./log/schema-store.ts";

const declaration = {
  usage: "npm run tail -- TOPIC [-n N|all] [--follow] [--local|--kafka] [--data DIR]",
  lines: ["TOPIC"],
  about: `
  TOPIC         coinbase_full, coinbase_level2, coinbase_ticker, feed_quarantine, or one that a statement writes: npm start
                runs the statements; Kafka has their topics once a ksqlDB server runs them.`,
  options: {
    n: {
      form: shaped(/^(\d{1,9}|all)$/, "a whole number, or all,"),
      short: "n",
      default: "10",
      doc: "How many of the latest records, or all.",
    },
    follow: { short: "f", doc: "Continues with new records, until Ctrl-C." },
    local: { doc: "Reads the log of npm start (default), in --data." },
    kafka: { doc: "Reads the Kafka that the environment names: what is committed, as the sink reads it." },
    data: dataSetting,
  },
  notes: `
Each line has topic, partition, offset, timestamp (milliseconds since 1970), key and value: numbers and texts as they are in
the record, so times are microseconds since 1970 and decimals texts. A key of a windowed table has windowStart beside it, the
milliseconds since 1970 at which its window starts.`,
} as const;

await command(declaration, async (values, [topic = ""]) => {
  if (values.local && values.kafka) throw new UsageError("--local or --kafka: one of them.");
  const last = values.n === "all" ? Infinity : Number(values.n);
  const place = values.kafka ? await kafkaPlace(topic) : logPlace(values.data, topic);
  const stop = stopSignal(undefined, () => {});
  const print = printer(topic, place);

  // Stored records are sorted by time and cut, because partitions have no common order; with -n all they are printed as read.
  let present: PlacedRecord[] | undefined = last === Infinity ? undefined : [];
  for await (const batch of place.batches({ last, follow: values.follow }, stop)) {
    if (present === undefined) await print(batch);
    else if (batch.length > 0) present.push(...batch);
    else {
      present.sort((a, b) => a.timestamp - b.timestamp || a.offset - b.offset);
      if (present.length === 0) process.stderr.write(`${topic} has no records\n`);
      await print(present.slice(Math.max(0, present.length - last)));
      present = undefined;
    }
  }
});

function logPlace(data: string, topic: string): TopicStream {
  const dir = join(data, "log");
  return {
    batches: (options, signal) => readLog(dir, topic, options, signal),
    // The file is read again for each schema: a running platform may have added it.
    schema: async (id) => new SchemaStore(join(dir, "schemas.json")).byId(id),
  };
}

async function kafkaPlace(topic: string): Promise<TopicStream> {
  const environment = readEnvironment();
  const kafka = readKafkaConfig(environment);
  const registry = readRegistry(environment, "required");
  environment.check();
  await ensureBinding((line) => void process.stderr.write(`${line}\n`));
  await reachBroker(kafka);
  const { readKafka } = await import("./kafka/read-kafka.ts");
  return {
    batches: (options, signal) => readKafka(kafka, topic, options, signal),
    schema: (id) => registry!.byId(id),
  };
}

/**
 * A key as text. ksqlDB puts the start of the window behind the key of a windowed table, as 8 bytes, big-endian: until the
 * year 10889 they begin with two zeros, and no text has one.
 */
function keyMembers(key: Buffer | null): { key: string | null; windowStart?: number } {
  const end = (key?.length ?? 0) - 8;
  if (key === null || end < 0 || key.readUInt16BE(end) !== 0) return { key: key && key.toString() };
  return { key: key.toString("utf8", 0, end), windowStart: Number(key.readBigInt64BE(end)) };
}

/** Prints records as JSON lines; waits where the reader of stdout is slower. */
function printer(topic: string, place: TopicStream): (records: readonly PlacedRecord[]) => Promise<void> {
  const types = new Map<number, avsc.Type>();
  const typeOf = async (id: number) => {
    let type = types.get(id);
    if (type === undefined) types.set(id, (type = avsc.Type.forSchema((await place.schema(id)) as avsc.Schema)));
    return type;
  };
  return async (records) => {
    for (const { partition, offset, timestamp, key, value } of records) {
      const decoded = value && ((await typeOf(schemaIdOf(value))).fromBuffer(value.subarray(headerLength)) as unknown);
      const line = JSON.stringify({ topic, partition, offset, timestamp, ...keyMembers(key), value: decoded });
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
    }
  };
}
