/**
 * What an environment of the platform is made of, read once: sizes, options and places, from the same variables as every
 * other program (`template.env`). Credentials and the Google project are Terraform variables and are not read here.
 */
import type { Environment } from "../../program/environment.ts";
import { catalog } from "../../schemas/catalog.ts";
import { shown } from "../../program/command.ts";

export interface InfraConfig {
  readonly environment: "dev" | "prod";
  /** Begins the names of everything that has one beside others: in the organisation, in the Google project. */
  readonly prefix: string;
  /** Region of both clouds: the sink writes within one only. */
  readonly region: string;
  readonly cluster: {
    /** `basic` knows ACLs only, `standard` roles too. */
    readonly tier: "basic" | "standard";
    readonly availability: "SINGLE_ZONE" | "MULTI_ZONE";
    /** Most eCKUs that it grows to; undefined for Confluent's own limit. */
    readonly maxEcku: number | undefined;
  };
  readonly governance: "ESSENTIALS" | "ADVANCED";
  /** Streaming units of the ksqlDB cluster. */
  readonly csu: number;
  /** Retention of the exchange's raw topics; undefined for the catalogue's. */
  readonly rawRetentionMs: number | undefined;
  readonly sink: {
    readonly tasks: number;
    readonly mode: "streaming" | "batch";
    /** Whether its Google key is made here, or given: organisations may forbid making keys. */
    readonly key: "created" | "given";
  };
  /** Numbers of the keys that each account has, of which the last is used: two while they are exchanged. */
  readonly keys: readonly number[];
  /** Topics that are sunk into a table of their name. */
  readonly tables: readonly string[];
  /** Days after which a partition is deleted. */
  readonly expirationDays: { readonly HOUR: number; readonly DAY: number };
  /** Whether what holds data can be destroyed. */
  readonly isProtected: boolean;
  /** Who may read: members as `group:quants@example.com`. */
  readonly analysts: readonly string[];
  /** A month, in the currency of the billing account. */
  readonly budget: { readonly billingAccount: string; readonly amount: number } | undefined;
  /** E-mail address that failed scheduled queries are reported to. */
  readonly alertsTo: string | undefined;
  readonly stateBucket: string | undefined;
  readonly googleProject: string | undefined;
  /** Ids or patterns, as the producer takes them. */
  readonly products: string;
  /** Takes away the minutes that the provider waits after keys and role bindings; what follows may be refused then. */
  readonly skipWaits: boolean;
}

const day = 86_400_000;

const regionShape =
  /^(africa|asia|australia|europe|me|northamerica|southamerica|us)-(central|(north|south)?(east|west)|north|south)\d{1,2}$/;

/** Sizes of a ksqlDB cluster, as Confluent sells them. */
export const streamingUnits = [1, 2, 4, 8, 12, 16, 20, 24, 28];

/** Faults go into `environment`; the result is usable if it has none. */
export function readInfraConfig(environment: Environment): InfraConfig {
  const name = environment.choice("TAPELINE_ENVIRONMENT", ["dev", "prod"]) ?? "dev";
  const isProd = name === "prod";
  const tier = environment.choice("CONFLUENT_CLUSTER_TYPE", ["basic", "standard"]) ?? (isProd ? "standard" : "basic");
  return {
    environment: name,
    prefix: `${readName(environment)}-${name}`,
    region: readRegion(environment),
    cluster: { tier, ...readAvailability(environment, tier) },
    governance: environment.choice("STREAM_GOVERNANCE", ["ESSENTIALS", "ADVANCED"]) ?? "ESSENTIALS",
    csu: readCsu(environment),
    rawRetentionMs: optionalWhole(environment, "RAW_RETENTION_DAYS", 1, 365, (days) => days * day),
    sink: {
      tasks: environment.whole("CONNECTOR_TASKS", 1, 100),
      mode: environment.choice("INGESTION_MODE", ["streaming", "batch"]) ?? "streaming",
      key: readSinkKey(environment),
    },
    keys: readKeys(environment),
    tables: readTopics(environment),
    expirationDays: {
      // Of 10,000 partitions, less those of two weeks that are still to come or not yet deleted.
      HOUR: environment.whole("HOURLY_EXPIRATION_DAYS", 1, 400),
      DAY: environment.whole("DAILY_EXPIRATION_DAYS", 1, 9_900),
    },
    isProtected: (environment.choice("PROTECTION", ["on", "off"]) ?? (isProd ? "on" : "off")) === "on",
    analysts: list(environment, "ANALYSTS").map((member) =>
      /^(user|group|serviceAccount|domain):[^\s:]+$/.test(member)
        ? member
        : fault(environment, "ANALYSTS", member, "user:, group:, serviceAccount: or domain: with an address", member),
    ),
    budget: readBudget(environment),
    alertsTo: shaped(environment, "ALERTS_EMAIL", /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/, "one e-mail address"),
    stateBucket: shaped(environment, "STATE_BUCKET", /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, "a name of a bucket"),
    googleProject: shaped(
      environment,
      "GOOGLE_PROJECT",
      /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
      "the id of a Google Cloud project (not its name or number)",
    ),
    products: readProducts(environment),
    skipWaits: environment.choice("SKIP_WAITS", ["yes", "no"]) === "yes",
  };
}

/** Tells what is wrong with a variable, and returns what is taken in its place. */
function fault<T>(environment: Environment, name: string, text: string, expected: string, instead: T): T {
  environment.fault(`${name} is ${shown(text)}: ${expected} is expected`);
  return instead;
}

function list(environment: Environment, name: string): string[] {
  const text = environment.text(name) ?? "";
  return [...new Set(text.split(",").flatMap((part) => (part.trim() === "" ? [] : part.trim())))];
}

function shaped(environment: Environment, name: string, shape: RegExp, expected: string): string | undefined {
  const text = environment.text(name);
  return text === undefined || shape.test(text) ? text : fault(environment, name, text, expected, undefined);
}

function optionalWhole(
  environment: Environment,
  name: string,
  least: number,
  most: number,
  unit = (value: number) => value,
): number | undefined {
  return environment.text(name) === undefined ? undefined : unit(environment.whole(name, least, most));
}

/** Short enough for the accounts in Google Cloud, whose names have at most 30 letters. */
function readName(environment: Environment): string {
  return (
    shaped(environment, "TAPELINE_NAME", /^[a-z][a-z0-9]{2,12}$/, "3 to 13 lower-case letters and digits") ?? "tapeline"
  );
}

function readRegion(environment: Environment): string {
  const region = environment.required("CONFLUENT_REGION", "a region of Google Cloud, such as us-central1");
  if (region !== "" && !regionShape.test(region))
    fault(environment, "CONFLUENT_REGION", region, "a region of Google Cloud, such as us-central1,", "");
  const location = environment.text("BIGQUERY_LOCATION") ?? region;
  if (location !== region)
    environment.fault(
      `BIGQUERY_LOCATION is ${regionShape.test(location) ? location : shown(location)} and CONFLUENT_REGION ${regionShape.test(region) ? region : shown(region)}: the sink writes within one region only. Leave BIGQUERY_LOCATION out, or set both to the same region`,
    );
  return region;
}

function readAvailability(environment: Environment, tier: "basic" | "standard") {
  const availability = environment.choice("CONFLUENT_AVAILABILITY", ["SINGLE_ZONE", "MULTI_ZONE"]) ?? "SINGLE_ZONE";
  const maxEcku = optionalWhole(environment, "CONFLUENT_MAX_ECKU", 1, 50);
  if (availability === "MULTI_ZONE" && tier === "basic")
    environment.fault(
      "CONFLUENT_AVAILABILITY is MULTI_ZONE: a basic cluster has one zone. Set CONFLUENT_CLUSTER_TYPE=standard",
    );
  if (availability === "MULTI_ZONE" && maxEcku === 1)
    environment.fault("CONFLUENT_MAX_ECKU is 1: a cluster over several zones needs at least 2");
  return { availability, maxEcku };
}

function readCsu(environment: Environment): number {
  const csu = environment.whole("KSQLDB_CSU", 1, 28);
  return streamingUnits.includes(csu)
    ? csu
    : fault(environment, "KSQLDB_CSU", String(csu), `one of ${streamingUnits.join(", ")}`, 1);
}

function readSinkKey(environment: Environment): "created" | "given" {
  const key = environment.choice("SINK_KEY", ["created", "given"]) ?? "created";
  if (key === "created" && environment.text("SINK_KEY_FILE") !== undefined)
    environment.fault("SINK_KEY_FILE is set, which is read with SINK_KEY=given only: set both, or neither");
  return key;
}

function readKeys(environment: Environment): number[] {
  const text = environment.text("KEYS") ?? "";
  const keys = list(environment, "KEYS");
  if (/^[1-9]\d{0,3}(\s*,\s*[1-9]\d{0,3})?$/.test(text.trim()) && keys.length === text.split(",").length)
    return keys.map(Number);
  return fault(
    environment,
    "KEYS",
    text || "empty",
    "a number, or two different ones such as 1,2 while keys are exchanged,",
    [1],
  );
}

function readTopics(environment: Environment): string[] {
  const sunk = catalog.flatMap(({ name, table }) => (table === undefined ? [] : name));
  const asked = list(environment, "BIGQUERY_TABLES");
  if (asked.length === 1 && asked[0] === "all") return sunk;
  const unknown = asked.filter((name) => !sunk.includes(name));
  for (const name of unknown) {
    const known = catalog.some((topic) => topic.name === name);
    environment.fault(
      `BIGQUERY_TABLES names ${known ? name : shown(name)}, ${known ? "a topic that has no table" : "which is no topic"}: all, or some of ${sunk.join(", ")}, are expected`,
    );
  }
  if (asked.length === 0)
    environment.fault(`BIGQUERY_TABLES is empty: all, or some of ${sunk.join(", ")}, are expected`);
  return sunk.filter((name) => asked.includes(name));
}

function readBudget(environment: Environment): InfraConfig["budget"] {
  const billingAccount = shaped(
    environment,
    "BILLING_ACCOUNT",
    /^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/,
    "an id such as 012345-6789AB-CDEF01",
  );
  const amount = environment.whole("BUDGET_AMOUNT", 1, 1_000_000);
  return billingAccount === undefined ? undefined : { billingAccount, amount };
}

/** The exchange alone knows which products there are; their shape is known here. */
function readProducts(environment: Environment): string {
  const products = list(environment, "COINBASE_PRODUCTS");
  for (const product of products)
    if (product !== "all" && !/^[A-Z0-9*]{1,20}-[A-Z0-9*]{1,20}$/.test(product))
      fault(environment, "COINBASE_PRODUCTS", product, "an id such as BTC-USD, a pattern such as ETH-*, or all,", "");
  if (products.length === 0)
    environment.fault("COINBASE_PRODUCTS is empty: ids or patterns separated by commas, or all");
  return products.join(",");
}

/** What products are quoted in: states' money, what stands for it, and what others are traded for. */
const money = new Set([...Intl.supportedValuesOf("currency"), "PYUSD", "DAI", "BTC", "ETH", "SOL"]);
const isQuote = (currency: string) => /\*|^(USD|EUR|GBP)/.test(currency) || money.has(currency);

/** Faults of products that there can not be, for what begins with them. */
export function checkProducts(environment: Environment, { products }: InfraConfig): void {
  for (const product of products.split(",")) {
    const [, quote] = product.split("-");
    if (quote !== undefined && !isQuote(quote))
      environment.fault(
        `COINBASE_PRODUCTS has ${product}, and nothing is quoted in ${quote}: npm run producer -- --list-products shows what there is`,
      );
  }
}
