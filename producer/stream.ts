/** A run of the producer: from its source into Kafka until it ends or is stopped, with everything that shows it at work. */
import { stopSignal } from "../program/command.ts";
import type { Logger } from "../program/logger.ts";
import { showStatus } from "../program/status-line.ts";
import type { LiveFeed } from "./coinbase/open.ts";
import { newCounters, type Counters } from "./counters.ts";
import type { OwnFields } from "./coinbase/decode/decode.ts";
import type { KafkaSink } from "../topics/kafka/kafka-sink.ts";
import { Metrics } from "./metrics.ts";
import { serveMonitor } from "./monitor.ts";
import { produce } from "./produce.ts";
import type { Recording } from "./recording.ts";
import { KnownEvents } from "./repeats/known.ts";
import { DistinctSink } from "./repeats/sink.ts";

/** How long a first Ctrl-C waits for Kafka, in milliseconds. */
const drainPatience = 30_000;

/** How often it is looked for frames that were quarantined, in milliseconds. */
const quarantineEvery = 5_000;

export interface Run {
  readonly input: LiveFeed | Recording;
  /** As a person would name what is read and where it goes. */
  readonly title: string;
  readonly sink: KafkaSink;
  readonly idOf: (subject: string, schema: object) => number;
  /** Ends the run when it aborts, with its reason; undefined: nothing does. */
  readonly gone: AbortSignal | undefined;
  /** What becomes of the members of the account's own orders. */
  readonly ownFields: OwnFields;
  /** Where to answer for monitoring, `host:port`. */
  readonly address: string;
  /** Milliseconds; undefined: until Ctrl-C, or the end of the recording. */
  readonly duration: number | undefined;
}

/** Returns when everything that was read is acknowledged; exits where a stop takes too long. */
export async function stream(run: Run, log: Logger): Promise<void> {
  const { input, title, sink, idOf, gone, ownFields, address, duration } = run;
  const live = "continuity" in input ? input : undefined;
  const source = "continuity" in input ? input.source : input;
  // What Kafka holds nobody knows here: of a recording only what comes twice in this run is left out.
  const distinct = "continuity" in input ? undefined : new DistinctSink(sink, new KnownEvents());
  if ("cut" in input && input.cut !== undefined) log("warn", input.cut);
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
    ...(live && { sockets: live.source.open, refused: live.source.refused, missed: live.continuity.missed }),
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
      {
        source,
        sink: distinct ?? sink,
        idOf,
        counters,
        continuity: live?.continuity,
        ownFields,
        warn: (text) => log("warn", text),
      },
      gone ? AbortSignal.any([stop, gone]) : stop,
    );
    gone?.throwIfAborted();
    const { frames, quarantined, own } = counters;
    const { acknowledged } = sink;
    const missed = live?.continuity.missed ?? 0;
    const dropped = own === 0 ? "" : `, ${own} members of own orders dropped`;
    const { repeated = 0, conflicting = 0 } = distinct ?? {};
    const repeats = repeated === 0 ? "" : `, ${repeated} events that came twice left out`;
    const conflicts = conflicting === 0 ? "" : `, ${conflicting} events with the number of another`;
    const beside = live === undefined ? "" : `, ${missed} events missed, ${live.source.connects} connections`;
    log(
      "info",
      `done: ${frames} frames, ${acknowledged} records acknowledged, ${quarantined} frames quarantined${dropped}${repeats}${conflicts}${beside}`,
      {
        frames,
        acknowledged,
        quarantined,
        "own members dropped": own,
        ...(distinct && { repeated, conflicting }),
        ...(live && { missed, connections: live.source.connects }),
      },
    );
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

function feedFaults(live: LiveFeed | undefined): string[] {
  if (live === undefined) return [];
  const { open, sockets, idle, refused } = live.source;
  // A product that the exchange refuses is no fault of the others: tapeline_products_refused counts it.
  if (idle === sockets) return [`the exchange refuses all ${refused} products`];
  return open >= sockets - idle ? [] : [`${open} of ${sockets - idle} sockets are connected`];
}

function sinkFaults(sink: KafkaSink): string[] {
  return sink.connected ? [] : ["no broker of Kafka is connected"];
}
