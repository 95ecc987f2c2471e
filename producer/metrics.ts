/**
 * The producer's figures for Prometheus, under its conventions (https://prometheus.io/docs/practices/naming/):
 * docs/operations.md tells what each means and when to worry.
 */
import type { ServerResponse } from "node:http";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { causes, type Dropped } from "../topics/dropped.ts";
import type { Counters } from "./counters.ts";
import type { Health } from "./source.ts";
import type { KafkaSink } from "../topics/kafka/kafka-sink.ts";

/** The upper ends of the latency's classes, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60];

export class Metrics {
  readonly #registry = new Registry();

  readonly #read: Counters;

  constructor(counters: Counters) {
    this.#read = counters;
    collectDefaultMetrics({ register: this.#registry });
    this.#counter("frames_read_total", "Frames read and decoded.", () => counters.frames);
    this.#counter("frame_bytes_read_total", "Their bytes.", () => counters.bytes);
    this.#counter("records_total", "Records handed to the sink.", () => counters.records);
    this.#counter("quarantined_frames_total", "Frames that could not be read.", () => counters.quarantined);
    this.#counter("own_members_dropped_total", "Members of own orders left out.", () => counters.own);
    this.#counter("untimed_events_total", "Events that have the receive time.", () => counters.untimed);
    this.#counter(
      "misdated_frames_total",
      "Frames of a recording dated far ahead of those around them.",
      () => counters.misdated,
    );
    this.#counters("control_frames_total", "Frames about the connection.", "type", () => counters.control);
    this.#gauge(
      "feed_delay_seconds",
      "From the exchange's clock to ours, of the latest event.",
      () => counters.behind / 1e6,
    );
  }

  /** The figures of a source. */
  watchSource({ figures }: Health): void {
    for (const { name, help, kind, label, read } of figures) {
      const value = () => read(this.#read);
      if (kind === "gauge") this.#gauge(name, help, () => value() as number);
      else if (label === undefined) this.#counter(name, help, () => value() as number);
      else this.#counters(name, help, label, () => value() as Partial<Record<string, number>>);
    }
  }

  watchSink(sink: KafkaSink): void {
    this.#counter("records_acknowledged_total", "Records that Kafka has acknowledged.", () => sink.acknowledged);
    this.#gauge("records_in_flight", "Records that wait for it.", () => sink.unacknowledged);
    this.#gauge("bytes_in_flight", "Bytes that wait for it.", () => sink.waitingBytes);
    this.#counter("kafka_bytes_sent_total", "Bytes sent to Kafka, the protocol's included.", () => sink.wireBytes);
    this.#counter("sink_stalls_total", "Times that the queue for Kafka was full.", () => sink.stalls);
    this.#gauge("kafka_connected", "1 while a broker is connected.", () => Number(sink.connected));
    const latency = new Histogram({
      name: "tapeline_latency_seconds",
      help: "From receiving a frame to the acknowledgement of its record; every sixteenth record.",
      buckets,
      registers: [this.#registry],
    });
    sink.onLatency = (seconds) => latency.observe(seconds);
  }

  /** What the local platform does with the records: docs/local.md. */
  watchPlatform(platform: { readonly rows: number; readonly lag: number; readonly dropped: Dropped }): void {
    this.#counter("rows_total", "Rows added to the tables.", () => platform.rows);
    this.#gauge("lag_records", "Records not yet read by a statement or in a table.", () => platform.lag);
    const counter = new Counter({
      name: "tapeline_dropped_records_total",
      help: "Records that a statement or the warehouse left out, or could not take whole, in all runs of the data directory.",
      labelNames: ["reader", "topic", "partition", "cause"],
      registers: [],
      collect() {
        this.reset();
        for (const { reader, topic, partition, counts } of platform.dropped.counts())
          for (const cause of causes) this.inc({ reader, topic, partition, cause }, counts[cause]);
      },
    });
    this.#registry.registerMetric(counter);
  }

  /** Answers a request of Prometheus. */
  async answer(response: ServerResponse): Promise<void> {
    const text = await this.text();
    response.writeHead(200, { "content-type": this.#registry.contentType }).end(text);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string, read: () => number): void {
    this.#counters(name, help, undefined, () => ({ "": read() }));
  }

  /** A counter that is kept elsewhere, in one series for each entry. */
  #counters(name: string, help: string, label: string | undefined, read: () => Partial<Record<string, number>>): void {
    const counter = new Counter({
      name: `tapeline_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [],
      collect() {
        this.reset();
        for (const [value, count = 0] of Object.entries(read()))
          this.inc(label === undefined ? {} : { [label]: value }, count);
      },
    });
    this.#registry.registerMetric(counter);
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge = new Gauge({
      name: `tapeline_${name}`,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    });
    this.#registry.registerMetric(gauge);
  }
}
