import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { end, startScript } from "../../bench/producer/round.ts";
import { CoinbaseFeed } from "../../producer/coinbase/feed.ts";
import { Continuity } from "../../producer/coinbase/continuity.ts";
import { newCounters } from "../../producer/counters.ts";
import { KafkaSink } from "../../topics/kafka/kafka-sink.ts";
import { Metrics } from "../../producer/metrics.ts";
import { plain } from "../topics/kafka/kafka-records.ts";

const log = () => {};

it("are those that docs/operations.md names, each with a help text, and tell what has happened", async () => {
  const broker = await startScript("broker.ts");
  onTestFinished(() => end(broker.child));
  const sink = await KafkaSink.connect(plain(broker.line), log);
  onTestFinished(() => sink.close());
  const continuity = new Continuity(true, () => {});
  const feed = new CoinbaseFeed({
    endpoints: [],
    channels: [],
    products: ["A", "B", "C"],
    productsPerSocket: 2,
    continuity,
    ownFields: "drop",
    log,
  });
  for (const sequence of [1, 4, 4, 3]) continuity.accept("open", "A", sequence, null);
  const metrics = new Metrics({ ...newCounters(), frames: 12, quarantined: 2, control: { heartbeat: 5, error: 1 } });
  metrics.watchSource(feed.health);
  metrics.watchSink(sink);
  sink.onLatency(0.03);
  const text = await metrics.text();

  const served = new Set(
    [...text.matchAll(/^# TYPE (tapeline_\w+) (\w+)$/gm)].map(([, name, kind]) => `${name} ${kind}`),
  );
  const page = readFileSync(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
  const named = new Set(
    [...page.matchAll(/^\| `(tapeline_\w+)` +\| (\w+)/gm)].map(([, name, kind]) => `${name} ${kind}`),
  );
  expect(served).toEqual(named);
  for (const line of [
    "tapeline_frames_read_total 12",
    "tapeline_quarantined_frames_total 2",
    'tapeline_control_frames_total{type="heartbeat"} 5',
    "tapeline_sockets 2",
    "tapeline_missed_events_total 2",
    "tapeline_late_events_total 1",
    "tapeline_repeated_events_total 1",
    'tapeline_latency_seconds_bucket{le="0.05"} 1',
    'tapeline_latency_seconds_bucket{le="0.025"} 0',
    "tapeline_kafka_connected 1",
  ])
    expect(text.split("\n")).toContain(line);
});
