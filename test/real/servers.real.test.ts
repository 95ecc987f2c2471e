/** That the servers are what their tests take them for, by a client that no one here wrote. */
import { readFileSync } from "node:fs";
import { ConfigResourceTypes, Kafka as Client, logLevel, type KafkaConfig } from "kafkajs";
import { beforeAll, expect, it } from "vitest";
import { describeApicurio, startApicurio } from "./apicurio.ts";
import { describeKafka, startKafka, type Kafka } from "./kafka.ts";

describeKafka("Apache Kafka for tests", () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka({ "log.retention.hours": 24 });
  });

  const plain = (): KafkaConfig => ({ brokers: [kafka.bootstrap] });
  const secure = (password = kafka.secure.password): KafkaConfig => ({
    brokers: [kafka.secure.bootstrap],
    ssl: { ca: [readFileSync(kafka.secure.caFile, "utf8")] },
    // A new object for every client: kafkajs keeps a hook with the first password in it.
    sasl: { mechanism: "plain", username: kafka.secure.user, password },
  });
  const client = (config: KafkaConfig) => new Client({ logLevel: logLevel.NOTHING, ...config });

  it.each([
    ["without authentication", plain],
    ["with TLS and a password", () => secure()],
  ])("creates topics and describes them %s", async (name, config) => {
    const topic = name.replaceAll(" ", "-");
    const admin = client(config()).admin();
    await admin.connect();
    try {
      const configEntries = [{ name: "retention.ms", value: "3600000" }];
      expect(await admin.createTopics({ topics: [{ topic, numPartitions: 3, configEntries }] })).toBe(true);
      expect(await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] })).toBe(false);

      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ["retention.ms"] }];
      const described = await admin.describeConfigs({ resources, includeSynonyms: false });
      expect(described.resources[0]?.configEntries).toMatchObject([
        { configName: "retention.ms", configValue: "3600000" },
      ]);

      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      expect(topics[0]?.partitions.map(({ leader }) => leader)).toEqual([1, 1, 1]);
    } finally {
      await admin.disconnect();
    }
  });

  it("creates no topic that no one ordered, and takes further properties", async () => {
    const admin = client(plain()).admin();
    await admin.connect();
    try {
      await expect(admin.fetchTopicMetadata({ topics: ["unheard-of"] })).rejects.toThrow("does not host");
      const names = ["auto.create.topics.enable", "log.retention.hours"];
      const resources = [{ type: ConfigResourceTypes.BROKER, name: "1", configNames: names }];
      const { configEntries } = (await admin.describeConfigs({ resources, includeSynonyms: false })).resources[0]!;
      expect(Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue]))).toEqual(
        {
          "auto.create.topics.enable": "false",
          "log.retention.hours": "24",
        },
      );
    } finally {
      await admin.disconnect();
    }
  });

  it("refuses a wrong password, and is refused by a client that does not know its authority", async () => {
    for (const [config, reason] of [
      [secure("wrong"), "Invalid username or password"],
      [{ ...secure(), ssl: true }, "self-signed certificate"],
    ] as const) {
      const admin = client({ ...config, retry: { retries: 0 } }).admin();
      await expect(admin.connect()).rejects.toThrow(reason);
      await admin.disconnect();
    }
  });

  it("has what was acknowledged after a kill -9 and a restart, at the same address", async () => {
    const topic = "survives";
    const admin = client(plain()).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await admin.disconnect();
    const producer = client(plain()).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ key: "BTC-USD", value: "one", timestamp: "1458000000000" }] });
    await producer.disconnect();

    await kafka.kill();
    const dead = client({ ...plain(), retry: { retries: 0 } }).admin();
    await expect(dead.connect()).rejects.toThrow("ECONNREFUSED");
    await kafka.restart();

    const consumer = client(secure()).consumer({ groupId: "after" });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const first = await new Promise((resolve, reject) => {
      consumer.run({ eachMessage: async ({ message }) => resolve(message) }).catch(reject);
    });
    await consumer.disconnect();
    expect(first).toMatchObject({ value: Buffer.from("one"), timestamp: "1458000000000", offset: "0" });
  });
});

describeApicurio("Apicurio Registry for tests", () => {
  it("answers as a Schema Registry, and demands the compatibility that was asked for", async () => {
    const { url } = await startApicurio("FULL_TRANSITIVE");
    expect(await (await fetch(`${url}/subjects`)).json()).toEqual([]);
    expect(await (await fetch(`${url}/config`)).json()).toEqual({ compatibilityLevel: "FULL_TRANSITIVE" });
  });
});
