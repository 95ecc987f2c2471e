/** `npm run producer`: the exchange, or a recording, into Kafka. */
import { existsSync } from "node:fs";
import { shown, shownPath, UsageError, UserError } from "../program/command.ts";
import { command } from "../program/command-line.ts";
import { duration, anyText, whole } from "../program/forms.ts";
import { readEnvironment } from "../program/environment.ts";
import { logTo } from "../program/logger.ts";
import { catalog, rawTopics } from "../schemas/catalog.ts";
import { resolveSchemas } from "../topics/registry/schema-registry.ts";
import { readRegistry } from "../topics/registry/config.ts";
import { readCoinbaseConfig, type CoinbaseConfig } from "./coinbase/config.ts";
import { direct, feed, isReal, parseEndpoint, restBase, sendsInTheClear } from "./coinbase/endpoints.ts";
import { openFeed, type FeedChoice } from "./coinbase/open.ts";
import { fetchProducts, type Shard } from "./coinbase/products.ts";
import { readKafkaConfig } from "../topics/kafka/config.ts";
import { isLoopback, onThisMachine } from "../program/this-machine.ts";
import { monitorVariables } from "./monitor.ts";
import { ensureBinding } from "../topics/kafka/native.ts";
import { reachBroker } from "../topics/kafka/reach.ts";
import { checkTopics } from "../topics/kafka/check-topics.ts";
import { openRecording } from "./coinbase/recording.ts";
import { startSimulator, type SimulatedExchange } from "./simulator.ts";
import { streamIntoKafka } from "./into-kafka.ts";

const declaration = {
  usage: "npm run producer [-- --source live|simulator|URL|FILE] [--products LIST] [--shard I/N] [--for 30s] …",
  about:
    "Streams an exchange, or a recording, into the Kafka that the environment names (template.env lists every variable).",
  options: {
    source: {
      form: anyText,
      default: "live",
      doc: `live: Coinbase Exchange. URL: another WebSocket endpoint, such as wss://ws-direct.sandbox.exchange.coinbase.com.
        simulator: the simulated exchange. FILE: a recording, replayed as fast as possible.`,
    },
    products: { form: anyText, doc: "Ids or patterns separated by commas, or all; instead of COINBASE_PRODUCTS." },
    "list-products": { doc: "Prints what the exchange offers, and ends." },
    shard: {
      form: anyText,
      doc: "I/N: streams the I-th of N parts of the products, I from 1: one process for each part.",
    },
    for: { form: duration(), doc: "Stops after this time: 500ms, 30s, 5m, 1h." },
    rate: {
      form: whole(1, 1_000_000),
      default: "2000",
      doc: "Events of the full channel per second, from the simulator.",
    },
    "create-topics": { doc: "Creates missing topics. On a broker of this machine they are created anyway." },
    register: { doc: "Registers missing schemas. On a registry of this machine they are registered anyway." },
    "allow-synthetic": { doc: "Lets a simulator, a sandbox or a recording into a Kafka on another machine." },
  },
  notes: `
While it runs:

  frames         messages of the exchange that were read      acknowledged   records that Kafka has confirmed
  in flight      records not yet acknowledged                   sockets        connections whose subscription is confirmed
  refused        products of which the exchange refuses something
  missed         events that the exchange sent and that did not arrive
  quarantined    frames that could not be read; they are kept, with the reason, in the topic feed_quarantine
  own members dropped   members of the account's own orders that were left out (COINBASE_OWN_FIELDS)

The first Ctrl-C stops reading and waits until Kafka has everything, 30 s at most; the second ends at once.`,
  exits: { 130: "ended by a second Ctrl-C" },
} as const;

await command(declaration, async ({ source, rate, for: limit, ...values }) => {
  const shard = values.shard === undefined ? { index: 1, count: 1 } : parseShard(values.shard);
  const log = logTo(process.stderr);
  const environment = readEnvironment();

  if (values["list-products"]) return listProducts(source);

  const coinbase = readCoinbaseConfig(environment);
  const kafka = readKafkaConfig(environment);
  const registry = readRegistry(environment, "required");
  const { METRICS_ADDRESS: address } = environment.read(monitorVariables);
  const place = placeOf(source);
  const synthetic = place === "recording" || place === "simulator" || (place === "url" && !isReal(source));
  if (synthetic && !values["allow-synthetic"] && kafka.brokers.length > 0 && !onThisMachine(kafka.brokers))
    environment.fault(
      `--source ${source} is not a live market, and ${kafka.brokers.join(",")} is not on this machine: simulated and recorded data go there only with --allow-synthetic`,
    );
  if (place === "url" && coinbase.credentials && sendsInTheClear(source))
    environment.fault(
      `--source ${source} would send COINBASE_KEY, COINBASE_SECRET and COINBASE_PASSPHRASE unencrypted: use wss, or leave them out`,
    );
  environment.check();

  const recording = place === "recording" ? await openRecording(source, coinbase.ownFields) : undefined;
  await ensureBinding((line) => log("info", line));
  await reachBroker(kafka);
  const topics = catalog.filter(({ writtenBy }) => writtenBy === "producer");
  const oldest = recording && recording.startsAt / 1000;
  await checkTopics(kafka, { topics, create: values["create-topics"], oldest }, log);
  const register = values.register || isLoopback(new URL(registry!.url).hostname);
  const idOf = await resolveSchemas(registry!, rawTopics, { register }, (line) => log("info", line));

  const simulator = place === "simulator" ? await startSimulator(["--rate", String(rate)]) : undefined;
  try {
    const choice = { ...choiceOf(source, simulator, coinbase, values.products), shard };
    const input = recording ?? (await openFeed(choice, log));
    // Loaded only now: without its native part it cannot be.
    const { KafkaSink } = await import("../topics/kafka/kafka-sink.ts");
    const sink = await KafkaSink.connect(kafka, log);
    const title = `${source} → Kafka at ${kafka.brokers.join(",")}`;
    try {
      if (recording?.cut !== undefined) log("warn", recording.cut);
      const { gone } = simulator ?? {};
      await streamIntoKafka({ source: input, title, sink, idOf, gone, address, duration: limit }, log);
    } finally {
      await sink.close();
    }
  } finally {
    simulator?.stop();
  }
});

/** What to read: the simulator's own products and account, or those of the configuration. */
function choiceOf(
  source: string,
  simulator: SimulatedExchange | undefined,
  config: CoinbaseConfig,
  choice: string | undefined,
): FeedChoice {
  const { credentials, productsPerSocket, ownFields } = config;
  if (simulator !== undefined) {
    const { url, credentials: account } = simulator;
    return { endpoints: [url], credentials: account, products: choice ?? "all", productsPerSocket, ownFields };
  }
  const endpoints = source !== "live" ? [source] : credentials === undefined ? [feed] : [direct, feed];
  return { endpoints, credentials, products: choice ?? config.products, productsPerSocket, ownFields };
}

type Place = "live" | "simulator" | "url" | "recording";

function placeOf(source: string): Place {
  if (source === "live" || source === "simulator") return source;
  if (/^[a-z]+:\/\//i.test(source)) return parseEndpoint(source) && "url";
  if (!existsSync(source))
    throw new UserError(`--source ${shownPath(source)}: neither live, simulator nor a URL, and there is no such file.`);
  return "recording";
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

function parseShard(text: string): Shard {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!(index >= 1 && index <= count))
    throw new UsageError(`--shard ${shown(text)}: I/N is expected, with I from 1 to N, as 1/4.`);
  return { index, count };
}
