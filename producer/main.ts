/** `npm run producer`: the exchange, or a recording, into Kafka. */
import { existsSync } from "node:fs";
import { parseCommand, parseDuration, runCommand, stopSignal, UsageError, UserError } from "../command.ts";
import { readEnvironment, type Environment } from "../environment.ts";
import { logTo, type Logger } from "../logger.ts";
import { catalog, rawTopics } from "../schemas/catalog.ts";
import { resolveSchemas, SchemaRegistry } from "../schemas/registry.ts";
import { showStatus } from "../status.ts";
import { readCoinbaseConfig, type CoinbaseConfig } from "./coinbase/config.ts";
import { direct, feed, isReal, parseEndpoint, restBase } from "./coinbase/endpoints.ts";
import { CoinbaseFeed } from "./coinbase/feed.ts";
import { chooseProducts, fetchProducts, ofShard, type Shard } from "./coinbase/products.ts";
import type { Credentials } from "./coinbase/signature.ts";
import { keylessChannels, signedChannels } from "./coinbase/subscription.ts";
import { Continuity } from "./continuity.ts";
import { newCounters } from "./counters.ts";
import { isLoopback, onThisMachine, readKafkaConfig } from "./kafka/config.ts";
import { ensureBinding } from "./kafka/native.ts";
import { reachBroker } from "./kafka/reach.ts";
import { checkTopics } from "./kafka/topics.ts";
import { Metrics } from "./metrics.ts";
import { serveMonitor } from "./monitor.ts";
import { produce } from "./produce.ts";
import { openRecording, type Recording } from "./recording.ts";
import { startSimulator } from "./simulator.ts";

const help = `npm run producer [-- --source live|simulator|URL|FILE] [--products LIST] [--shard I/N] [--for 30s] …

Streams an exchange, or a recording, into the Kafka that the environment names (template.env lists every variable).

  --source            live (default): Coinbase Exchange. URL: another WebSocket endpoint, as
                      wss://ws-direct.sandbox.exchange.coinbase.com. simulator: the simulated exchange.
                      FILE: a recording, replayed as fast as it goes.
  --products          Ids or patterns separated by commas, or all; instead of COINBASE_PRODUCTS.
  --list-products     Prints what the exchange offers, and ends.
  --shard I/N         Streams the I-th of N parts of the products, I from 1: one process for each part.
  --for               Stop after so long: 500ms, 30s, 5m, 1h.
  --rate              Frames a second of the simulator (default 2000).
  --create-topics     Creates missing topics. On a broker of this machine they are created anyway.
  --register          Registers missing schemas. On a registry of this machine they are registered anyway.
  --allow-synthetic   Lets a simulator, a sandbox or a recording into a Kafka on another machine.

The first Ctrl-C stops reading and waits until Kafka has everything, 30 s at most; the second ends at once.
Exit codes: 0 done, 1 a fault that the message explains, 2 a command line not understood, 70 a fault
nobody foresaw, with its stack, 130 ended by a second Ctrl-C.
`;

/** How long a first Ctrl-C waits for Kafka, in milliseconds. */
const drainPatience = 30_000;

const options = {
  source: { type: "string", default: "live" },
  products: { type: "string" },
  "list-products": { type: "boolean" },
  shard: { type: "string" },
  for: { type: "string" },
  rate: { type: "string", default: "2000" },
  "create-topics": { type: "boolean", default: false },
  register: { type: "boolean", default: false },
  "allow-synthetic": { type: "boolean", default: false },
} as const;

await runCommand(async () => {
  const { values, positionals } = parseCommand(options);
  if (values.help) return void process.stdout.write(help);
  if (positionals.length > 0) throw new UsageError(`${positionals[0]} is one word too many. Try --help.`);
  const shard = values.shard === undefined ? { index: 1, count: 1 } : parseShard(values.shard);
  const duration = values.for === undefined ? undefined : parseDuration("--for", values.for);
  const log = logTo(process.stderr);
  const environment = readEnvironment();

  if (values["list-products"]) return listProducts(values.source);

  const coinbase = readCoinbaseConfig(environment);
  const kafka = readKafkaConfig(environment);
  const registry = readRegistry(environment);
  const address = environment.required("METRICS_ADDRESS", "host:port");
  const { source } = values;
  const place = placeOf(source);
  const synthetic = place === "recording" || place === "simulator" || (place === "url" && !isReal(source));
  if (synthetic && !values["allow-synthetic"] && kafka.brokers.length > 0 && !onThisMachine(kafka.brokers))
    environment.fault(
      `--source ${source} is no market of today, and ${kafka.brokers.join(",")} is not on this machine: made-up or old data do not go there without --allow-synthetic`,
    );
  environment.check();
  const access = new SchemaRegistry(registry);

  const recording = place === "recording" ? await openRecording(source) : undefined;
  await ensureBinding((line) => log("info", line));
  await reachBroker(kafka);
  const topics = catalog.filter(({ writtenBy }) => writtenBy === "producer");
  const oldest = recording && recording.startsAt / 1000;
  await checkTopics(kafka, { topics, create: values["create-topics"], oldest }, log);
  const register = values.register || isLoopback(new URL(access.url).hostname);
  const idOf = await resolveSchemas(access, rawTopics, { register }, (line) => log("info", line));

  const counters = newCounters();
  const metrics = new Metrics(counters);
  const simulator = place === "simulator" ? await startSimulator(["--rate", values.rate]) : undefined;
  const live = recording ? undefined : await openFeed(simulator ?? source, coinbase, values.products, shard, log);
  if (live !== undefined) metrics.watchFeed(live.source, live.continuity);

  // Loaded only now: without its native part it can not be.
  const { KafkaSink } = await import("./kafka/sink.ts");
  const sink = await KafkaSink.connect(kafka, log);
  metrics.watchSink(sink);
  const unready = () => [
    ...(live === undefined || live.source.open === live.source.sockets
      ? []
      : [`${live.source.open} of ${live.source.sockets} sockets are connected`]),
    ...(sink.connected ? [] : ["no broker of Kafka is connected"]),
  ];
  const monitor = await serveMonitor(address, metrics, unready);
  log("info", `${source} → Kafka at ${kafka.brokers.join(",")}; ${monitor.url}/metrics`);
  const inFlight = () => sink.sent - sink.acknowledged;
  const status = showStatus(
    () => ({
      frames: counters.frames,
      acknowledged: sink.acknowledged,
      "in flight": inFlight(),
      ...(live && { sockets: live.source.open, missed: live.continuity.missed }),
      quarantined: counters.quarantined,
    }),
    process.stderr,
    log,
  );
  const stop = stopSignal(duration, () => {
    log("info", `stopping: ${inFlight()} records wait for Kafka (Ctrl-C again ends at once)`);
  });
  stop.addEventListener("abort", () => {
    setTimeout(() => {
      log("error", `${inFlight()} records were not acknowledged in ${drainPatience / 1000} s`);
      process.exit(1);
    }, drainPatience).unref();
  });
  try {
    const work = { source: live?.source ?? recording!, sink, idOf, counters };
    await produce(live === undefined ? work : { ...work, continuity: live.continuity }, stop);
    log(
      "info",
      `done: ${counters.frames} frames, ${sink.acknowledged} records acknowledged, ${counters.quarantined} frames quarantined`,
    );
  } finally {
    status.stop();
    monitor.close();
    simulator?.stop();
    await sink.close();
  }
});

type Place = "live" | "simulator" | "url" | "recording";

function placeOf(source: string): Place {
  if (source === "live" || source === "simulator") return source;
  if (/^[a-z]+:\/\//i.test(source)) return parseEndpoint(source) && "url";
  if (!existsSync(source))
    throw new UserError(`--source ${source}: neither live, simulator nor a URL, and there is no such file.`);
  return "recording";
}

/** The exchange as a source. Says in one line which channels it takes, and why. */
async function openFeed(
  source: string | { readonly url: string; readonly credentials: Credentials },
  config: CoinbaseConfig,
  choice: string | undefined,
  shard: Shard,
  log: Logger,
) {
  const simulated = typeof source === "object";
  const credentials = simulated ? source.credentials : config.credentials;
  const url = simulated ? source.url : source;
  const endpoints = url !== "live" ? [url] : credentials === undefined ? [feed] : [direct, feed];
  const offered = await fetchProducts(restBase(endpoints[0]!));
  const chosen = chooseProducts(offered, choice ?? (simulated ? "all" : config.products), (line) => log("warn", line));
  const products = ofShard(chosen, shard);
  if (products.length === 0)
    throw new UserError(
      `shard ${shard.index}/${shard.count} has none of the ${chosen.length} products: use fewer shards.`,
    );
  const signed = credentials !== undefined;
  const channels = signed ? signedChannels : keylessChannels;
  log(
    "info",
    `${products.length} products, ${signed ? "signed" : "without keys"}: ${channels.join(", ")}${signed ? "" : " (full and level2 need COINBASE_KEY)"}`,
  );
  const continuity = new Continuity(signed, ({ product, numbers, from, to }) =>
    log("warn", `${product}: missed ${numbers} ${from === to ? from : `${from} to ${to}`}`, {
      product,
      numbers,
      from,
      to,
      missed: to - from + 1,
    }),
  );
  const { productsPerSocket } = config;
  return {
    source: new CoinbaseFeed({ endpoints, channels, products, productsPerSocket, credentials, log }),
    continuity,
  };
}

async function listProducts(source: string): Promise<void> {
  const simulator = source === "simulator" ? await startSimulator([]) : undefined;
  try {
    const url = simulator?.url ?? (source === "live" ? feed : parseEndpoint(source).href);
    for (const { id, status, base_increment, quote_increment } of await fetchProducts(restBase(url)))
      process.stdout.write(`${id}\t${status}\t${base_increment}\t${quote_increment}\n`);
  } finally {
    simulator?.stop();
  }
}

function readRegistry(environment: Environment) {
  const url = environment.required("SCHEMA_REGISTRY_URL", "the Schema Registry, as https://host");
  const key = environment.text("SCHEMA_REGISTRY_API_KEY");
  const secret = environment.secret("SCHEMA_REGISTRY_API_SECRET");
  return { url, key, secret };
}

function parseShard(text: string): Shard {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!(index >= 1 && index <= count))
    throw new UsageError(`--shard ${text}: I/N is expected, with I from 1 to N, as 1/4.`);
  return { index, count };
}
