/** `npm start`: the local platform. */
import { existsSync } from "node:fs";
import {
  dataOption,
  parseCommand,
  parseDuration,
  parseWhole,
  redact,
  runCommand,
  stopSignal,
  UserError,
  notUnderstood,
  shownPath,
} from "../program/command.ts";
import { feed, restBase } from "../producer/coinbase/endpoints.ts";
import { openFeed, type FeedChoice } from "../producer/coinbase/open.ts";
import { readCoinbaseConfig, readOwnFields } from "../producer/coinbase/config.ts";
import { Metrics } from "../producer/metrics.ts";
import { openRecording } from "../producer/recording.ts";
import { startSimulator, type SimulatedExchange } from "../producer/simulator.ts";
import { readEnvironment, type Environment } from "../program/environment.ts";
import { showStatus, type Status } from "../program/status-line.ts";
import { kindOf, watchDirectory, type SourceKind } from "./directory.ts";
import { Platform } from "./platform.ts";
import { rebuild } from "./rebuild.ts";
import { serve, type Service } from "./server.ts";
import { figures, summary } from "./summary.ts";

const help = `npm start [-- --source auto|live|simulator|FILE] [--for 30s] [--rate N] [--port N] [--data DIR]
npm start -- --rebuild [--yes] [--data DIR]

  --source   live: Coinbase Exchange, its channels that need no key. simulator: the simulated exchange. FILE: a recording,
             one frame a line, bare or after "<unix seconds> " or "YYYY-MM-DD hh:mm:ss,mmm ", gzipped or not; replayed as
             fast as it goes. auto (default): what the data directory has; for a new one live, if the exchange answers,
             else the simulator.
  --for      Stop after so long: 500ms, 30s, 5m, 1h. Without it: until Ctrl-C, or the end of the recording.
  --rate     Events a second of the simulator (default 2000).
  --port     The port on this machine that answers npm run sql, and /metrics for Prometheus (default 8080, or a free one).
  --data     The data directory (default .tapeline). It keeps the log and the tables; a second run goes on there.
  --rebuild  Deletes the tables, as where their file is damaged, and makes them again from the log; says first what the log
             no longer has, and asks. --yes agrees where nobody can be asked.

Exit codes: 0 done, 1 a fault that the message explains, 2 a command line not understood, 70 a fault
nobody foresaw, with its stack.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({
    source: { type: "string", default: "auto" },
    for: { type: "string" },
    rate: { type: "string", default: "2000" },
    port: { type: "string" },
    data: { type: "string", default: ".tapeline" },
    rebuild: { type: "boolean", default: false },
    yes: { type: "boolean", default: false },
  });
  if (values.help) return void process.stdout.write(help);
  if (positionals.length > 0) throw notUnderstood(0);
  const duration = values.for === undefined ? undefined : parseDuration("--for", values.for);
  const port = values.port === undefined ? undefined : parseWhole("--port", values.port, 65_535);
  const rate = parseWhole("--rate", values.rate, 1_000_000);
  // On a terminal a line of figures stands where this is written.
  const talk = (line: string) =>
    void process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}${redact(line)}\n`);
  if (values.rebuild) {
    const rows = await rebuild(values.data, values.yes, talk);
    return void process.stdout.write(`the tables are made again: ${rows.toLocaleString("en-US")} rows\n`);
  }
  const environment = readEnvironment();
  const ownFields = readOwnFields(environment);
  environment.check();
  const kind = await choose(values.source, values.data, talk);
  // A recording is read before anything is written: what is no recording leaves no trace.
  const recording = kind === "recording" ? await openRecording(values.source) : undefined;
  const platform = await Platform.open(values.data, kind, talk);
  const { vanished, stop: unwatch } = watchDirectory(values.data);
  let simulator: SimulatedExchange | undefined;
  let service: Service | undefined;
  let status: Status | undefined;
  try {
    const metrics = new Metrics(platform.counters);
    metrics.watchPlatform(platform);
    service = await serve(values.data, platform.warehouse, port, metrics);
    status = showStatus(() => figures(platform), process.stderr);
    const stop = stopSignal(duration, (again) =>
      talk(again ? "ended at once" : "\nstopping: storing what has come (Ctrl-C again ends at once)"),
    );
    // Whoever asks takes time from storing what has come.
    stop.addEventListener("abort", () => void service?.close(), { once: true });
    await platform.catchUp();
    if (kind === "simulator") simulator = await startExchange(platform, rate);
    const say = (_: unknown, message: string) => talk(message);
    const live = recording ? undefined : await openFeed(feedOf(simulator, environment), say, platform.tape);
    if (live !== undefined) metrics.watchFeed(live.source, live.continuity);
    talk(
      `${recording ? values.source : kind === "live" ? "Coinbase Exchange" : "simulated exchange"} → ${values.data}${recording ? "" : "   (Ctrl-C stops, the data stay)"}`,
    );
    talk(`next, in another terminal: npm run sql -- run candles${dataOption(values.data)}`);
    const start = performance.now();
    const { gone } = simulator ?? {};
    if (recording?.cut !== undefined) talk(recording.cut);
    const until = AbortSignal.any([stop, vanished, ...(gone ? [gone] : [])]);
    await platform.run(live?.source ?? recording!, until, live?.continuity, ownFields);
    vanished.throwIfAborted();
    gone?.throwIfAborted();
    status.stop();
    if (recording && stop.aborted) talk("stopped before the end of the recording: the same command continues it");
    process.stdout.write(`${summary(platform, (performance.now() - start) / 1000, dataOption(values.data))}\n`);
  } catch (error) {
    // Whatever fails then fails for this.
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

/** What fills the data directory. `auto` goes on with what is there; a new one gets the exchange, if it answers. */
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
  talk("Coinbase Exchange does not answer from here: the simulated exchange takes its place");
  return "simulator";
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  return response?.ok === true;
}

/** The simulated exchange, going on where the tape in the data directory ends; it stands still while nobody listens. */
async function startExchange({ tape }: Platform, rate: number): Promise<SimulatedExchange> {
  const products = Object.entries(tape?.products ?? {});
  const ends = products.map(([product, { last, trade }]) => [product, { sequence: last, tradeId: trade }]);
  return startSimulator(["--wait", "--rate", String(rate), "--ends", JSON.stringify(Object.fromEntries(ends))]);
}

/** What is read of an exchange: of the simulated one everything, of Coinbase what is open to everyone. */
function feedOf(simulator: SimulatedExchange | undefined, environment: Environment): FeedChoice {
  if (simulator !== undefined) {
    const { url, credentials } = simulator;
    return { endpoints: [url], credentials, products: "all", productsPerSocket: 20, moreChannels: ["ticker"] };
  }
  const { products, productsPerSocket } = readCoinbaseConfig(environment);
  environment.check();
  return { endpoints: [feed], credentials: undefined, products, productsPerSocket };
}
