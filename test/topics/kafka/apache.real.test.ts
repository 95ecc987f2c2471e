/** The Kafka sink and its checks against Apache Kafka itself. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka as Client, logLevel } from "kafkajs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Logger } from "../../../program/logger.ts";
import type { KafkaConfig } from "../../../topics/kafka/config.ts";
import { readKafka } from "../../../topics/kafka/read-kafka.ts";
import { KafkaSink } from "../../../topics/kafka/kafka-sink.ts";
import { checkTopics } from "../../../topics/kafka/check-topics.ts";
import type { Topic } from "../../../schemas/catalog.ts";
import { describeKafka, startKafka, type Kafka } from "../../real/kafka.ts";
import { describeSink, faultsIn, sendNumbered } from "../sink-contract.ts";
import { plain, readAll } from "./kafka-records.ts";

const quiet = () => {};
const day = 86_400_000;

/** A logger, and what it was told. */
function listener(): { said: string[]; log: Logger } {
  const said: string[] = [];
  return { said, log: (_, message) => said.push(message) };
}

describeKafka("Apache Kafka", () => {
  let kafka: Kafka;
  let secure: KafkaConfig;
  let topics = 0;
  beforeAll(async () => {
    kafka = await startKafka();
    const { bootstrap, caFile, user, password } = kafka.secure;
    secure = {
      ...plain(bootstrap, 1024 * 1024),
      tls: true,
      authorities: readFileSync(caFile, "utf8"),
      login: { mechanism: "PLAIN", key: user, secret: password },
    };
  });

  const newTopic = (settings: Partial<Topic> = {}): Topic => ({
    name: `topic_${topics++}`,
    writtenBy: "producer",
    partitions: 6,
    retentionMs: -1,
    ...settings,
  });
  const create = async (topic: Topic) => {
    await checkTopics(secure, { topics: [topic], create: true, oldest: undefined }, quiet);
    return topic;
  };

  describe("as a sink, with TLS and a password", () => {
    describeSink(() => ({
      async open() {
        const { name } = await create(newTopic());
        return { sink: await KafkaSink.connect(secure, quiet), topic: name };
      },
      partitions: 6,
      read: (topic) => readAll(secure, topic),
    }));

    it("says what Kafka refuses for good, and ends the run", async () => {
      const { name } = await create(newTopic());
      const sink = await KafkaSink.connect(secure, quiet);
      sink.frame(1, undefined);
      // Two hours ahead: more than a broker believes (message.timestamp.after.max.ms).
      sink.send(name, "BTC-USD", Date.now() + 2 * 3_600_000, Buffer.from("x"));
      await expect(sink.flush()).rejects.toThrow(`Kafka refuses a record of ${name}: Broker: Invalid timestamp`);
      await sink.close();
    });
  });

  it("loses nothing, doubles nothing and keeps the order when a broker is killed under 20,000 records a second", async () => {
    const other = await startKafka();
    const config = plain(other.bootstrap);
    const topic = newTopic();
    await checkTopics(config, { topics: [topic], create: true, oldest: undefined }, quiet);
    const { said, log } = listener();
    const sink = await KafkaSink.connect(config, log);
    const count = 200_000;
    let killed: Promise<void> | undefined;
    for (let sent = 0; sent < count; sent += 400) {
      await sendNumbered(sink, topic.name, 400, sent);
      await sleep(20);
      if (sent === 60_000)
        killed = other
          .kill()
          .then(() => sleep(2_000))
          .then(() => other.restart());
    }
    await killed;
    await sink.flush();
    expect(said.join("\n")).toContain("the client keeps trying");
    expect(faultsIn(await readAll(config, topic.name), count)).toEqual([]);
    await sink.close();
    await other.stop();
  }, 180_000);

  it("is read to its end, where transactions end with marks that are no records", async () => {
    const { name } = await create(newTopic({ partitions: 1 }));
    const client = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
    const producer = client.producer({ transactionalId: "tail", maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: name, messages: [{ value: "one" }, { value: "two" }] });
    await transaction.commit();
    await producer.disconnect();
    // A commit is answered before its marks are written; until then nothing of it is to be read.
    const read = async () => (await readAll(plain(kafka.bootstrap), name)).map(({ value }) => value.toString());
    await expect.poll(read, { timeout: 10_000 }).toEqual(["one", "two"]);
  });

  it("is read without what was not committed, as many records as asked for, whatever lies between them", async () => {
    const { name } = await create(newTopic({ partitions: 1 }));
    const client = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
    const producer = client.producer({ transactionalId: "exactly", maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    // Ten records that count, each with a mark behind it, and then hundreds that do not.
    for (let i = 0; i < 10; i++) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: name, messages: [{ value: `kept ${i}` }] });
      await transaction.commit();
    }
    const given = await producer.transaction();
    const messages = Array.from({ length: 300 }, (_, i) => ({ value: `given up ${i}` }));
    await given.send({ topic: name, messages });
    await given.abort();
    await producer.disconnect();
    const read = async (last: number) =>
      (await readAll(plain(kafka.bootstrap), name, last)).map(({ value }) => value.toString());
    const kept = Array.from({ length: 10 }, (_, i) => `kept ${i}`);
    await expect.poll(() => read(Infinity), { timeout: 10_000 }).toEqual(kept);
    const last = (await read(3)).toSorted();
    expect(last.slice(-3)).toEqual(kept.slice(-3));
    expect(new Set(last).size).toBe(last.length);

    // What comes is followed from where the last record lay, not from where was looked for it.
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const batch of readKafka(plain(kafka.bootstrap), name, { last: 3, follow: true }, stop.signal)) {
      seen.push(...batch.map(({ value }) => value!.toString()));
      if (batch.length === 0) {
        const sink = await KafkaSink.connect(plain(kafka.bootstrap), quiet);
        sink.frame(1, undefined);
        sink.send(name, "BTC-USD", Date.now(), Buffer.from("new"));
        await sink.flush();
        await sink.close();
      }
      if (seen.includes("new")) stop.abort();
    }
    expect(seen.toSorted()).toEqual([...last, "new"].toSorted());
  });

  describe("its topics", () => {
    const check = (topic: Topic, oldest?: number) =>
      checkTopics(secure, { topics: [topic], create: false, oldest }, quiet);

    it("are created on this machine as the catalogue has them", async () => {
      const topic = newTopic({ partitions: 3, retentionMs: 7 * day });
      const { said, log } = listener();
      await checkTopics(secure, { topics: [topic], create: false, oldest: undefined }, log);
      expect(said).toEqual([`created ${topic.name} with the catalogue's retention`]);
      const admin = new Client({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      const resources = [{ type: 2, name: topic.name, configNames: ["retention.ms"] }];
      const { resources: found } = await admin.describeConfigs({ resources, includeSynonyms: false });
      expect(found[0]!.configEntries[0]!.configValue).toBe(String(7 * day));
      const metadata = await admin.fetchTopicMetadata({ topics: [topic.name] });
      expect(metadata.topics[0]!.partitions).toHaveLength(3);
      await admin.disconnect();
    });

    it("are refused with another count of partitions", async () => {
      const topic = await create(newTopic());
      await expect(check({ ...topic, partitions: 4 })).rejects.toThrow(
        `${topic.name} has 6 partitions, but 4 in the catalogue and the ksqlDB statements`,
      );
    });

    it("are refused for a recording that their retention would delete, and taken for a younger one", async () => {
      const topic = await create(newTopic({ retentionMs: 7 * day }));
      await expect(check(topic, Date.UTC(2016, 2, 12))).rejects.toThrow(
        new RegExp(`${topic.name} keeps 7 days \\(retention.ms\\), and the recording starts \\d+ days ago`),
      );
      await check(topic, Date.now() - 6 * day);
    });

    it("that are made for a recording keep it for ever", async () => {
      const topic = newTopic({ retentionMs: 7 * day });
      const old = Date.UTC(2016, 2, 12);
      await checkTopics(secure, { topics: [topic], create: false, oldest: old }, quiet);
      await check(topic, old);
    });
  });
});
