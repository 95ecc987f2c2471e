/** An environment for one test, as its user has it: real Terraform, fake providers, a fake ksqlDB behind the statements. */
import { expect } from "vitest";
import { readSchema } from "../../schemas/avro.ts";
import { rawTopics } from "../../schemas/catalog.ts";
import { SchemaRegistry } from "../../schemas/registry.ts";
import { startFakeKsqldb } from "../fake-ksqldb/start.ts";
import { startFakeRegistry } from "../fake-registry.ts";
import { Clone } from "./clone.ts";
import type { Cloud } from "./fake/cloud.ts";
import { startFakes, TerraformRun, type Plan } from "./fake/terraform.ts";

/** A clone whose clouds are fakes. */
export async function newPlatform(variables: Readonly<Record<string, string>> = {}) {
  const [ksqldb, registry] = [await startFakeKsqldb(), await startFakeRegistry()];
  // What Terraform registers there, in the fake provider's place.
  for (const name of rawTopics) await new SchemaRegistry(registry).register(`${name}-value`, readSchema(name));
  const { cloud, providers } = await startFakes({ ksqldbUrl: ksqldb.url, registryUrl: registry.url });
  const clone = new Clone(providers, variables);
  const environment = (variables["TAPELINE_ENVIRONMENT"] ?? "dev") as "dev" | "prod";
  const terraform = new TerraformRun(clone.stackDir(environment), providers, {
    variables: {
      google_project: "acme-tape",
      confluent_cloud_api_key: "CLOUDKEY",
      confluent_cloud_api_secret: "cloud-secret",
    },
  });
  return { clone, cloud, ksqldb, terraform };
}

export async function deployed(variables: Readonly<Record<string, string>> = {}) {
  const platform = await newPlatform(variables);
  const { code, output } = await platform.clone.run(["deploy", "--", "--yes"]);
  expect(output).toContain("Apply complete!");
  expect(code).toBe(0);
  return platform;
}

/** What nobody may see. */
export function secretsIn(cloud: Cloud): string[] {
  const keys = cloud.all("confluent_api_key").map((key) => key["secret"] as string);
  const google = cloud.all("google_service_account_key").map((key) => key["private_key"] as string);
  return [...keys, ...google];
}

/** As `update google_bigquery_table.…`. */
export const actions = ({ changes }: Plan) => changes.map((change) => `${change.actions.join("+")} ${change.address}`);
