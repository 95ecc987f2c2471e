/** `npm start`: the local platform. */
import { existsSync } from "node:fs";
import { dataOption, redact, shownPath, stopSignal, UserError } from "../program/command.ts";
import { command, dataSetting } from "../program/command-line.ts";
import { count, duration, anyText, whole } from "../program/forms.ts";
import { feed, restBase } from "../producer/coinbase/endpoints.ts";
import { openFeed, type FeedChoice } from "../producer/coinbase/open.ts";
import { readCoinbaseConfig, readOwnFields } from "../producer/coinbase/config.ts";
import { Metrics } from "../producer/metrics.ts";
import { openRecording } from "../producer/coinbase/recording.ts";
import { startSimulator, type SimulatedExchange } from "../producer/simulator.ts";
import { readEnvironment, type Environment } from "../program/environment.ts";
import { showStatus, type Status } from "../program/status-line.ts";
import { kindOf, watchDirectory, type SourceKind } from "./directory.ts";
import { Platform } from "./platform.ts";
import { rebuild } from "./rebuild.ts";
import { serve, type Service } from "./server.ts";
import { alarms, figures, summary } from "./summary.ts";

const declaration = {
  usage: `
npm start [-- --source auto|live|simulator|FILE] [--for 30s] [--rate N] [--port N] [--data DIR]
npm start -- --rebuild [--yes] [--data DIR]`,
  options: {
    source: {
      form: anyText,
      default: "auto",
      doc: `live: Coinbase Exchange, its channels that need no key. simulator: the simulated exchange. FILE: a recording, one
        frame a line, bare or after "<unix seconds> " or "YYYY-MM-DD hh:mm:ss,mmm ", gzipped or not; replayed as fast as
        possible. auto: what the data directory has; for a new one live, if the exchange answers, otherwise the simulator.`,
    },
    for: {
      form: duration(),
      doc: "Stops after this time: 500ms, 30s, 5m, 1h. Without it: at Ctrl-C, or at the end of the recording.",
    },
    rate: {
      form: whole(1, 1_000_000),
      default: "2000",
      doc: "Events of the full channel per second, from the simulator.",
    },
    port: {
      form: whole(1, 65_535),
      doc: "The port on this machine that answers npm run sql, and /metrics for Prometheus. Without it: 8080, or a free one.",
    },
    data: { ...dataSetting, doc: "The data directory, with the log and the tables. A second run continues there." },
    rebuild: {
      doc: `Deletes the tables, for example because their file is damaged, and creates them again from the log; first reports
        what the log no longer has, and asks.`,
    },
    yes: { doc: "Answers yes to what --rebuild asks." },
  },
  notes: `
While it runs:

  frames       messages of the exchange that were read      records      records written to the raw topics
  rows         rows added to the tables                     lag          records that a statement or a table has yet to read
  missed       events that the exchange sent and that did not arrive
  quarantined  frames that could not be read; they are kept, with the reason, in the table feed_quarantine
  dropped      records that a statement or a table could not take, in all runs of the data directory

And at the end, also:

  control      messages about the connection, which become no records
  untimed      events without a usable time: they have the time of receipt
  misdated     frames of a recording dated far ahead of their neighbours
  extra        events with members that are not documented: they are kept in the field extra
  own          members of the account's own orders that were left out (COINBASE_OWN_FIELDS)
  known        records that were stored before, or came twice: left out
  conflicting  events with the number of another event: kept
  late         of what was missed, events that arrived afterwards`,
} as const;

await command(declaration, async ({ source, for: limit, rate, port, data, rebuild: isRebuild, yes }) => {
  // On a terminal a line of figures stands where this is written.
  const talk = (line: string) =>
    void process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}${redact(line)}\n`);
  if (isRebuild) {
    const rows = await rebuild(data, yes, talk);
    return void process.stdout.write(`the tables are rebuilt: ${count(rows, "row")}\n`);
  }
  const environment = readEnvironment();
  const ownFields = readOwnFields(environment);
  environment.check();
  const kind = await choose(source, data, talk);
  // A recording is read before anything is written: a file that is not a recording leaves no trace.
  const recording = kind === "recording" ? await openRecording(source, ownFields) : undefined;
  const platform = await Platform.open(data, kind, talk);
  const { vanished, stop: unwatch } = watchDirectory(data);
  let simulator: SimulatedExchange | undefined;
  let service: Service | undefined;
  let status: Status | undefined;
  try {
    const metrics = new Metrics(platform.counters);
    metrics.watchPlatform(platform);
    service = await serve(data, platform.warehouse, port, metrics);
    status = showStatus(() => figures(platform), alarms, process.stderr);
    const stop = stopSignal(limit, (again) =>
      talk(again ? "ended at once" : "\nstopping: storing what has arrived (Ctrl-C again ends at once)"),
    );
    // Answers take time from storing what has arrived.
    stop.addEventListener("abort", () => void service?.close(), { once: true });
    await platform.catchUp();
    if (kind === "simulator") simulator = await startExchange(platform, rate);
    const say = (_: unknown, message: string) => talk(message);
    const live = recording
      ? undefined
      : await openFeed({ ...feedOf(simulator, environment), ownFields }, say, platform.tape);
    if (live !== undefined) metrics.watchSource(live.health);
    talk(
      `${recording ? source : kind === "live" ? "Coinbase Exchange" : "simulated exchange"} → ${data}${recording ? "" : "   (Ctrl-C stops; the data is kept)"}`,
    );
    talk(`next, in another terminal: npm run sql -- run candles${dataOption(data)}`);
    const start = performance.now();
    const { gone } = simulator ?? {};
    if (recording?.cut !== undefined) talk(recording.cut);
    const until = AbortSignal.any([stop, vanished, ...(gone ? [gone] : [])]);
    await platform.run(live ?? recording!, until);
    vanished.throwIfAborted();
    gone?.throwIfAborted();
    status.stop();
    if (recording && stop.aborted) talk("stopped before the end of the recording: the same command continues it");
    process.stdout.write(`${summary(platform, (performance.now() - start) / 1000, dataOption(data))}\n`);
  } catch (error) {
    // A directory that is gone is the reason for every other failure.
    vanished.throwIfAborted();
    throw error;
  } finally {
    unwatch();
    status?.stop();
    simulator?.stop();
    await service?.close();
    await platform.close().catch((error: unknown) => {
      if (!vanished.aborted) throw error;
    });
  }
});

/** What fills the data directory. `auto` continues with what is there; a new directory gets the exchange, if it answers. */
async function choose(source: string, dir: string, talk: (line: string) => void): Promise<SourceKind> {
  if (source === "live" || source === "simulator") return source;
  if (source !== "auto") {
    if (!existsSync(source))
      throw new UserError(
        `--source ${shownPath(source)}: neither auto, live nor simulator, and there is no such file.`,
      );
    return "recording";
  }
  const present = kindOf(dir);
  if (present !== undefined && present !== "recording") return present;
  if (await answers(`${restBase(feed)}/time`)) return "live";
  talk("cannot reach Coinbase Exchange from here; using the simulated exchange instead");
  return "simulator";
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  return response?.ok === true;
}

/** The simulated exchange, which continues where the tape in the data directory ends; it stands still while no one listens. */
async function startExchange({ tape }: Platform, rate: number): Promise<SimulatedExchange> {
  const products = Object.entries(tape?.products ?? {});
  const ends = products.map(([product, { last, trade }]) => [product, { sequence: last, tradeId: trade }]);
  return startSimulator(["--wait", "--rate", String(rate), "--ends", JSON.stringify(Object.fromEntries(ends))]);
}

/** What is read of an exchange: of the simulated one everything, of Coinbase what is open to everyone. */
function feedOf(simulator: SimulatedExchange | undefined, environment: Environment): Omit<FeedChoice, "ownFields"> {
  if (simulator !== undefined) {
    const { url, credentials } = simulator;
    return { endpoints: [url], credentials, products: "all", productsPerSocket: 20, moreChannels: ["ticker"] };
  }
  const { products, productsPerSocket } = readCoinbaseConfig(environment);
  environment.check();
  return { endpoints: [feed], credentials: undefined, products, productsPerSocket };
}
