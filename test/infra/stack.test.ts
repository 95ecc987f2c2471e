/** The facts of a synthesised stack that everything else stands on. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider/index.js";
import { App, TerraformStack, Testing } from "cdktf";
import { describe, expect, it } from "vitest";
import { Warehouse } from "../../infra/stack/warehouse.ts";
import { catalog } from "../../schemas/catalog.ts";
import { readTables } from "../../schemas/tables.ts";
import { parseScheduled } from "../../sql/scheduled.ts";
import { configOf, synth, type Body, type Synthesised } from "./synth.ts";

const block = (body: Body, name: string) => body[name] as Body;
const all = ({ resource }: Synthesised, type: string) => Object.values(resource[type] ?? {});

/** What is synthesised stands in the order of names. */
const topics = catalog.toSorted((a, b) => (a.name < b.name ? -1 : 1));

const dev = synth();
const prod = synth({ TAPELINE_ENVIRONMENT: "prod" });

describe("a stack", () => {
  it("is the same, byte for byte, whenever it is made", () => {
    const digest = () => createHash("sha256").update(JSON.stringify(synth())).digest("hex");
    expect(digest()).toBe(digest());
  });

  it("names no folder of the machine that made it", () => {
    expect(JSON.stringify(dev)).not.toContain(process.cwd());
  });

  it("pins both providers", () => {
    expect(dev.terraform.required_providers).toEqual({
      confluent: { source: "confluentinc/confluent", version: "2.83.0" },
      google: { source: "google", version: "6.50.0" },
    });
  });

  it("says which Terraform it needs", () => {
    expect(dev.terraform).toMatchObject({ required_version: ">= 1.5.0" });
  });

  it("asks for its secrets in sensitive variables without a default", () => {
    const secrets = Object.entries(dev.variable).filter(([, { sensitive }]) => sensitive === true);
    expect(secrets.map(([name, { default: value }]) => [name, value])).toEqual([
      ["confluent_cloud_api_key", undefined],
      ["confluent_cloud_api_secret", undefined],
    ]);
    expect(dev.provider["confluent"]).toEqual([
      {
        cloud_api_key: "${var.confluent_cloud_api_key}",
        cloud_api_secret: "${var.confluent_cloud_api_secret}",
      },
    ]);
  });

  it("keeps its state in the named bucket, or else in a file of the project", () => {
    expect(dev.terraform.backend).toEqual({ local: { path: "../../../tapeline-dev.tfstate" } });
    expect(synth({ STATE_BUCKET: "states" }).terraform.backend).toEqual({
      gcs: { bucket: "states", prefix: "tapeline/dev" },
    });
  });
});

describe("the warehouse", () => {
  it("has a table for every sunk topic, with the columns of the committed shapes", () => {
    const tables = all(dev, "google_bigquery_table").filter(({ view }) => view === undefined);
    expect(tables.map(({ table_id: name }) => String(name)).toSorted()).toEqual(
      catalog.flatMap(({ name, table }) => (table === undefined ? [] : name)).toSorted(),
    );
    for (const { name, columns } of readTables()) {
      const table = tables.find(({ table_id: id }) => id === name)!;
      expect(JSON.parse(table["schema"] as string)).toEqual(columns);
    }
  });

  it("keeps hourly partitions 400 days and daily ones ten years, unless told otherwise", () => {
    const expiry = (stack: Synthesised) => {
      const partitions = all(stack, "google_bigquery_table").flatMap(({ time_partitioning: by }): Body[] =>
        by === undefined ? [] : [by as Body],
      );
      return Object.fromEntries(
        partitions.map(({ type, expiration_ms: ms }) => [String(type), Number(ms) / 86_400_000]),
      );
    };
    expect(expiry(dev)).toEqual({ HOUR: 400, DAY: 3650 });
    expect(expiry(synth({ HOURLY_EXPIRATION_DAYS: "30", DAILY_EXPIRATION_DAYS: "90" }))).toEqual({ HOUR: 30, DAY: 90 });
  });

  it("makes the views and table functions of sql/, reading tables by references, so that they come first", () => {
    const trades = dev.resource["google_bigquery_table"]!["warehouse-objects-trades"]!;
    const { query } = block(trades, "view");
    const place = "${var.google_project}.${google_bigquery_dataset.warehouse-dataset.dataset_id}";
    expect(query).toContain(`FROM \`${place}.\${google_bigquery_table.warehouse-tables-coinbase_trades.table_id}\``);
    const candles = dev.resource["google_bigquery_routine"]!["warehouse-objects-candles"]!;
    expect(candles["definition_body"]).toContain(
      `FROM \`${place}.\${google_bigquery_table.warehouse-objects-trades.table_id}\``,
    );
    // What is no table stays: a CTE.
    expect(candles["definition_body"]).toContain("FROM bucketed");
  });

  it("leaves out the tables that are not kept, with what reads them, and what the sink would write there", () => {
    const stack = synth({ BIGQUERY_TABLES: "coinbase_bars_1m,coinbase_ticker" });
    expect(
      all(stack, "google_bigquery_table")
        .map(({ table_id: name }) => String(name))
        .toSorted(),
    ).toEqual(["bars_1m", "coinbase_bars_1m", "coinbase_ticker"]);
    expect(stack.resource["google_bigquery_routine"]).toBeUndefined();
    const [{ config_nonsensitive: settings } = {}] = all(stack, "confluent_connector");
    expect((settings as Body)["topics"]).toBe("coinbase_ticker,coinbase_bars_1m");
  });

  it("lets the sink's account write this dataset and nothing else, and delete no table", () => {
    const roles = Object.values(dev.resource).flatMap((bodies) =>
      Object.values(bodies).filter(({ member }) => String(member).includes("warehouse-sink.")),
    );
    expect(roles).toEqual([
      expect.objectContaining({
        role: "${google_project_iam_custom_role.warehouse-sink_role.name}",
        dataset_id: "${google_bigquery_dataset.warehouse-dataset.dataset_id}",
      }),
    ]);
    const [role] = all(dev, "google_project_iam_custom_role");
    const may = (what: string) => (role!["permissions"] as string[]).includes(`bigquery.tables.${what}`);
    expect(["get", "updateData", "delete", "setIamPolicy"].map(may)).toEqual([true, true, false, false]);
  });

  it("takes the sink's key as a sensitive variable where none may be made", () => {
    const stack = synth({ SINK_KEY: "given" });
    expect(stack.resource["google_service_account_key"]).toBeUndefined();
    expect(stack.resource["google_service_account"]).not.toHaveProperty("warehouse-sink");
    expect(stack.variable["google_sink_key"]).toMatchObject({ sensitive: true, type: "string" });
    const [{ config_sensitive: secrets } = {}] = all(stack, "confluent_connector");
    expect(secrets).toEqual({ keyfile: "${var.google_sink_key}" });
  });

  it("lets analysts read the dataset and start queries", () => {
    const stack = synth({ ANALYSTS: "group:quants@example.com" });
    const given = ["google_bigquery_dataset_iam_member", "google_project_iam_member"].flatMap((type) =>
      all(stack, type).filter(({ member }) => member === "group:quants@example.com"),
    );
    expect(given.map(({ role }) => role)).toEqual(["roles/bigquery.dataViewer", "roles/bigquery.jobUser"]);
  });

  it("runs queries by the clock as an account of their own, in the dataset's region", () => {
    const query = parseScheduled(
      "rollup.sql",
      "-- Counts trades.\n-- every 15 minutes\nINSERT INTO coinbase_bars_1m SELECT * FROM coinbase_trades",
    );
    const scheduled = (variables: Record<string, string> = {}) => {
      const stack = new TerraformStack(new App({ outdir: tmpdir(), stackTraces: false }), "scheduled");
      new GoogleProvider(stack, "google");
      new Warehouse(stack, "warehouse", {
        config: configOf(variables),
        project: "p",
        givenKey: undefined,
        tables: readTables(),
        objects: [],
        scheduled: [query],
      });
      return JSON.parse(Testing.synth(stack)) as Synthesised;
    };
    const { resource } = scheduled();
    expect(resource["google_monitoring_alert_policy"]).toBeUndefined();
    const told = scheduled({ ALERTS_EMAIL: "desk@example.com" });
    const [channel] = all(told, "google_monitoring_notification_channel");
    expect(channel).toMatchObject({ type: "email", labels: { email_address: "desk@example.com" } });
    expect(all(told, "google_monitoring_alert_policy")).toMatchObject([
      {
        notification_channels: [
          expect.stringMatching(/^\$\{google_monitoring_notification_channel\.\w+\.name\}$/) as string,
        ],
        conditions: [
          {
            condition_threshold: {
              filter: expect.stringMatching(/config_id[^]*completed_runs[^]*transfer_config\./) as unknown,
            },
          },
        ],
      },
    ]);
    expect(() => configOf({ ALERTS_EMAIL: "desk" })).toThrow("ALERTS_EMAIL is desk: one e-mail address is expected");
    const [config] = Object.values(resource["google_bigquery_data_transfer_config"]!);
    expect(config).toMatchObject({ location: "us-central1", schedule: "every 15 minutes" });
    const named = (table: string) =>
      `\`p\\.\\$\\{google_bigquery_dataset\\.\\w+\\.dataset_id\\}\\.\\$\\{google_bigquery_table\\.\\w+${table}_\\w+\\.table_id\\}\``;
    expect((config!["params"] as Body)["query"]).toMatch(
      new RegExp(`^INSERT INTO ${named("bars_1m")} SELECT \\* FROM ${named("trades")}\n$`),
    );
    expect(() => parseScheduled("rollup.sql", "-- Counts.\n-- every 1 minutes\nSELECT 1")).toThrow("5 or more");
  });

  it("has a budget where a billing account is named, on the project's number", () => {
    expect(dev.resource["google_billing_budget"]).toBeUndefined();
    const stack = synth({ BILLING_ACCOUNT: "012345-6789AB-CDEF01", BUDGET_AMOUNT: "50" });
    expect(all(stack, "google_billing_budget")).toEqual([
      expect.objectContaining({
        amount: { specified_amount: { units: "50" } },
        budget_filter: { projects: ["projects/${data.google_project.budget-project.number}"] },
      }),
    ]);
  });
});

describe("the streaming half", () => {
  it("has every topic as the catalogue and the statements name it", () => {
    const made = all(dev, "confluent_kafka_topic").map(
      ({ topic_name: name, partitions_count: partitions, config }) => ({
        name,
        partitions,
        retention: (config as Body)["retention.ms"],
      }),
    );
    expect(made).toEqual(
      topics.map(({ name, partitions, retentionMs }) => ({ name, partitions, retention: String(retentionMs) })),
    );
  });

  it("keeps the exchange's records as long as is asked, derived ones and what could not be read as the catalogue says", () => {
    const stack = synth({ RAW_RETENTION_DAYS: "1" });
    const retention = (name: string) =>
      (stack.resource["confluent_kafka_topic"]![`streaming-topics-${name}-topic`]!["config"] as Body)["retention.ms"];
    const names = ["coinbase_full", "coinbase_trades", "feed_quarantine"];
    expect(names.map(retention)).toEqual(["86400000", "604800000", "2592000000"]);
  });

  it("guards every subject, and registers the schemas of the raw ones only", () => {
    const configs = all(dev, "confluent_subject_config").map(({ subject_name: name, compatibility_level: level }) => [
      name,
      level,
    ]);
    expect(configs).toEqual(topics.map(({ name }) => [`${name}-value`, "FULL_TRANSITIVE"]));
    for (const schema of all(dev, "confluent_schema")) {
      const file = new URL(
        `../../schemas/${String(schema["subject_name"]).replace("-value", ".avsc")}`,
        import.meta.url,
      );
      expect(JSON.parse(schema["schema"] as string)).toEqual(JSON.parse(readFileSync(file, "utf8")));
    }
  });

  it("reads the registry behind a resource that never changes", () => {
    expect(dev.data["confluent_schema_registry_cluster"]).toMatchObject({
      "streaming-registry": {
        environment: { id: "${terraform_data.streaming-registry_environment.output.environment}" },
      },
    });
  });

  it("gives rights by access rules on a basic cluster, and by roles on a standard one", () => {
    const ruled = (stack: Synthesised) =>
      new Set(
        all(stack, "confluent_kafka_acl").map(({ principal }) => /streaming-(\w+)-account/.exec(String(principal))![1]),
      );
    expect([ruled(dev), ruled(prod)]).toEqual([new Set(["connector", "ksqldb", "producer"]), new Set(["ksqldb"])]);
    const roles = all(prod, "confluent_role_binding").filter(({ principal }) =>
      String(principal).includes("-producer-"),
    );
    const cluster = "${confluent_kafka_cluster.streaming-cluster";
    expect(roles).toContainEqual(
      expect.objectContaining({
        role_name: "DeveloperWrite",
        crn_pattern: `${cluster}.rbac_crn}/kafka=${cluster}.id}/topic=coinbase_full`,
      }),
    );
  });

  it("gives ksqlDB the same rights in prod as in dev", () => {
    const rightsOf = ({ resource }: Synthesised) =>
      ["confluent_kafka_acl", "confluent_role_binding"].flatMap((type) =>
        Object.entries(resource[type] ?? {}).filter(([name]) => name.startsWith("streaming-ksqldb-")),
      );
    expect(rightsOf(dev).length).toBeGreaterThan(10);
    expect(rightsOf(prod)).toEqual(rightsOf(dev));
  });

  it("gives the producer no right on what others write", () => {
    const writable = all(dev, "confluent_kafka_acl").filter(
      ({ principal, operation }) => String(principal).includes("-producer-") && operation === "WRITE",
    );
    expect(writable.map(({ resource_name: name }) => name)).toEqual(
      topics.flatMap(({ name, writtenBy }) => (writtenBy === "producer" ? name : [])),
    );
  });

  it("makes each key after the rights of its owner", () => {
    for (const stack of [dev, prod])
      for (const key of all(stack, "confluent_api_key")) {
        const account = /streaming-\w+-account/.exec(JSON.stringify(key["owner"]))![0];
        const rights = ["confluent_kafka_acl", "confluent_role_binding"].flatMap((type) =>
          Object.entries(stack.resource[type] ?? {}).flatMap(([name, { principal }]) =>
            JSON.stringify(principal).includes(`${account}.`) ? `${type}.${name}` : [],
          ),
        );
        const after = rights.filter((address) => (key["depends_on"] as string[]).includes(address));
        // Of the manager, who makes all, a key is made with the right that opens what the key is for.
        if (/-(producer|connector)-/.test(account)) expect(after).toEqual(rights);
        expect(after).not.toEqual([]);
      }
  });

  it.each([
    [
      "confluent_schema/streaming-topics-coinbase_full-schema",
      "confluent_subject_config.streaming-topics-coinbase_full-compatibility",
    ],
    ["confluent_ksql_cluster/streaming-ksqldb_cluster", "confluent_role_binding.streaming-ksqldb-subjects"],
    ["terraform_data/streaming-registry_environment", "confluent_kafka_cluster.streaming-cluster"],
    ["terraform_data/streaming-statements-teardown", "confluent_schema.streaming-topics-coinbase_full-schema"],
    ["terraform_data/streaming-statements-teardown", "confluent_kafka_topic.streaming-topics-coinbase_trades-topic"],
    ["terraform_data/streaming-statements-teardown", "confluent_role_binding.streaming-ksqldb-admin"],
    ["terraform_data/streaming-statements-teardown", "google_bigquery_table.warehouse-tables-coinbase_trades"],
    ["terraform_data/streaming-statements-apply", "terraform_data.streaming-statements-teardown"],
    ["confluent_connector/streaming-sink", "terraform_data.streaming-statements-apply"],
    ["confluent_connector/streaming-sink", "google_bigquery_dataset_iam_member.warehouse-sink_writes"],
    ["google_bigquery_dataset/warehouse-dataset", "google_project_service.warehouse-services-bigquery"],
  ])("%s comes after %s, and goes before it", (path, earlier) => {
    const [type, name] = path.split("/") as [string, string];
    for (const stack of [dev, prod]) expect(stack.resource[type]![name]!["depends_on"]).toContain(earlier);
  });

  it("writes each topic to the table of its name, and makes neither tables nor columns", () => {
    const [{ config_nonsensitive: settings } = {}] = all(dev, "confluent_connector");
    expect(settings).toMatchObject({
      "connector.class": "BigQueryStorageSink",
      "auto.create.tables": "DISABLED",
      "auto.update.schemas": "DISABLED",
      "ingestion.mode": "STREAMING",
      "input.data.format": "AVRO",
      "consumer.override.isolation.level": "read_committed",
    });
    expect(synth({ INGESTION_MODE: "batch" }).resource["confluent_connector"]).toMatchObject({
      "streaming-sink": { config_nonsensitive: { "ingestion.mode": "BATCH LOADING", "commit.interval": "60" } },
    });
  });

  it("applies the statements by one resource, and drops them by another", () => {
    const { "streaming-statements-apply": apply, "streaming-statements-teardown": teardown } =
      dev.resource["terraform_data"]!;
    expect(apply).toMatchObject({
      triggers_replace: { statements: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown },
      provisioner: [{ "local-exec": { command: expect.stringContaining("ksqldb -- apply") as unknown } }],
    });
    expect(teardown).not.toHaveProperty("triggers_replace");
    expect(teardown).toMatchObject({
      provisioner: [
        { "local-exec": { when: "destroy", command: expect.stringContaining("ksqldb -- destroy") as unknown } },
      ],
    });
  });
});
