/** What Confluent Cloud would refuse later, or its provider misread. */
import { avroText } from "../../schemas/avro-text.ts";
import { streamingUnits } from "../stack/config.ts";
import { textOf, type Body, type Rule } from "./rule.ts";

const topicSettings = ["cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes", "delete.retention.ms"];

export const kafka: Rule = ({ type, body }) => {
  const inCluster = ["confluent_kafka_topic", "confluent_kafka_acl"];
  const inRegistry = ["confluent_schema", "confluent_subject_config"];
  const parent = inCluster.includes(type)
    ? "kafka_cluster"
    : inRegistry.includes(type)
      ? "schema_registry_cluster"
      : undefined;
  if (parent === undefined) return [];
  const settings = Object.keys(type === "confluent_kafka_topic" ? (body["config"] ?? {}) : {});
  const lacks = [parent, "rest_endpoint", "credentials"].filter((name) => body[name] === undefined);
  return [
    lacks.length > 0 && `lacks ${lacks.join(", ")}: the provider would look for it in its own configuration`,
    ...settings.map((name) => !topicSettings.includes(name) && `has the setting ${name}, which is not known here`),
    type === "confluent_schema" && schemaFault(textOf(body["schema"])),
    type === "confluent_schema" &&
      body["recreate_on_update"] === true &&
      "has recreate_on_update: every later version would be refused",
  ];
};

function schemaFault(text: string): string | false {
  try {
    // As Terraform reads it: infra/stack/literal-text.ts.
    const plain = text.replaceAll("%%{", "%{");
    return (
      plain !== avroText(JSON.parse(plain)) &&
      "has a schema formatted differently from the registry's copy: an apply that creates its key would fail"
    );
  } catch {
    return "has a schema that is not JSON";
  }
}

/** A row for a topic that has no table would go to the dead letter queue, all of them. */
export const sink: Rule = ({ type, body, stack }) => {
  if (type !== "confluent_connector") return [];
  const settings = body["config_nonsensitive"] as Body;
  const topics = textOf(settings["topics"]).split(",");
  const targets = new Map(
    textOf(settings["topic2table.map"])
      .split(",")
      .map((pair) => pair.split(":") as [string, string]),
  );
  const tables = Object.values(stack.resource["google_bigquery_table"] ?? {}).map((one) => one["table_id"]);
  return [
    ...["name", "connector.class", "topics"].map((name) => textOf(settings[name]) === "" && `lacks ${name}`),
    ...topics.map((name) => !tables.includes(targets.get(name)) && `reads the topic ${name}, which has no table here`),
  ];
};

export const sizes: Rule = ({ type, body }) => [
  type === "confluent_ksql_cluster" &&
    !streamingUnits.includes(Number(body["csu"])) &&
    `has ${Number(body["csu"])} streaming units, which are not sold`,
];

/** Where Streams' transactional ids begin: with the application id of a query. */
const idsOf = (cluster: string) => `_confluent-ksql-\${confluent_ksql_cluster.${cluster}.topic_prefix}`;

/** Queries run exactly once, in transactions: without the right to their ids a query would start, and die at its first commit. */
export const transactions: Rule = ({ type, body, stack }) => {
  if (type !== "confluent_ksql_cluster") return [];
  const clusters = Object.entries(stack.resource[type] ?? {});
  const name = clusters.find(([, one]) => one === body)?.[0] ?? "";
  const account = /confluent_service_account\.([\w-]+)/.exec(JSON.stringify(body["credential_identity"] ?? ""))?.[1];
  const principal = `User:\${confluent_service_account.${account}.id}`;
  const given = (kind: string) =>
    Object.values(stack.resource[kind] ?? {}).filter((one) => one["principal"] === principal);
  const rules = given("confluent_kafka_acl").filter(
    (one) =>
      one["resource_type"] === "TRANSACTIONAL_ID" &&
      one["pattern_type"] === "PREFIXED" &&
      one["permission"] === "ALLOW" &&
      one["resource_name"] !== "" &&
      idsOf(name).startsWith(textOf(one["resource_name"])),
  );
  return ["DESCRIBE", "WRITE"].map(
    (operation) =>
      !rules.some((one) => one["operation"] === operation || one["operation"] === "ALL") &&
      `may not ${operation} the transactional ids of its queries (${idsOf(name)}…, PREFIXED): they run exactly once`,
  );
};

/**
 * A data source that names or depends on what has a planned change is read during apply only, and whatever must be replaced
 * when its value is unknown is planned for replacement.
 */
export const anchored: Rule = ({ body, stack }) => {
  const references = [...JSON.stringify(body).matchAll(/\$\{(\w+)\.([\w-]+)/g)].map(
    ([, type, name]) => [type!, name!] as const,
  );
  const inputs = references.map(([type, name]) => JSON.stringify(stack.resource[type]?.[name]?.["input"] ?? ""));
  const moving = inputs
    .flatMap((input) => [...input.matchAll(/\$\{(?!var\.)([^}]*)\}/g)])
    .filter(([, of]) => !of!.endsWith(".id"));
  return [
    body["depends_on"] !== undefined && "depends on a resource: put a terraform_data between them that never changes",
    ...references.map(
      ([type]) =>
        !["var", "terraform_data"].includes(type) &&
        `names a ${type}, which can change: put a terraform_data between them that never changes`,
    ),
    ...moving.map(([, of]) => `stands behind ${of}, which can change: an id does not`),
  ];
};
