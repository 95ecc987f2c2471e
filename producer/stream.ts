/** A run of the producer: from its source into Kafka until it ends or is stopped, with everything that shows it at work. */
import { stopSignal } from "../command.ts";
import type { Logger } from "../logger.ts";
import { showStatus } from "../status.ts";
import type { LiveFeed } from "./coinbase/open.ts";
import { newCounters } from "./counters.ts";
import type { KafkaSink } from "./kafka/sink.ts";
import { Metrics } from "./metrics.ts";
import { serveMonitor } from "./monitor.ts";
import { produce } from "./produce.ts";
import type { Recording } from "./recording.ts";

/** How long a first Ctrl-C waits for Kafka, in milliseconds. */
const drainPatience = 30_000;

export interface Run {
  readonly input: LiveFeed | Recording;
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
export async function stream({ input, title, sink, idOf, gone, address, duration }: Run, log: Logger): Promise<void> {
  const live = "continuity" in input ? input : undefined;
  const source = "continuity" in input ? input.source : input;
  const counters = newCounters();
  const metrics = new Metrics(counters);
  if (live !== undefined) metrics.watchFeed(live.source, live.continuity);
  metrics.watchSink(sink);
  const monitor = await serveMonitor(address, metrics, () => [...feedFaults(live), ...sinkFaults(sink)]);
  log("info", `${title}; ${monitor.url}/metrics`);
  const inFlight = () => sink.unacknowledged;
  const unread = () => (live === undefined ? 0 : live.source.received - counters.frames);
  const figures = () => ({
    frames: counters.frames,
    acknowledged: sink.acknowledged,
    "in flight": inFlight(),
    ...(live && { sockets: live.source.open, missed: live.continuity.missed }),
    quarantined: counters.quarantined,
  });
  const status = showStatus(figures, process.stderr, log);
  const stop = stopSignal(duration, () =>
    log("info", `stopping: ${inFlight()} records wait for Kafka (Ctrl-C again ends at once)`),
  );
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
      { source, sink, idOf, counters, continuity: live?.continuity },
      gone ? AbortSignal.any([stop, gone]) : stop,
    );
    gone?.throwIfAborted();
    const { frames, quarantined } = counters;
    log("info", `done: ${frames} frames, ${sink.acknowledged} records acknowledged, ${quarantined} frames quarantined`);
  } finally {
    status.stop();
    monitor.close();
  }
}

function feedFaults(live: LiveFeed | undefined): string[] {
  if (live === undefined || live.source.open === live.source.sockets) return [];
  return [`${live.source.open} of ${live.source.sockets} sockets are connected`];
}

function sinkFaults(sink: KafkaSink): string[] {
  return sink.connected ? [] : ["no broker of Kafka is connected"];
}
