/** Small stacks for the tests of the fakes, as `main.tf.json` has them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { newFolder } from "../../folder.ts";
import type { Cloud } from "./cloud.ts";
import type { ConfluentOptions } from "./confluent.ts";
import { startFakes, TerraformRun, type Plan } from "./terraform.ts";

export type Body = Readonly<Record<string, unknown>>;
/** By type, then by name. */
export type Resources = Readonly<Record<string, Readonly<Record<string, Body>>>>;

export interface Main {
  readonly resource: Resources;
  readonly data?: Resources;
  readonly output?: Body;
  readonly variable?: Body;
}

export interface Stack {
  readonly cloud: Cloud;
  readonly terraform: TerraformRun;
  readonly folder: string;
  readonly write: (main: Main) => void;
}

interface Options extends ConfluentOptions {
  readonly variables?: Readonly<Record<string, string>>;
}

/** A stack that is initialised, for the test that is running. */
export async function newStack(main: Main, { variables = {}, ...options }: Options = {}): Promise<Stack> {
  const { cloud, providers } = await startFakes(options);
  const folder = newFolder();
  const required_providers = {
    confluent: { source: "confluentinc/confluent" },
    google: { source: "hashicorp/google" },
  };
  const head = { terraform: { required_providers }, provider: { confluent: {}, google: { project: "p" } } };
  const write = (content: Main) => writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ ...head, ...content }));
  write(main);
  const terraform = new TerraformRun(folder, providers, { variables });
  expect(await terraform.init()).toMatchObject({ code: 0 });
  return { cloud, terraform, folder, write };
}

/** One that is deployed too. */
export async function deployed(main: Main, options: Options = {}): Promise<Stack> {
  const stack = await newStack(main, options);
  const { code, output } = await stack.terraform.apply();
  expect(output).toContain("Apply complete!");
  expect(code).toBe(0);
  return stack;
}

/** What is planned, as lines such as `update confluent_schema.trades`. */
export function planned({ code, output, changes }: Plan): string[] {
  expect(code, output).not.toBe(1);
  return changes.map((change) => `${change.actions.join(" ")} ${change.address}`);
}

/** More resources. */
export function withResources<M extends Main>(main: M, more: Resources): M {
  const types = Object.keys({ ...main.resource, ...more });
  return {
    ...main,
    resource: Object.fromEntries(types.map((type) => [type, { ...main.resource[type], ...more[type] }])),
  };
}

/** Other arguments of the resource at an address such as `confluent_kafka_topic.trades`. */
export function changed<M extends Main>(main: M, address: string, changes: Body): M {
  const [type, name] = address.split(".") as [string, string];
  return withResources(main, { [type]: { [name]: { ...main.resource[type]![name], ...changes } } });
}

const environment = { id: "${confluent_environment.tape.id}" };
const kafka_cluster = { id: "${confluent_kafka_cluster.tape.id}" };

const inCluster = {
  kafka_cluster,
  rest_endpoint: "${confluent_kafka_cluster.tape.rest_endpoint}",
  credentials: { key: "${confluent_api_key.kafka.id}", secret: "${confluent_api_key.kafka.secret}" },
};
const inRegistry = {
  schema_registry_cluster: { id: "${data.confluent_schema_registry_cluster.tape.id}" },
  rest_endpoint: "${data.confluent_schema_registry_cluster.tape.rest_endpoint}",
  credentials: { key: "${confluent_api_key.registry.id}", secret: "${confluent_api_key.registry.secret}" },
};

function binding(role_name: string, crn_pattern: string): Body {
  return { principal: "User:${confluent_service_account.tape.id}", role_name, crn_pattern };
}

function key(display_name: string, of: string, depends_on: readonly string[]): Body {
  const [owner, target] = ["confluent_service_account.tape", of].map((address) => ({
    id: `\${${address}.id}`,
    api_version: `\${${address}.api_version}`,
    kind: `\${${address}.kind}`,
  }));
  return { display_name, owner, managed_resource: { ...target, environment }, depends_on };
}

/** A topic, and what it needs. */
export const kafka: Main = {
  resource: {
    confluent_environment: { tape: { display_name: "tape" } },
    confluent_kafka_cluster: {
      tape: { display_name: "tape", availability: "LOW", cloud: "GCP", region: "us-central1", basic: {}, environment },
    },
    confluent_service_account: { tape: { display_name: "tape" } },
    confluent_role_binding: { kafka: binding("CloudClusterAdmin", "${confluent_kafka_cluster.tape.rbac_crn}") },
    confluent_api_key: { kafka: key("kafka", "confluent_kafka_cluster.tape", ["confluent_role_binding.kafka"]) },
    confluent_kafka_topic: {
      trades: { ...inCluster, topic_name: "trades", config: { "retention.ms": "60000" } },
    },
  },
};

/** Everything of Confluent's that a platform is made of; the registry is read behind an anchor. */
export function streaming(schema: string): Main {
  const registry = "data.confluent_schema_registry_cluster.tape";
  const subject_name = "trades-value";
  const anchor = { input: environment.id, depends_on: ["confluent_kafka_cluster.tape"] };
  const more = {
    terraform_data: { registry_environment: anchor },
    confluent_role_binding: {
      registry: binding("ResourceOwner", `\${${registry}.resource_name}/subject=*`),
      ksql: binding("KsqlAdmin", "${confluent_ksql_cluster.tape.resource_name}"),
    },
    confluent_api_key: {
      registry: key("registry", registry, ["confluent_role_binding.registry"]),
      ksql: key("ksql", "confluent_ksql_cluster.tape", ["confluent_role_binding.ksql"]),
    },
    confluent_subject_config: { trades: { ...inRegistry, subject_name, compatibility_level: "FULL_TRANSITIVE" } },
    confluent_schema: {
      trades: { ...inRegistry, subject_name, format: "AVRO", schema, depends_on: ["confluent_subject_config.trades"] },
    },
    confluent_ksql_cluster: {
      tape: {
        display_name: "tape",
        csu: 1,
        credential_identity: { id: "${confluent_service_account.tape.id}" },
        kafka_cluster,
        environment,
        depends_on: ["confluent_role_binding.registry"],
      },
    },
    confluent_connector: {
      sink: {
        environment,
        kafka_cluster,
        config_nonsensitive: { name: "sink", "connector.class": "BigQueryStorageSink", "tasks.max": "1" },
        config_sensitive: { keyfile: "secret" },
        depends_on: ["confluent_kafka_topic.trades"],
      },
    },
  };
  const main: Main = {
    ...kafka,
    data: {
      confluent_schema_registry_cluster: {
        tape: { environment: { id: "${terraform_data.registry_environment.output}" } },
      },
    },
    output: {
      ksqldb: { value: "${confluent_ksql_cluster.tape.rest_endpoint}" },
      registry: { value: `\${${registry}.rest_endpoint}` },
    },
  };
  return withResources(main, more);
}

/** A table in its dataset. */
export function warehouse(schema: readonly object[], more: Body = {}): Main {
  const trades = {
    dataset_id: "${google_bigquery_dataset.tape.dataset_id}",
    table_id: "trades",
    schema: JSON.stringify(schema),
    deletion_protection: false,
    ...more,
  };
  return {
    resource: {
      google_bigquery_dataset: { tape: { dataset_id: "tape", location: "us-central1" } },
      google_bigquery_table: { trades },
    },
  };
}
