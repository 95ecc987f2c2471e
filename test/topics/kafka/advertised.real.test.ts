/** A broker that sends its clients on to an address that is not known here: Apache Kafka itself, with such settings. */
import { readFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { reachBroker } from "../../../topics/kafka/reach.ts";
import { readKafka } from "../../../topics/kafka/read-kafka.ts";
import { checkTopics } from "../../../topics/kafka/check-topics.ts";
import { describeKafka, startKafka } from "../../real/kafka.ts";
import { plain } from "./kafka-records.ts";

describeKafka("a broker that advertises what is not known here", () => {
  let bootstrap: string;
  beforeAll(async () => {
    // As a container does whose name its network alone knows.
    const kafka = await startKafka((address) => ({
      "advertised.listeners": `PLAINTEXT://broker.invalid:9092,SASL_SSL://${address}`,
    }));
    ({ bootstrap } = kafka);
    const { bootstrap: known, caFile, user, password } = kafka.secure;
    const login = { mechanism: "PLAIN", key: user, secret: password } as const;
    const authorities = readFileSync(caFile, "utf8");
    // Through the other listener a topic can be created.
    const other = { ...plain(known), tls: true, authorities, login };
    await checkTopics(other, { topics: [topic], create: true, oldest: undefined }, () => {});
  });

  const told = () =>
    new RegExp(
      `^Kafka at ${bootstrap} answers, but advertises the address broker\\.invalid:9092, which cannot be reached from here \\(.+\\)\\. .*advertised\\.listeners`,
    );
  const topic = { name: "a_topic", writtenBy: "producer", partitions: 1, retentionMs: -1 } as const;

  it("is named as such before anything is sent, though it answers", async () => {
    const config = plain(bootstrap);
    await reachBroker(config);
    await expect(checkTopics(config, { topics: [topic], create: false, oldest: undefined }, () => {})).rejects.toThrow(
      told(),
    );
  });

  it("is named as such to who reads a topic of it", async () => {
    const read = readKafka(plain(bootstrap), "a_topic", { last: 1, follow: false }, new AbortController().signal);
    await expect(read.next()).rejects.toThrow(told());
  });
});
