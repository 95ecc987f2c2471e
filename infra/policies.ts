/**
 * What `terraform validate` lets through and the services, or nobody, complain about later; and the rules of this project.
 * Each rule looks at one resource of the synthesised stack and tells what is wrong, why, and the cure.
 */
import type { InfraConfig } from "./config.ts";

type Body = Readonly<Record<string, unknown>>;

interface Stack {
  readonly resource: Readonly<Record<string, Readonly<Record<string, Body>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, Body>>>>;
  readonly output?: Readonly<Record<string, Body>>;
  readonly variable?: Readonly<Record<string, Body>>;
  readonly provider?: Readonly<Record<string, readonly Body[]>>;
}

interface Element {
  readonly type: string;
  readonly body: Body;
  readonly config: InfraConfig;
  readonly stack: Stack;
}

type Rule = (element: Element) => (string | false | undefined)[];

/** What is wrong with a synthesised stack, one text each. */
export function policies(synthesised: object, config: InfraConfig): string[] {
  const stack = synthesised as Stack;
  const told = (address: string, texts: readonly (string | false | undefined)[]) =>
    texts.flatMap((text) => (text ? `${address}: ${text}` : []));
  const each = (kind: "resource" | "data", rules: readonly Rule[]) =>
    Object.entries(stack[kind] ?? {}).flatMap(([type, all]) =>
      Object.entries(all).flatMap(([name, body]) =>
        told(
          `${kind === "data" ? "data." : ""}${type}.${name}`,
          rules.flatMap((rule) => rule({ type, body, config, stack })),
        ),
      ),
    );
  const outputs = Object.entries(stack.output ?? {}).flatMap(([name, body]) => told(`output.${name}`, hidden(body)));
  const variables = Object.entries(stack.variable ?? {}).flatMap(([name, body]) =>
    told(`variable.${name}`, unset(name, body)),
  );
  const providers = Object.entries(stack.provider ?? {}).flatMap(([name, bodies]) =>
    bodies.flatMap((body) => told(`provider.${name}`, writtenOut(body))),
  );
  return [...each("resource", resourceRules), ...each("data", [anchored]), ...outputs, ...variables, ...providers];
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const isReference = (value: unknown) => /^\$\{[^}]+\}$/.test(text(value));

const holders = [
  "confluent_environment",
  "confluent_kafka_cluster",
  "confluent_kafka_topic",
  "google_bigquery_dataset",
];

/** Whether rows or messages would be gone for good with it. Of tables those that are no view. */
export function holdsData({ type, body }: { readonly type: string; readonly body: Body }): boolean {
  const { view } = body;
  const isView = view !== undefined && !(Array.isArray(view) && view.length === 0);
  return holders.includes(type) || (type === "google_bigquery_table" && !isView);
}

const protection: Rule = (element) => {
  const { type, body, config } = element;
  const { prevent_destroy: prevented = false } = (body["lifecycle"] ?? {}) as Body;
  const isTable = type === "google_bigquery_table";
  return [
    config.isProtected && holdsData(element) && prevented !== true && "holds data and lacks prevent_destroy",
    config.isProtected &&
      holdsData(element) &&
      (isTable || type === "confluent_kafka_cluster") &&
      body["deletion_protection"] !== true &&
      "holds data and lacks deletion_protection",
    isTable &&
      holdsData(element) &&
      body["ignore_auto_generated_schema"] !== true &&
      "lacks ignore_auto_generated_schema: a column that is not here would be dropped with its data",
    isTable &&
      body["view"] !== undefined &&
      (body["schema"] !== undefined || body["deletion_protection"] !== false) &&
      "is a view: without schema, and with deletion_protection = false, or it can not be changed",
    type === "google_project_service" &&
      body["disable_on_destroy"] !== false &&
      "needs disable_on_destroy = false: it would be switched off for everybody in the project",
  ];
};

/** Arguments that are secrets, wherever they stand. */
const secretNames = /^(secret|private_key|keyfile|password|.*[._](secret|password|private_key|api_key))$/;

/** Where a body has a secret in it that is no reference. */
function writtenOut(body: Body): string[] {
  const found: string[] = [];
  const look = (value: unknown, name: string, path: string): void => {
    if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) look(inner, key, `${path}.${key}`);
    else if (
      /-----BEGIN [A-Z ]*PRIVATE KEY/.test(text(value)) ||
      (secretNames.test(name.toLowerCase()) && !isReference(value))
    )
      found.push(`${path.slice(1)} is a secret written out: give it as a sensitive variable`);
  };
  look(body, "", "");
  return found;
}

const secrets: Rule = ({ type, body }) => {
  const plain = Object.keys((body["config_nonsensitive"] ?? {}) as Body).filter((name) => secretNames.test(name));
  // https://github.com/hashicorp/terraform/issues/35609
  const isShown = type === "terraform_data" && shows(JSON.stringify([body["input"], body["triggers_replace"]]));
  const commands = ((body["provisioner"] ?? []) as Body[]).map((one) => text((one["local-exec"] as Body)["command"]));
  return [
    ...writtenOut(body),
    ...plain.map((name) => `${name} belongs in config_sensitive`),
    isShown && "holds a secret, which every plan shows as its output",
    commands.some(shows) &&
      "has a secret in its command, which everybody on the machine can read: give it by the environment",
  ];
};

/** A secret comes from outside, whenever it is needed. */
function unset(name: string, { default: given, sensitive }: Body): (string | false)[] {
  const isSecret = /(secret|_key)$/.test(name);
  return [
    isSecret && sensitive !== true && "is a secret: mark it sensitive",
    isSecret && given !== undefined && "is a secret and has a default, which is written out",
  ];
}

/** An output of a secret that is not marked is printed by every apply. */
function hidden({ value, sensitive }: Body): (string | false)[] {
  return [shows(text(value)) && sensitive !== true && "shows a secret: mark it sensitive"];
}

/** Whether an expression has a secret of the stack in it. */
function shows(expression: string): boolean {
  return /\.(secret|private_key)\b|\bvar\.\w*(secret|_key)\b|\bconfluent_api_key\.[\w-]+\}/.test(expression);
}

const everybody = /^(allUsers|allAuthenticatedUsers)$/;

/** Names of its own make ksqlDB need rights on all of some kind: Confluent's own example. */
const ksqldb = /^User:\$\{confluent_service_account\.[\w-]*ksqldb-account\.id\}$/;
const manager = /^User:\$\{confluent_service_account\.[\w-]*manager-account\.id\}$/;

const roles = ["CloudClusterAdmin", "ResourceOwner", "DeveloperManage", "DeveloperRead", "DeveloperWrite", "KsqlAdmin"];

const rights: Rule = ({ type, body }) => {
  const principal = text(body["principal"]);
  const [pattern, roleName] = [text(body["crn_pattern"]), text(body["role_name"])];
  const isAcl = type === "confluent_kafka_acl";
  // A prefix of three letters is as good as none.
  const isWide =
    /=.{0,3}\*$/.test(pattern) ||
    (isAcl &&
      (body["resource_name"] === "*" ||
        (body["pattern_type"] === "PREFIXED" && text(body["resource_name"]).length < 4)));
  const role = text(body["role"]);
  const isMember = type.endsWith("_iam_member");
  return [
    isWide && !ksqldb.test(principal) && "gives a right on everything: name what it is needed for",
    type === "confluent_role_binding" &&
      !roles.includes(roleName) &&
      `has the role ${roleName}, which is none of ${roles.join(", ")}`,
    roleName === "CloudClusterAdmin" &&
      !manager.test(principal) &&
      "administers the cluster: only the manager needs that",
    /_iam_(binding|policy)$/.test(type) && "takes the role from everybody else: use an _iam_member",
    isMember && everybody.test(text(body["member"])) && "gives a role to everybody",
    isMember && !/^(roles|projects|organizations)\//.test(role) && `has the role ${role}: it begins with roles/`,
    type === "google_project_iam_member" &&
      role !== "roles/bigquery.jobUser" &&
      `has the role ${role} on all of the project: give it on the dataset`,
  ];
};

const labels: Rule = ({ type, body }) => {
  if (type !== "google_bigquery_dataset" && type !== "google_bigquery_table" && type !== "google_storage_bucket")
    return [];
  const given = Object.entries((body["labels"] ?? {}) as Body);
  const odd = given.find((pair) => !pair.every((part) => /^[a-z0-9_-]{1,63}$/.test(text(part))));
  return [
    !["app", "environment"].every((name) => given.some(([key]) => key === name)) &&
      "lacks the labels app and environment",
    odd && `has the label ${odd.join("=")}: lower-case letters, digits, _ and - are allowed`,
  ];
};

const region: Rule = ({ type, body, config }) => {
  const place = type === "confluent_kafka_cluster" ? body["region"] : body["location"];
  const placed = ["confluent_kafka_cluster", "google_bigquery_dataset", "google_bigquery_data_transfer_config"];
  return [
    placed.includes(type) &&
      place !== config.region &&
      `is in ${text(place) || "no region"} and the others in ${config.region}: the sink writes within a region only`,
  ];
};

interface Column {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
}

const clusterTypes = ["STRING", "INT64", "BOOL", "TIMESTAMP", "DATETIME", "DATE", "NUMERIC", "BIGNUMERIC"];
const columnTypes = [...clusterTypes, "FLOAT64", "TIME", "BYTES", "JSON"];
/** BigQuery holds 10,000 partitions a table. */
const mostDays = { HOUR: 416, DAY: 10_000 };

const table: Rule = ({ type, body }) => {
  if (type !== "google_bigquery_table" || body["view"] !== undefined) return [];
  const columns = JSON.parse(text(body["schema"]) || "[]") as Column[];
  const column = (name: unknown) => columns.find((one) => one.name === name);
  const { type: width, field, expiration_ms: expiration } = (body["time_partitioning"] ?? {}) as Body;
  const partition = column(field);
  const most = mostDays[width as keyof typeof mostDays] as number | undefined;
  const days = Number(expiration) / 86_400_000;
  const clusters = (body["clustering"] ?? []) as string[];
  return [
    ...columns.map(
      (one) =>
        (!columnTypes.includes(one.type) || !/^[a-z_][a-z0-9_]{0,299}$/i.test(one.name)) &&
        `has the column ${one.name} ${one.type}, which BigQuery does not take`,
    ),
    (partition?.type !== "TIMESTAMP" || partition.mode !== "REQUIRED") &&
      `is partitioned by ${text(field) || "nothing"}: a REQUIRED TIMESTAMP column is needed`,
    (most === undefined || !(days <= most)) &&
      `keeps ${days} days of ${text(width) || "no"} partitions: BigQuery holds 10,000 of them, so at most ${most ?? 416} days`,
    body["require_partition_filter"] !== true && "lacks require_partition_filter: one query could scan it all",
    ...clusters.map(
      (name) =>
        !clusterTypes.includes(column(name)?.type ?? "") && `is clustered by ${name}, which is no column that can be`,
    ),
    text(body["description"]) === "" && "lacks a description",
  ];
};

const topicSettings = ["cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes", "delete.retention.ms"];

const kafka: Rule = ({ type, body }) => {
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
    type === "confluent_schema" && !isJson(text(body["schema"])) && "has a schema that is no JSON",
    type === "confluent_schema" &&
      body["recreate_on_update"] === true &&
      "has recreate_on_update: every later version would be refused",
  ];
};

function isJson(content: string): boolean {
  try {
    return typeof JSON.parse(content) === "object";
  } catch {
    return false;
  }
}

/** A row for a topic that has no table would go to the dead letter queue, all of them. */
const sink: Rule = ({ type, body, stack }) => {
  if (type !== "confluent_connector") return [];
  const settings = body["config_nonsensitive"] as Body;
  const topics = text(settings["topics"]).split(",");
  const targets = new Map(
    text(settings["topic2table.map"])
      .split(",")
      .map((pair) => pair.split(":") as [string, string]),
  );
  const tables = Object.values(stack.resource["google_bigquery_table"] ?? {}).map((one) => one["table_id"]);
  return [
    ...["name", "connector.class", "topics"].map((name) => text(settings[name]) === "" && `lacks ${name}`),
    ...topics.map((name) => !tables.includes(targets.get(name)) && `reads the topic ${name}, which has no table here`),
  ];
};

/** What Confluent sells. */
const sizes: Rule = ({ type, body }) => [
  type === "confluent_ksql_cluster" &&
    ![1, 2, 4, 8, 12, 16, 20, 24, 28].includes(Number(body["csu"])) &&
    `has ${Number(body["csu"])} streaming units, which are not sold`,
];

const resourceRules = [sizes, protection, secrets, rights, labels, region, table, kafka, sink];

/**
 * A data source that names or depends on what has a planned change is read during apply only, and whatever must be replaced
 * when its value is unknown is planned for replacement.
 */
const anchored: Rule = ({ body, stack }) => {
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
