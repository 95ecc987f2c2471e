/** A deployed environment: where its services are, and the credentials to query and switch them. */
import { secret } from "../../program/command.ts";
import { type Environment, readEnvironment } from "../../program/environment.ts";
import type { ServerAccess } from "../../ksqldb/server/client.ts";
import type { Query } from "../../ksqldb/server/queries.ts";
import { catalog } from "../../schemas/catalog.ts";
import { readTables } from "../../schemas/tables.ts";
import type { InfraConfig } from "../stack/config.ts";
import type { ConfluentAccess, Connector } from "./confluent-api.ts";
import type { Tables } from "./newest-rows.ts";
import { credentialVariables } from "../terraform/credentials.ts";
import { synthesise } from "../terraform/synth.ts";
import { readOutputs } from "../terraform/state.ts";

/** The services' addresses and credentials. */
export interface Deployment {
  readonly environment: string;
  readonly confluent: ConfluentAccess;
  readonly connector: Connector;
  readonly deadLetterTopic: string;
  readonly ksqldb: ServerAccess;
  readonly warehouse: Tables;
}

/** From a stack's outputs and the credentials of the environment. Throws UserError with all that is missing. */
export function readDeployment(
  config: InfraConfig,
  outputs: ReadonlyMap<string, string>,
  environment: Environment,
  waitMs: number,
): Deployment {
  const output = (name: string) => {
    if (!outputs.has(name)) environment.fault(`the stack has no output ${name}: npm run deploy creates it`);
    return outputs.get(name) ?? "";
  };
  const cluster = output("kafka_cluster_id");
  const platform = {
    environment: config.environment,
    confluent: {
      key: environment.required(credentialVariables, "CONFLUENT_CLOUD_API_KEY"),
      secret: secret(environment.required(credentialVariables, "CONFLUENT_CLOUD_API_SECRET")),
      connectUrl: "https://api.confluent.cloud",
      metricsUrl: "https://api.telemetry.confluent.cloud",
      waitMs,
    },
    connector: {
      environment: output("confluent_environment_id"),
      cluster,
      name: output("connector_name"),
      id: output("connector_id"),
    },
    deadLetterTopic: output("dead_letter_topic"),
    ksqldb: { url: output("ksqldb_url"), key: output("ksqldb_api_key"), secret: output("ksqldb_api_secret"), waitMs },
    warehouse: {
      project: output("google_project"),
      dataset: output("bigquery_dataset"),
      location: config.region,
      tables: readTables()
        .filter(({ name }) => config.tables.includes(name))
        .map(({ name, partitionBy: { column } }) => ({
          name,
          column,
          mayBeEmpty: catalog.some(
            ({ name: topic, isRare, isKeyless }) => topic === name && (isRare === true || isKeyless === true),
          ),
        })),
      waitMs,
    },
  };
  environment.check();
  return platform;
}

/** The environment that TAPELINE_ENVIRONMENT names. Throws UserError if it is not deployed. */
export async function currentDeployment(waitMs: number): Promise<Deployment> {
  const environment = readEnvironment();
  const synthesis = synthesise(environment, "unchecked");
  environment.required(credentialVariables, "CONFLUENT_CLOUD_API_KEY");
  environment.required(credentialVariables, "CONFLUENT_CLOUD_API_SECRET");
  environment.check();
  return readDeployment(synthesis.config, await readOutputs(synthesis), environment, waitMs);
}

/** Those of a server's queries that write our topics, in the order of the catalogue; MISSING if there is none. */
export function queriesOfTopics(all: readonly Query[]) {
  return catalog.flatMap(({ name: topic, writtenBy }): { topic: string; id?: string; state: string }[] => {
    if (writtenBy !== "ksqldb") return [];
    const found = all.filter(({ sinks }) => sinks.some((sink) => sink.toLowerCase() === topic));
    return found.length === 0 ? [{ topic, state: "MISSING" }] : found.map(({ id, state }) => ({ topic, id, state }));
  });
}
