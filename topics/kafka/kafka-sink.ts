/**
 * Kafka as a sink: librdkafka's producer, idempotent, acknowledged by all replicas.
 *
 * Delivery is not reported for each record, which would take four times as long as sending it: the number of acknowledged
 * records is read from librdkafka's statistics. A record that Kafka refuses for good ends the run, because what follows it
 * would hide a gap; unanswered requests are retried without end.
 */
import { once } from "node:events";
import RdKafka from "@confluentinc/kafka-javascript";
import { UserError } from "../../program/command.ts";
import type { Logger } from "../../program/logger.ts";
import type { Sink } from "../sink.ts";
import { misadvertisedIn } from "./advertised.ts";
import { librdkafkaSettings, type KafkaConfig } from "./config.ts";
import { Latency } from "./latency.ts";

/** How long a record waits for others of its partition, in milliseconds: larger batches are cheaper. */
const linger = 50;
/** How often librdkafka emits its statistics, and how often its events are polled, in milliseconds. */
const statisticsEvery = 25;
const pollEvery = 5;
/** Between two attempts to enqueue what a full queue did not take, in milliseconds. */
const retryEvery = 5;
/** Between two warnings about brokers that do not answer, in milliseconds. */
const complainEvery = 10_000;
const connectPatience = 15_000;

interface Waiting {
  readonly topic: string;
  readonly key: string | null;
  readonly timestamp: number;
  readonly value: Buffer;
}

export class KafkaSink implements Sink {
  /** Records handed to the client, and how many of them the brokers have acknowledged. */
  sent = 0;
  acknowledged = 0;
  /** Bytes that wait for their acknowledgement. */
  waitingBytes = 0;
  /** Bytes sent to the brokers, the protocol's included. */
  wireBytes = 0;
  /** How often the queue was full. */
  stalls = 0;
  /** Whether a broker is connected. */
  connected = true;
  /** Is given the seconds from the receipt of a frame to the acknowledgement of its record, for every sixteenth record. */
  onLatency: (seconds: number) => void = () => {};
  readonly #latency = new Latency();
  readonly #producer: RdKafka.Producer;
  readonly #log: Logger;
  /** What the full queue did not take. */
  readonly #overflow: Waiting[] = [];
  #receivedAt: number | undefined;
  #failure: UserError | undefined;
  #complainedAt = -Infinity;
  #closed = false;

  private constructor(producer: RdKafka.Producer, log: Logger) {
    this.#producer = producer;
    this.#log = log;
    producer.on("event.stats", ({ message }) => this.#account(message));
    producer.on("delivery-report", (error, report) => {
      if (error) this.#fail(`Kafka refuses a record of ${report.topic}: ${error.message}`);
    });
    producer.on("event.error", (error) => this.#complain(error.message));
    producer.setPollInterval(pollEvery);
  }

  /** Throws UserError if no broker accepts the connection within some seconds. */
  static async connect(config: KafkaConfig, log: Logger): Promise<KafkaSink> {
    const { compression } = config;
    if (compression !== undefined && compression !== "none" && !RdKafka.features.includes(compression))
      throw new UserError(
        `KAFKA_COMPRESSION is ${compression}, which the Kafka client was built without (docs/install.md): use lz4.`,
      );
    const settings = {
      ...librdkafkaSettings(config),
      "client.id": "tapeline",
      acks: "all",
      "enable.idempotence": true,
      // As in Kafka's Java clients: a product is in the partition where ksqlDB and the log expect it.
      partitioner: "murmur2_random",
      "compression.codec": config.compression ?? (RdKafka.features.includes("zstd") ? "zstd" : "lz4"),
      "linger.ms": linger,
      "queue.buffering.max.kbytes": Math.ceil(config.bufferBytes / 1024),
      "queue.buffering.max.messages": 10_000_000,
      // Without end: a record that is given up would be a silent gap.
      "message.timeout.ms": 0,
      "socket.keepalive.enable": true,
      "statistics.interval.ms": statisticsEvery,
      "enable.metrics.push": false,
      dr_cb: true,
      "delivery.report.only.error": true,
      log_level: 4,
    };
    const producer = new RdKafka.Producer(settings);
    let said = "";
    producer.on("event.log", ({ fac, message }: { fac: string; message: string }) => {
      if (/FAIL|ERROR/.test(fac)) said = message.replace(/^\[thrd:[^\]]*\]: /, "");
    });
    await new Promise<void>((resolve, reject) =>
      producer.connect({ timeout: connectPatience }, (error) => {
        if (error)
          reject(
            new UserError(
              misadvertisedIn(said, config) ??
                `Kafka at ${config.brokers.join(",")} refuses the connection: ${said || error.message}.`,
            ),
          );
        else resolve();
      }),
    );
    return new KafkaSink(producer, log);
  }

  /** Records that the brokers have not acknowledged, including those that wait for room. */
  get unacknowledged(): number {
    return this.sent - this.acknowledged + this.#overflow.length;
  }

  begin(): void {}

  frame(_: number, receivedAt: number | undefined): void {
    // A refusal may come when nothing more is sent, but heartbeats still arrive.
    if (this.#failure !== undefined) throw this.#failure;
    this.#receivedAt = receivedAt;
  }

  send(topic: string, key: string | null, timestamp: number, value: Buffer): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    // Zero would be read as "now".
    const at = Math.max(timestamp, 1);
    if (this.#overflow.length === 0 && this.#produce(topic, key, at, value)) return true;
    if (this.#overflow.length === 0) this.stalls++;
    this.#overflow.push({ topic, key, timestamp: at, value: Buffer.from(value) });
    return false;
  }

  async drained(): Promise<void> {
    for (let next = this.#overflow[0]; next !== undefined; next = this.#overflow[0]) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#produce(next.topic, next.key, next.timestamp, next.value)) this.#overflow.shift();
      else await new Promise((resolve) => setTimeout(resolve, retryEvery));
    }
  }

  async flush(): Promise<void> {
    await this.drained();
    // It sends what lingers, and fails if something is left when the time is up.
    while (!(await new Promise<boolean>((resolve) => this.#producer.flush(500, (error) => resolve(!error)))))
      if (this.#failure !== undefined) throw this.#failure;
    // Nothing is in flight, but a refusal may be: it comes before the second statistics from now.
    // The client's own timer does not keep the process alive.
    const awake = setInterval(() => {}, 1_000);
    try {
      for (let rounds = 0; rounds < 2; rounds += Number(this.acknowledged === this.sent)) {
        await once(this.#producer, "event.stats");
        if (this.#failure !== undefined) throw this.#failure;
      }
    } finally {
      clearInterval(awake);
    }
  }

  /** Discards what is not acknowledged: call `flush` first where it matters. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await new Promise<void>((resolve) => this.#producer.disconnect(0, () => resolve()));
  }

  /** False when the queue is full. */
  #produce(topic: string, key: string | null, timestamp: number, value: Buffer): boolean {
    try {
      this.#producer.produce(topic, null, value, key, timestamp);
    } catch (error) {
      const { code, message } = error as RdKafka.LibrdKafkaError;
      if (code === RdKafka.CODES.ERRORS.ERR__QUEUE_FULL) return false;
      throw this.#fail(`Kafka takes no record of ${topic} (${value.length} bytes): ${message}`);
    }
    this.sent++;
    this.#latency.sent(this.sent, this.#receivedAt);
    return true;
  }

  #account(statistics: string): void {
    // With idempotence every record has a number in its partition; the last acknowledged one is reported.
    let acknowledged = 0;
    for (const match of statistics.matchAll(/"acked_msgid": ?(\d+)/g)) acknowledged += Number(match[1]);
    if (acknowledged > this.acknowledged) this.#acknowledge(acknowledged);
    this.wireBytes = Number(/"tx_bytes": ?(\d+)/.exec(statistics)?.[1] ?? 0);
    this.waitingBytes = Number(/"msg_size": ?(\d+)/.exec(statistics)?.[1] ?? 0);
    this.connected = /"state": ?"UP"/.test(statistics);
  }

  #acknowledge(count: number): void {
    this.acknowledged = count;
    this.#latency.acknowledged(count, this.onLatency);
  }

  #complain(message: string): void {
    const now = performance.now();
    if (now - this.#complainedAt < complainEvery) return;
    this.#complainedAt = now;
    this.#log("warn", `Kafka: ${message} (the client keeps trying)`);
  }

  /** Ends the run at the next call. */
  #fail(what: string): UserError {
    this.#failure ??= new UserError(
      `${what}. ${this.unacknowledged} records were not acknowledged; the run ends here, so that nothing is left out silently.`,
    );
    return this.#failure;
  }
}
