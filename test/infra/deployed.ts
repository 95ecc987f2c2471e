/** An environment for one test, as its user has it: real Terraform, fake providers, a fake ksqlDB behind the statements. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { readSchema } from "../../schemas/avro.ts";
import { rawTopics } from "../../schemas/catalog.ts";
import { SchemaRegistry } from "../../topics/registry/schema-registry.ts";
import type { FakeKsqldb } from "../fake-ksqldb/server.ts";
import { startFakeKsqldb } from "../fake-ksqldb/start.ts";
import { startFakeRegistry } from "../fake-registry.ts";
import { Clone } from "./clone.ts";
import type { Cloud } from "./fake/cloud.ts";
import { startFakes, TerraformRun, type Plan } from "./fake/terraform.ts";
import type { Attributes } from "./fake/values.ts";

type Variables = Readonly<Record<string, string>>;
type EnvironmentName = "dev" | "prod";

const environmentOf = (variables: Variables) => (variables["TAPELINE_ENVIRONMENT"] ?? "dev") as EnvironmentName;

/** What a deployed platform is made of, to make one like it. */
interface Saved {
  /** Of the clone, with Terraform's state. */
  readonly folder: string;
  readonly cloud: string;
  readonly ksqldbUrl: string;
  readonly registryUrl: string;
  readonly statements: readonly string[];
}

/** A clone whose clouds are fakes; empty ones, or as those that were saved. */
export async function newPlatform(variables: Variables = {}, saved?: Saved) {
  const [ksqldb, registry] = [await startFakeKsqldb(), await startFakeRegistry()];
  // What Terraform registers there, in the fake provider's place.
  for (const name of rawTopics) await new SchemaRegistry(registry).register(`${name}-value`, readSchema(name));
  // The servers have other addresses now.
  const moved = (text: string) =>
    saved === undefined
      ? text
      : text.replaceAll(saved.ksqldbUrl, ksqldb.url).replaceAll(saved.registryUrl, registry.url);
  const urls = { ksqldbUrl: ksqldb.url, registryUrl: registry.url };
  const { cloud, providers } = await startFakes({ ...urls, ...(saved && { saved: moved(saved.cloud) }) });
  const clone = new Clone(providers, variables, saved?.folder);
  if (saved !== undefined) {
    ksqldb.run(...saved.statements);
    clone.edit(`tapeline-${environmentOf(variables)}.tfstate`, moved);
  }
  const terraform = new TerraformRun(clone.stackDir(environmentOf(variables)), providers, {
    variables: {
      google_project: "acme-tape",
      confluent_cloud_api_key: "CLOUDKEY",
      confluent_cloud_api_secret: "cloud-secret",
    },
  });
  return { clone, cloud, ksqldb, registry, terraform };
}

const folder = mkdtempSync(join(tmpdir(), "tapeline-deployed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** By its variables, what the first test of a file has deployed. */
const deployments = new Map<string, Saved>();

/** A platform after `npm run deploy`. A test has its own, but only the first of a file runs the command for it. */
export async function deployed(variables: Variables = {}) {
  const name = JSON.stringify(variables);
  const saved = deployments.get(name);
  if (saved !== undefined) return newPlatform(variables, saved);
  const platform = await newPlatform(variables);
  const { clone, cloud, ksqldb, registry } = platform;
  const { code, output } = await clone.run(["deploy", "--", "--yes"]);
  expect(output).toContain("Apply complete!");
  expect(code).toBe(0);
  const copy = join(folder, String(deployments.size));
  cpSync(clone.dir, copy, { recursive: true });
  deployments.set(name, {
    folder: copy,
    cloud: cloud.save(),
    ksqldbUrl: ksqldb.url,
    registryUrl: registry.url,
    statements: [...ksqldb.statements],
  });
  return platform;
}

/** What no one may see of a key, in either cloud. */
export const keyOf = (key: Attributes) => (key["secret"] ?? key["private_key"]) as string;

export function secretsIn(cloud: Cloud): string[] {
  return [...cloud.all("confluent_api_key"), ...cloud.all("google_service_account_key")].map(keyOf);
}

/** As `update google_bigquery_table.…`. */
export function actions({ code, output, changes }: Plan): string[] {
  expect(code, output).not.toBe(1);
  return changes.map((change) => `${change.actions.join("+")} ${change.address}`);
}

/** Its statements run, and nothing is left to be done. */
export async function expectWhole(ksqldb: FakeKsqldb, terraform: TerraformRun): Promise<void> {
  expect([...ksqldb.state.queries.values()].map(({ state }) => state)).toEqual(Array(4).fill("RUNNING"));
  const { code, output, changes } = await terraform.plan();
  expect(output).toContain("No changes");
  expect([code, changes]).toEqual([0, []]);
}
