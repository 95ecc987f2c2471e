/** A run into Kafka: from its source until it ends or is stopped, with its status line, log lines and monitoring. */
import { stopSignal } from "../program/command.ts";
import type { Logger } from "../program/logger.ts";
import { showStatus } from "../program/status-line.ts";
import { newCounters, type Counters } from "./counters.ts";
import type { KafkaSink } from "../topics/kafka/kafka-sink.ts";
import { Metrics } from "./metrics.ts";
import { serveMonitor } from "./monitor.ts";
import { produce } from "./pipeline.ts";
import type { Source } from "./source.ts";

/** How long a first Ctrl-C waits for Kafka, in milliseconds. */
const drainPatience = 30_000;

/** How often quarantined frames are reported, in milliseconds. */
const quarantineEvery = 5_000;

export interface Run {
  readonly source: Source;
  /** As a person would name what is read and where it goes. */
  readonly title: string;
  readonly sink: KafkaSink;
  readonly idOf: (subject: string, schema: object) => number;
  /** Ends the run when it aborts, with its reason; undefined: nothing does. */
  readonly gone: AbortSignal | undefined;
  /** Where to answer for monitoring, `host:port`. */
  readonly address: string;
  /** Milliseconds; undefined: until Ctrl-C, or the end of the recording. */
  readonly duration: number | undefined;
}

/** Returns when everything that was read is acknowledged; exits where a stop takes too long. */
export async function streamIntoKafka(run: Run, log: Logger): Promise<void> {
  const { source, title, sink, idOf, gone, address, duration } = run;
  const { health } = source;
  // What Kafka holds is not known here: of a recording only what comes twice in this run is left out.
  const repeats = source.repeats?.();
  const counters = newCounters();
  const metrics = new Metrics(counters);
  if (health !== undefined) metrics.watchSource(health);
  metrics.watchSink(sink);
  const monitor = await serveMonitor(address, metrics, () => [...(health?.faults() ?? []), ...sinkFaults(sink)]);
  log("info", `${title}; ${monitor.url}/metrics`);
  const inFlight = () => sink.unacknowledged;
  const unread = () => (health === undefined ? 0 : health.received - counters.frames);
  const figures = () => ({
    frames: counters.frames,
    acknowledged: sink.acknowledged,
    "in flight": inFlight(),
    ...health?.status(),
    quarantined: counters.quarantined,
    ...(counters.own > 0 && { "own members dropped": counters.own }),
  });
  const status = showStatus(figures, ["refused", "missed", "quarantined", "own members dropped"], process.stderr, log);
  const stop = stopSignal(duration, (again) =>
    log(
      again ? "error" : "info",
      again
        ? `ended at once: ${inFlight()} records were not acknowledged, and ${unread()} frames not read`
        : `stopping: ${inFlight()} records wait for Kafka (Ctrl-C again ends at once)`,
    ),
  );
  const watch = setInterval(watchQuarantine(counters, log), quarantineEvery);
  const giveUp = () => {
    log(
      "error",
      `in ${drainPatience / 1000} s ${inFlight()} records were not acknowledged, and ${unread()} frames not read`,
    );
    process.exit(1);
  };
  stop.addEventListener("abort", () => setTimeout(giveUp, drainPatience).unref(), { once: true });
  try {
    await produce(
      { source, sink, idOf, counters, repeats, warn: (text) => log("warn", text) },
      gone ? AbortSignal.any([stop, gone]) : stop,
    );
    gone?.throwIfAborted();
    const { frames, quarantined, own, repeated, conflicting } = counters;
    const { acknowledged } = sink;
    const totals = Object.entries(health?.totals() ?? {});
    const parts = [
      `${frames} frames`,
      `${acknowledged} records acknowledged`,
      `${quarantined} frames quarantined`,
      ...(own > 0 ? [`${own} members of own orders dropped`] : []),
      ...(repeated > 0 ? [`${repeated} events that came twice left out`] : []),
      ...(conflicting > 0 ? [`${conflicting} events with the number of another`] : []),
      ...totals.map(([name, count]) => `${count} ${name}`),
    ];
    log("info", `done: ${parts.join(", ")}`, {
      frames,
      acknowledged,
      quarantined,
      "own members dropped": own,
      ...(repeats && { repeated, conflicting }),
      ...Object.fromEntries(totals),
    });
  } finally {
    clearInterval(watch);
    status.stop();
    monitor.close();
  }
}

/** Says so when frames were quarantined since it was last called. */
function watchQuarantine(counters: Counters, log: Logger): () => void {
  let told = 0;
  return () => {
    const more = counters.quarantined - told;
    told = counters.quarantined;
    if (more > 0)
      log("warn", `${more} frames could not be read: npm run tail -- feed_quarantine --kafka has them, with reasons`, {
        quarantined: told,
      });
  };
}

function sinkFaults(sink: KafkaSink): string[] {
  return sink.connected ? [] : ["no broker of Kafka is connected"];
}
