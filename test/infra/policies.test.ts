/** Each policy speaks where it is broken, and nowhere else: stacks as they are synthesised, with one thing changed. */
import { describe, expect, it } from "vitest";
import { policies } from "../../infra/policies/policies.ts";
import { configOf, synth, type Body } from "./synth.ts";

const variables = { TAPELINE_ENVIRONMENT: "prod", BILLING_ACCOUNT: "012345-6789AB-CDEF01", SINK_KEY: "given" };
const config = configOf(variables);
const prod = synth(variables);

type Mutable = Record<string, unknown>;

/** A stack of prod where one element has other arguments: a resource, or what begins with @ and its kind. */
function changed(path: string, change: Mutable): object {
  const stack = structuredClone(prod);
  const places = path.startsWith("@") ? path.slice(1).split("/") : ["resource", ...path.split("/")];
  const element = places.reduce((inner, name) => inner[name] as Mutable, stack as unknown as Mutable);
  Object.assign(element, change);
  return stack;
}

const topic = "confluent_kafka_topic/streaming-topics-coinbase_full-topic";
const schema = "confluent_schema/streaming-topics-coinbase_full-schema";
const sink = "confluent_connector/streaming-sink";
const binding = "confluent_role_binding/streaming-connector-subject_coinbase_full";
const member = "google_bigquery_dataset_iam_member/warehouse-sink_writes";
const registry = "@data/confluent_schema_registry_cluster/streaming-registry";
const cluster = "confluent_kafka_cluster/streaming-cluster";
const dataset = "google_bigquery_dataset/warehouse-dataset";
const teardown = "terraform_data/streaming-statements-teardown";
const table = "google_bigquery_table/warehouse-tables-coinbase_trades";
const columns = (...more: Body[]) => JSON.stringify([{ name: "time", type: "TIMESTAMP", mode: "REQUIRED" }, ...more]);
const settings = (change: Body) => {
  const { config_nonsensitive: given } = prod.resource["confluent_connector"]!["streaming-sink"]!;
  return { config_nonsensitive: { ...(given as Body), ...change } };
};

describe("a policy", () => {
  it.each([{}, variables, { CONFLUENT_CLUSTER_TYPE: "standard", ANALYSTS: "group:a@example.com" }])(
    "has nothing against the stack of %j",
    (given) => {
      expect(policies(synth(given), configOf(given))).toEqual([]);
    },
  );

  it.each<[expected: string, path: string, change: Mutable]>([
    ["lacks prevent_destroy", "confluent_environment/streaming-environment", { lifecycle: {} }],
    ["lacks prevent_destroy", topic, { lifecycle: {} }],
    ["lacks prevent_destroy", dataset, { lifecycle: {} }],
    ["lacks deletion_protection", table, { deletion_protection: false }],
    ["lacks deletion_protection", cluster, { deletion_protection: false }],
    ["lacks ignore_auto_generated_schema", table, { ignore_auto_generated_schema: false }],
    ["is a view", "google_bigquery_table/warehouse-objects-trades", { deletion_protection: true }],
    ["disable_on_destroy = false", "google_project_service/warehouse-services-iam", { disable_on_destroy: true }],
    ["credentials.secret is a secret written out", `${topic}/credentials`, { secret: "abc" }],
    ["keyfile is a secret written out", sink, { config_sensitive: { keyfile: "{}" } }],
    ["kafka.api.secret belongs in config_sensitive", sink, settings({ "kafka.api.secret": "${var.x}" })],
    ["is a secret written out", "@provider/confluent/0", { cloud_api_secret: "abc" }],
    ["mark it sensitive", "@variable/confluent_cloud_api_secret", { sensitive: false }],
    ["has a validation", "@variable/confluent_cloud_api_secret", { validation: [{ condition: "${false}" }] }],
    ["has a default", "@variable/confluent_cloud_api_secret", { default: "abc" }],
    ["shows a secret", "@output/connector_id", { value: "${confluent_api_key.streaming-ksqldb-key_1}" }],
    [
      "has a secret in its command",
      "terraform_data/streaming-statements-apply/provisioner/0/local-exec",
      { command: "apply ${confluent_api_key.streaming-ksqldb-key_1.secret}" },
    ],
    ["which are not sold", "confluent_ksql_cluster/streaming-ksqldb_cluster", { csu: 3 }],
    ["which is none of", binding, { role_name: "DeveloperReed" }],
    ["only the manager needs that", binding, { role_name: "CloudClusterAdmin" }],
    [
      "gives a right on everything",
      "confluent_role_binding/streaming-producer-subject_coinbase_full",
      { crn_pattern: "${data.x.y.resource_name}/subject=c*" },
    ],
    [
      "stands behind confluent_kafka_cluster.streaming-cluster.display_name",
      "terraform_data/streaming-registry_environment/input",
      { environment: "${confluent_kafka_cluster.streaming-cluster.display_name}" },
    ],
    [
      "holds a secret, which every plan shows",
      teardown,
      { input: { key: "${confluent_api_key.streaming-ksqldb-key_1.secret}" } },
    ],
    ["shows a secret", "@output/kafka_api_secret", { sensitive: false }],
    ["gives a right on everything", binding, { crn_pattern: "${data.x.y.resource_name}/subject=*" }],
    ["gives a role to everyone", member, { member: "allUsers" }],
    ["begins with roles/", member, { role: "bigquery.dataEditor" }],
    ["on all of the project", "google_project_iam_member/warehouse-queries_dashboards", { role: "roles/owner" }],
    ["lacks the labels", table, { labels: { app: "tapeline" } }],
    ["lower-case", table, { labels: { app: "Tapeline", environment: "prod" } }],
    ["the others in us-central1", dataset, { location: "EU" }],
    ["the others in us-central1", cluster, { region: "us-east1" }],
    [
      "which BigQuery does not take",
      table,
      { schema: columns({ name: "product_id", type: "STRING" }, { name: "price", type: "NUMBER" }) },
    ],
    ["is not a column that", table, { schema: columns({ name: "product_id", type: "FLOAT64" }) }],
    ["is not a column that", table, { clustering: ["product"] }],
    ["a REQUIRED TIMESTAMP column is needed", `${table}/time_partitioning`, { field: "received" }],
    ["at most 416 days", `${table}/time_partitioning`, { expiration_ms: 417 * 86_400_000 }],
    ["lacks require_partition_filter", table, { require_partition_filter: false }],
    ["lacks a description", table, { description: "" }],
    ["lacks rest_endpoint", topic, { rest_endpoint: undefined }],
    ["the setting retention.minutes", topic, { config: { "retention.minutes": "1" } }],
    ["is not JSON", schema, { schema: "record" }],
    ["differently from the registry", schema, { schema: '{"type":"record","fields":[],"name":"T"}' }],
    ["recreate_on_update", schema, { recreate_on_update: true }],
    ["lacks connector.class", sink, settings({ "connector.class": "" })],
    ["reads the topic coinbase_level2, which has no table", sink, settings({ topics: "coinbase_level2" })],
    ["put a terraform_data between them", registry, { depends_on: ["confluent_kafka_cluster.streaming-cluster"] }],
    [
      "names a confluent_environment, which can change",
      registry,
      { environment: { id: "${confluent_environment.streaming-environment.id}" } },
    ],
    [
      "gives a right on everything",
      "confluent_role_binding/streaming-ksqldb-subjects",
      { crn_pattern: "${confluent_kafka_cluster.streaming-cluster.rbac_crn}/kafka=lkc-1/topic=*" },
    ],
    ["roles/bigquery.dataEditor, which may delete tables", member, { role: "roles/bigquery.dataEditor" }],
    [
      "may delete, or give rights away",
      "google_project_iam_custom_role/warehouse-sink_role",
      { permissions: ["bigquery.tables.get", "bigquery.tables.delete"] },
    ],
  ])("%s: %s %j", (expected, path, change) => {
    const told = policies(changed(path, change), config);
    expect(told.join("\n")).toContain(expected);
    expect(told).toHaveLength(1);
  });

  it.each([
    ["DESCRIBE", "dev"],
    ["WRITE", "prod"],
  ])(
    "is broken by a ksqlDB that may not %s the transactional ids of its queries in %s, all of which begin alike",
    (operation, environment) => {
      const ksqldb = "streaming-ksqldb_cluster";
      const begin = `_confluent-ksql-\${confluent_ksql_cluster.${ksqldb}.topic_prefix}`;
      const [dev, devConfig] = [
        synth({ TAPELINE_ENVIRONMENT: environment }),
        configOf({ TAPELINE_ENVIRONMENT: environment }),
      ];
      const broken = (change: Mutable) => {
        const stack = structuredClone(dev);
        const acls = stack.resource["confluent_kafka_acl"] as unknown as Record<string, Mutable>;
        const found = Object.values(acls).filter(
          (acl) => acl["resource_name"] === begin && acl["resource_type"] === "TRANSACTIONAL_ID",
        );
        Object.assign(
          found.find((acl) => acl["operation"] === operation)!,
          change,
        );
        return policies(stack, devConfig);
      };
      const complaint = `confluent_ksql_cluster.${ksqldb}: may not ${operation} the transactional ids of its queries (${begin}…, PREFIXED)`;
      for (const change of [
        { pattern_type: "LITERAL" },
        { permission: "DENY" },
        { resource_type: "GROUP" },
        { resource_name: "${confluent_ksql_cluster.streaming-ksqldb_cluster.topic_prefix}" },
        { principal: "User:${confluent_service_account.streaming-producer-account.id}" },
      ])
        expect(broken(change)).toContainEqual(expect.stringContaining(complaint));
    },
  );
});
