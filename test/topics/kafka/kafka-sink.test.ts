import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { end, startScript } from "../../../bench/producer/round.ts";
import { KafkaSink } from "../../../topics/kafka/kafka-sink.ts";
import { describeSink } from "../sink-contract.ts";
import { plain, readAll } from "./kafka-records.ts";

const quiet = () => {};

describe("Kafka as a sink, on librdkafka's mock cluster", () => {
  let broker: Awaited<ReturnType<typeof startScript>>;
  let topics = 0;
  beforeAll(async () => void (broker = await startScript("broker.ts")));
  afterAll(() => end(broker.child));

  // With a buffer of one MiB, 40,000 records of 100 bytes do not fit in at once.
  const open = async () => ({
    sink: await KafkaSink.connect(plain(broker.line, 1024 * 1024), quiet),
    topic: `topic_${topics++}`,
  });

  describeSink(() => ({ open, partitions: 4, read: (topic) => readAll(plain(broker.line), topic) }));

  it("asks to wait while its buffer is full, and says how much waits", async () => {
    const { sink, topic } = await open();
    let sent = 0;
    const value = Buffer.alloc(1000);
    while (sink.send(topic, "BTC-USD", 1_790_000_000_000, value)) sent++;
    // A MiB of them, and as many as the broker has acknowledged meanwhile.
    expect(sent).toBeGreaterThan(900);
    expect(sent).toBeLessThan(10_000);
    expect(sink.sent - sink.acknowledged).toBeGreaterThan(0);
    await sink.drained();
    await sink.flush();
    expect(sink.acknowledged).toBe(sent + 1);
    await sink.close();
  });

  it("tells how long records took from their frame to the acknowledgement", async () => {
    const { sink, topic } = await open();
    const seconds: number[] = [];
    sink.onLatency = (value) => seconds.push(value);
    const before = Date.now() * 1000 - 3_000_000;
    for (let i = 0; i < 160; i++) {
      sink.frame(i, before);
      sink.send(topic, "BTC-USD", 1_790_000_000_000, Buffer.from("x"));
    }
    await sink.flush();
    expect(seconds).toHaveLength(10);
    for (const value of seconds) expect(value).toBeGreaterThan(3);
    await sink.close();
  });

  it("ends with the size of a record that no broker takes", async () => {
    const { sink, topic } = await open();
    expect(() => sink.send(topic, "BTC-USD", 1, Buffer.alloc(1_100_000))).toThrow(
      `Kafka takes no record of ${topic} (1100000 bytes)`,
    );
    await sink.close();
  });
});
