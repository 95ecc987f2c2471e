/**
 * One way from the socket into Kafka, in a process of its own. Usage: contender.ts MODE SOCKET_URL BROKER COUNT; prints
 * one line of JSON. Modes:
 *   lz4, zstd   our producer with that codec; soak: the same as lz4, with a look at its memory over time
 *   receive     our producer without Kafka: what it can read, decode and encode
 *   produce     our sink with encoded records that wait in memory: what it can hand over and have acknowledged
 *   idiom       the package's documented way: its KafkaJS interface, one send() a message, a schema from avsc
 */
import RdKafka from "@confluentinc/kafka-javascript";
import avsc from "avsc";
import { WebSocket } from "ws";
import { publicCredentials } from "../../exchange/credentials.ts";
import { coinbaseDecoder } from "../../producer/coinbase/decoder.ts";
import { CoinbaseFeed } from "../../producer/coinbase/feed.ts";
import { Continuity } from "../../producer/coinbase/continuity.ts";
import { newCounters } from "../../producer/counters.ts";
import { KafkaSink } from "../../topics/kafka/kafka-sink.ts";
import { produce } from "../../producer/pipeline.ts";
import type { Source } from "../../producer/source.ts";
import type { Sink } from "../../topics/sink.ts";
import { parseTime } from "../../producer/time.ts";
import { readSchema } from "../../schemas/avro.ts";
import { wireEncoder } from "../../topics/wire.ts";

const [mode, url, broker, countText] = process.argv.slice(2) as [string, string, string, string];
const count = Number(countText);
const products = ["BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD", "DOGE-USD"];
const topic = "coinbase_full";
const log = (level: string, message: string) => void (level !== "info" && process.stderr.write(`${message}\n`));

let start: { at: number; cpu: NodeJS.CpuUsage } | undefined;
let peak = 0;
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20).unref();
/** Megabytes, every second. */
const memory: number[] = [];
if (mode === "soak") setInterval(() => memory.push(process.memoryUsage.rss() / 1e6), 1000).unref();
const begin = () => (start ??= { at: performance.now(), cpu: process.cpuUsage() });

function report(figures: object): void {
  const { user, system } = process.cpuUsage(start!.cpu);
  const seconds = (performance.now() - start!.at) / 1000;
  peak = Math.max(peak, process.memoryUsage.rss());
  const result = { per_s: count / seconds, cpu_s_per_million: (user + system) / count, rss_mb: peak / 1e6, ...figures };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

if (mode === "idiom") await idiom();
else if (mode === "produce") await produceOnly();
else await ours(mode === "receive" ? newVoid() : await connect(mode === "zstd" ? "zstd" : "lz4"));
process.exit();

function connect(compression: "lz4" | "zstd" | undefined): Promise<KafkaSink> {
  const config = {
    brokers: [broker],
    tls: false,
    authorities: undefined,
    login: undefined,
    compression,
    bufferBytes: 32 * 1024 * 1024,
  };
  return KafkaSink.connect(config, log);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A sink that only counts. */
function newVoid(): Sink {
  const nothing = async () => {};
  return { begin() {}, frame() {}, send: () => true, drained: nothing, flush: nothing, close: nothing };
}

async function ours(sink: Sink): Promise<void> {
  const counters = newCounters();
  const continuity = new Continuity(true, () => {});
  const source = new CoinbaseFeed({
    endpoints: [url],
    channels: ["full", "heartbeat"],
    products,
    productsPerSocket: 10,
    credentials: publicCredentials,
    continuity,
    ownFields: "drop",
    log,
  });
  const stop = new AbortController();
  const latencies: number[] = [];
  if (sink instanceof KafkaSink) sink.onLatency = (seconds) => latencies.push(seconds);
  const batches = source.batches(stop.signal);
  const watched: Source = {
    id: source.id,
    watch: continuity,
    decoder: source.decoder.bind(source),
    async *batches() {
      for await (const batch of batches) {
        begin();
        yield batch;
        if (counters.events >= count) return;
      }
    },
  };
  await produce({ source: watched, sink, idOf: () => 1, counters }, stop.signal);
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(share * latencies.length)];
  report({
    events: counters.events,
    missed: continuity.missed,
    repeated: continuity.repeated,
    quarantined: counters.quarantined,
    ...(sink instanceof KafkaSink && { bytes_per_record: sink.wireBytes / sink.acknowledged }),
    p50: quantile(0.5),
    p99: quantile(0.99),
    // The first minute warms up.
    ...(mode === "soak" && { first_mb: medianOf(memory.slice(60, 120)), last_mb: medianOf(memory.slice(-60)) }),
  });
}

/** Values as our encoder makes them, in turn from a hundred thousand. */
async function produceOnly(): Promise<void> {
  const values: { key: string; timestamp: number; value: Buffer }[] = [];
  const counters = newCounters();
  const collector: Sink = {
    ...newVoid(),
    send(_, key, timestamp, value) {
      values.push({ key: key!, timestamp, value: Buffer.from(value) });
      return true;
    },
  };
  const { fullChannelFrames } = await import("./frames.ts");
  const frames = fullChannelFrames(Math.min(count, 100_000)).map((text, i) => ({
    bytes: Buffer.from(text),
    number: i + 1,
    receivedAt: 1,
  }));
  const session = { id: "bench", live: false, startsAt: 0 };
  const source: Source = {
    id: "bench",
    decoder: (of, output) => coinbaseDecoder(of, output, "drop"),
    async *batches() {
      yield { session, frames };
    },
  };
  await produce({ source, sink: collector, idOf: () => 1, counters }, new AbortController().signal);
  const sink = await connect("lz4");
  begin();
  for (let i = 0; i < count; i++) {
    const { key, timestamp, value } = values[i % values.length]!;
    if (!sink.send(topic, key, timestamp, value)) await sink.drained();
    if (i % 500 === 0) await new Promise(setImmediate);
  }
  await sink.flush();
  report({ events: count });
}

async function idiom(): Promise<void> {
  const kafka = new RdKafka.KafkaJS.Kafka({ log_level: 3 });
  const producer = kafka.producer({
    "bootstrap.servers": broker,
    "enable.idempotence": true,
    "compression.codec": "lz4",
    "linger.ms": 50,
  } as never);
  await producer.connect();
  const schema = readSchema(topic);
  const blank = Object.fromEntries(schema.fields.map(({ name }) => [name, null]));
  const encode = wireEncoder(avsc.Type.forSchema(schema as avsc.Schema), 1);
  const socket = new WebSocket(url, { perMessageDeflate: false });
  let got = 0;
  let acknowledged = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on("open", () =>
      socket.send(JSON.stringify({ type: "subscribe", product_ids: products, channels: ["full", "heartbeat"] })),
    );
    socket.on("message", (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as Record<string, unknown> & {
        type: string;
        product_id: string;
        time: string;
      };
      if (frame.type === "subscriptions") return;
      begin();
      got++;
      const time = parseTime(frame.time)!;
      const value = Buffer.from(encode({ ...blank, ...frame, time, received_at: Date.now() * 1000 }));
      producer
        .send({ topic, messages: [{ key: frame.product_id, value, timestamp: String(Math.floor(time / 1000)) }] })
        .then(() => (++acknowledged === count ? resolve() : undefined), reject);
      // As its documentation advises, no more than so many are outstanding.
      if (got - acknowledged > 50_000 && !socket.isPaused) {
        socket.pause();
        const wait = setInterval(() => {
          if (got - acknowledged > 20_000) return;
          clearInterval(wait);
          socket.resume();
        }, 2);
      }
    });
  });
  report({ events: acknowledged });
}
