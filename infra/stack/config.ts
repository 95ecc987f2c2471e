/**
 * What an environment of the platform is made of, read once: sizes, options and places, from the same variables as every
 * other program (`template.env`). Credentials and the Google project are Terraform variables and are not read here.
 */
import type { Environment } from "../../program/environment.ts";
import { catalog } from "../../schemas/catalog.ts";
import { shown } from "../../program/command.ts";
import { anyText, choice, type Form, list, shaped, whole } from "../../program/forms.ts";
import { productVariables } from "../../schemas/products.ts";

const day = 86_400_000;

const regionShape =
  /^(africa|asia|australia|europe|me|northamerica|southamerica|us)-(central|(north|south)?(east|west)|north|south)\d{1,2}$/;

/** Sizes of a ksqlDB cluster, as Confluent sells them. */
export const streamingUnits = [1, 2, 4, 8, 12, 16, 20, 24, 28];

const csuForm: Form<number> = {
  expected: `one of ${streamingUnits.join(", ")}`,
  parse: (text, wrong) => streamingUnits.find((units) => String(units) === text) ?? wrong(text),
};

const keysForm: Form<readonly number[]> = {
  expected: "a number, or two different ones such as 1,2 while keys are rotated,",
  parse: (text, wrong) => {
    const keys = text.split(",").map(Number);
    const isWhole = /^[1-9]\d{0,3}(\s*,\s*[1-9]\d{0,3})?$/.test(text);
    return isWhole && new Set(keys).size === keys.length ? keys : wrong(text);
  },
};

export const infraVariables = {
  GOOGLE_PROJECT: {
    form: shaped(
      /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
      "the id of a Google Cloud project (not its name or number)",
    ),
    doc: "The id of the Google Cloud project; its credentials are gcloud's application-default ones.",
  },
  TAPELINE_ENVIRONMENT: {
    form: choice("dev", "prod"),
    default: "dev",
    doc: "dev or prod: one stack each. In prod the cluster is standard and what holds data is protected.",
  },
  TAPELINE_NAME: {
    // The names of accounts in Google Cloud have at most 30 letters.
    form: shaped(/^[a-z][a-z0-9]{2,12}$/, "3 to 13 lower-case letters and digits"),
    default: "tapeline",
    doc: "Begins the names of everything, for an organisation that has several.",
  },
  CONFLUENT_REGION: {
    form: shaped(regionShape, "a region of Google Cloud, such as us-central1,"),
    default: "us-central1",
    doc: "A region of Google Cloud. BigQuery is in the same one, because the sink writes within a region only.",
  },
  BIGQUERY_LOCATION: { form: anyText, doc: "Default: CONFLUENT_REGION, and nothing else is accepted." },
  CONFLUENT_CLUSTER_TYPE: {
    form: choice("basic", "standard"),
    doc: "basic (default in dev; rights by ACLs) or standard (default in prod; by roles).",
  },
  CONFLUENT_AVAILABILITY: {
    form: choice("SINGLE_ZONE", "MULTI_ZONE"),
    default: "SINGLE_ZONE",
    doc: "SINGLE_ZONE or, with standard, MULTI_ZONE.",
  },
  CONFLUENT_MAX_ECKU: {
    form: whole(1, 50),
    doc: "Most eCKUs that the cluster grows to. Default: Confluent's limit, or what it had before.",
  },
  STREAM_GOVERNANCE: {
    form: choice("ESSENTIALS", "ADVANCED"),
    default: "ESSENTIALS",
    doc: "ESSENTIALS or ADVANCED.",
  },
  KSQLDB_CSU: {
    form: csuForm,
    default: "1",
    doc: "Streaming units of ksqlDB: 1, 2, 4, 8, … Another number replaces the ksqlDB cluster.",
  },
  RAW_RETENTION_DAYS: {
    form: whole(1, 365),
    doc: "How long Kafka keeps raw records. Default: 7. Those of feed_quarantine: always 30.",
  },
  CONNECTOR_TASKS: { form: whole(1, 100), default: "1", doc: "Tasks of the sink." },
  INGESTION_MODE: {
    form: choice("streaming", "batch"),
    default: "streaming",
    doc: "streaming (rows in seconds) or batch (every minute; cheaper for much data).",
  },
  SINK_KEY: {
    form: choice("created", "given"),
    default: "created",
    doc: "created, or given if your organisation forbids making keys.",
  },
  KEYS: {
    form: keysForm,
    default: "1",
    doc: "Numbers of the keys that each account has, of which the last is used: 1,2 and then 2 exchanges them (SECURITY.md).",
  },
  BIGQUERY_TABLES: {
    form: list(anyText),
    default: "all",
    doc: "Topics that become tables: all, or names separated by commas.",
  },
  HOURLY_EXPIRATION_DAYS: {
    // Of 10,000 partitions, less those of two weeks that are still to come or not yet deleted.
    form: whole(1, 400),
    default: "400",
    doc: "Days that BigQuery keeps hourly partitions, at most 400.",
  },
  DAILY_EXPIRATION_DAYS: { form: whole(1, 9_900), default: "3650", doc: "Days that BigQuery keeps daily partitions." },
  PROTECTION: {
    form: choice("on", "off"),
    doc: "on (default in prod) or off (default in dev): whether destroy refuses what holds data.",
  },
  ANALYSTS: {
    form: list(
      shaped(
        /^(user|group|serviceAccount|domain):[^\s:]+$/,
        "user:, group:, serviceAccount: or domain: with an address",
      ),
    ),
    doc: "Who may read the dataset: group:quants@example.com, user:…; separated by commas.",
  },
  ALERTS_EMAIL: {
    form: shaped(/^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/, "one e-mail address"),
    doc: "Where failed scheduled queries (sql/scheduled/) are reported. Default: nowhere.",
  },
  BILLING_ACCOUNT: {
    form: shaped(/^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/, "an id such as 012345-6789AB-CDEF01"),
    doc: "The id of a billing account: sets a budget with alerts for the project.",
  },
  BUDGET_AMOUNT: {
    form: whole(1, 1_000_000),
    default: "300",
    doc: "The budget a month, in the billing account's currency.",
  },
  STATE_BUCKET: {
    form: shaped(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, "a name of a bucket"),
    doc: "A bucket of Google Cloud Storage for Terraform's state. Default: a file here.",
  },
  SKIP_WAITS: {
    form: choice("yes", "no"),
    default: "no",
    doc: "yes: without the provider's minutes of waiting after keys and roles.",
  },
} as const;

/** The exchange alone knows which products there are; their shape is known here. */
const productForms = {
  COINBASE_PRODUCTS: {
    ...productVariables.COINBASE_PRODUCTS,
    form: list(
      shaped(/^(all|[A-Z0-9*]{1,20}-[A-Z0-9*]{1,20})$/, "an id such as BTC-USD, a pattern such as ETH-*, or all,"),
    ),
  },
} as const;

export type InfraConfig = ReturnType<typeof readInfraConfig>;

/** Faults go into `environment`; the result is usable if it has none. */
export function readInfraConfig(environment: Environment) {
  const values = environment.read({ ...infraVariables, ...productForms });
  const { TAPELINE_ENVIRONMENT: name, CONFLUENT_REGION: region, BILLING_ACCOUNT: billingAccount } = values;
  const isProd = name === "prod";
  const tier = values.CONFLUENT_CLUSTER_TYPE ?? (isProd ? "standard" : "basic");
  const { CONFLUENT_AVAILABILITY: availability, CONFLUENT_MAX_ECKU: maxEcku, SINK_KEY: key } = values;
  const location = values.BIGQUERY_LOCATION ?? region;
  if (region !== undefined && location !== region)
    environment.fault(
      `BIGQUERY_LOCATION is ${regionShape.test(location) ? location : shown(location)} and CONFLUENT_REGION ${region}: the sink writes within one region only. Leave BIGQUERY_LOCATION out, or set both to the same region`,
    );
  if (availability === "MULTI_ZONE" && tier === "basic")
    environment.fault(
      "CONFLUENT_AVAILABILITY is MULTI_ZONE: a basic cluster has one zone. Set CONFLUENT_CLUSTER_TYPE=standard",
    );
  if (availability === "MULTI_ZONE" && maxEcku === 1)
    environment.fault("CONFLUENT_MAX_ECKU is 1: a cluster over several zones needs at least 2");
  if (key === "created" && environment.text("SINK_KEY_FILE") !== undefined)
    environment.fault("SINK_KEY_FILE is set, which is read with SINK_KEY=given only: set both, or neither");
  const retentionDays = values.RAW_RETENTION_DAYS;
  return {
    environment: name,
    /** Begins the names of everything that shares a name space: in the organisation, in the Google project. */
    prefix: `${values.TAPELINE_NAME}-${name}`,
    /** Of both clouds. */
    region,
    cluster: { tier, availability, maxEcku },
    governance: values.STREAM_GOVERNANCE,
    csu: values.KSQLDB_CSU,
    /** Retention of the exchange's raw topics; undefined for the catalogue's. */
    rawRetentionMs: retentionDays === undefined ? undefined : retentionDays * day,
    sink: { tasks: values.CONNECTOR_TASKS, mode: values.INGESTION_MODE, key },
    /** Numbers of the keys that each account has, of which the last is used. */
    keys: values.KEYS,
    /** Topics that are sunk into a table of their name. */
    tables: tablesOf(environment, values.BIGQUERY_TABLES ?? []),
    /** Days after which a partition is deleted, by its width. */
    expirationDays: { HOUR: values.HOURLY_EXPIRATION_DAYS, DAY: values.DAILY_EXPIRATION_DAYS },
    isProtected: (values.PROTECTION ?? (isProd ? "on" : "off")) === "on",
    analysts: values.ANALYSTS ?? [],
    budget: billingAccount === undefined ? undefined : { billingAccount, amount: values.BUDGET_AMOUNT },
    alertsTo: values.ALERTS_EMAIL,
    stateBucket: values.STATE_BUCKET,
    googleProject: values.GOOGLE_PROJECT,
    /** Ids or patterns, as the producer takes them. */
    products: (values.COINBASE_PRODUCTS ?? []).join(","),
    /** Omits the minutes that the provider waits after keys and role bindings; what follows may be refused then. */
    skipWaits: values.SKIP_WAITS === "yes",
  };
}

function tablesOf(environment: Environment, asked: readonly string[]): string[] {
  const sunk = catalog.flatMap(({ name, table }) => (table === undefined ? [] : name));
  if (asked.length === 1 && asked[0] === "all") return sunk;
  for (const name of asked.filter((one) => !sunk.includes(one))) {
    const known = catalog.some((topic) => topic.name === name);
    environment.fault(
      `BIGQUERY_TABLES names ${known ? name : shown(name)}, ${known ? "a topic that has no table" : "which is not a topic"}: all, or some of ${sunk.join(", ")}, are expected`,
    );
  }
  return sunk.filter((name) => asked.includes(name));
}

/** What products are quoted in: states' money, what stands for it, and what others are traded for. */
const money = new Set([...Intl.supportedValuesOf("currency"), "PYUSD", "DAI", "BTC", "ETH", "SOL"]);
const isQuote = (currency: string) => /\*|^(USD|EUR|GBP)/.test(currency) || money.has(currency);

/** Reports products that cannot exist, for commands that begin with them. */
export function checkProducts(environment: Environment, { products }: InfraConfig): void {
  for (const product of products.split(",")) {
    const [, quote] = product.split("-");
    if (quote !== undefined && !isQuote(quote))
      environment.fault(
        `COINBASE_PRODUCTS has ${product}, and nothing is quoted in ${quote}: npm run producer -- --list-products shows what there is`,
      );
  }
}
