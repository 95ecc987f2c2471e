/** The life of an environment, as its user has it: real Terraform, fake providers, a fake ksqlDB behind the statements. */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSchema } from "../../schemas/avro.ts";
import { rawTopics } from "../../schemas/catalog.ts";
import { SchemaRegistry } from "../../schemas/registry.ts";
import { startFakeKsqldb } from "../fake-ksqldb/start.ts";
import { startFakeRegistry } from "../fake-registry.ts";
import { Clone } from "./clone.ts";
import type { Cloud } from "./fake/cloud.ts";
import { describeTerraform, startFakes, TerraformRun, type Plan } from "./fake/terraform.ts";

/** A clone whose clouds are fakes. */
async function newPlatform(variables: Readonly<Record<string, string>> = {}) {
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

async function deployed(variables: Readonly<Record<string, string>> = {}) {
  const platform = await newPlatform(variables);
  const { code, output } = await platform.clone.run(["deploy", "--", "--yes"]);
  expect(output).toContain("Apply complete!");
  expect(code).toBe(0);
  return platform;
}

/** What nobody may see. */
function secretsIn(cloud: Cloud): string[] {
  const keys = cloud.all("confluent_api_key").map((key) => key["secret"] as string);
  const google = cloud.all("google_service_account_key").map((key) => key["private_key"] as string);
  return [...keys, ...google];
}

const actions = ({ changes }: Plan) => changes.map((change) => `${change.actions.join("+")} ${change.address}`);

describeTerraform("an environment", () => {
  it.each(["dev", "prod"])("of %s is there after one command, and a second plan is empty", async (environment) => {
    const { ksqldb, terraform } = await deployed({ TAPELINE_ENVIRONMENT: environment });
    expect([...ksqldb.state.queries.values()].map(({ state }) => state)).toEqual(Array(4).fill("RUNNING"));
    const { code, output, changes } = await terraform.plan();
    expect(output).toContain("No changes");
    expect([code, changes]).toEqual([0, []]);
  });

  it("as plain Terraform (HCL) is what it is as JSON: no replacement, nothing gone", async () => {
    const { clone, terraform } = await deployed();
    expect((await clone.run(["synth", "--", "--hcl"])).code).toBe(0);
    expect(await terraform.validate()).toEqual({ code: 0, output: "Success! The configuration is valid.\n\n" });
    // A text of several lines ends with a line break there.
    const changes = actions(await terraform.plan());
    expect(
      changes.filter((change) => !/^update google_bigquery_(table|routine)\.warehouse-objects-/.test(change)),
    ).toEqual([]);
  });

  it("tells its programs what they need in .env, which nobody else can read", async () => {
    const { clone } = await deployed();
    const { code, output } = await clone.run(["env"]);
    expect(code).toBe(0);
    const env = clone.read(".env");
    expect(env).toMatch(/^KAFKA_BOOTSTRAP_SERVERS=pkc-[^:/]+\.confluent\.cloud:9092$/m);
    for (const name of ["KAFKA_API_SECRET", "SCHEMA_REGISTRY_API_SECRET", "KSQLDB_API_SECRET"])
      expect(env).toMatch(new RegExp(`^${name}=.{16,}$`, "m"));
    const secrets = [...env.matchAll(/_SECRET=(.*)$/gm)].map(([, secret]) => secret!);
    for (const secret of secrets) expect(output).not.toContain(secret);
    expect(statSync(join(clone.dir, ".env")).mode & 0o777).toBe(0o600);
    expect(statSync(join(clone.dir, "tapeline-dev.tfstate")).mode & 0o777).toBe(0o600);
  });

  it("with a changed statement is given that statement, and nothing is dropped", async () => {
    const { clone, ksqldb, terraform } = await deployed();
    clone.edit("ksqldb/03_coinbase_trades.sql", (sql) =>
      sql.replace("WHERE `type` = 'match'", "WHERE `type` = 'match' AND `price` IS NOT NULL"),
    );
    const before = ksqldb.statements.length;
    await clone.run(["synth"]);
    expect(actions(await terraform.plan())).toEqual(["delete+create terraform_data.streaming-statements-apply"]);
    expect((await clone.run(["deploy", "--", "--yes"])).code).toBe(0);
    const sent = ksqldb.statements.slice(before);
    expect(sent).toEqual([expect.stringMatching(/^CREATE OR REPLACE STREAM coinbase_trades /)]);
  });

  it("with an appended field gets a column at the end of its table, and another version of the schema", async () => {
    const { clone, terraform, cloud } = await deployed();
    clone.edit("schemas/coinbase_ticker.avsc", (schema) => {
      const record = JSON.parse(schema) as { fields: object[] };
      record.fields.push({ name: "venue", type: ["null", "string"], default: null, doc: "Where." });
      return JSON.stringify(record, null, 2);
    });
    // Not yet written down: refused before anything is planned.
    const refused = await clone.run(["synth"]);
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("npm run ksqldb -- describe --write")]);
    expect((await clone.run(["ksqldb", "--", "describe", "--write"])).code).toBe(0);
    await clone.run(["synth"]);
    expect(actions(await terraform.plan())).toEqual([
      "update confluent_schema.streaming-topics-coinbase_ticker-schema",
      "update google_bigquery_table.warehouse-tables-coinbase_ticker",
    ]);
    expect((await clone.run(["deploy", "--", "--yes"])).code).toBe(0);
    const { schema } = cloud.get("google_bigquery_table", "coinbase_ticker");
    expect((JSON.parse(schema as string) as { name: string }[]).at(-1)!.name).toBe("venue");
  });

  it("whose cluster gets another name changes nothing else", async () => {
    const { clone, terraform } = await deployed();
    clone.edit("infra/streaming.ts", (code) =>
      code.replace('"cluster", {\n      displayName: prefix', '"cluster", {\n      displayName: "tape"'),
    );
    await clone.run(["synth"]);
    expect(actions(await terraform.plan())).toEqual(["update confluent_kafka_cluster.streaming-cluster"]);
  });

  it("that lost a column of a statement is refused at synth, with the cure", async () => {
    const { clone } = await newPlatform();
    clone.edit("ksqldb/03_coinbase_trades.sql", (sql) => sql.replace("  `maker_order_id`,\n", ""));
    const { code, output } = await clone.run(["synth"]);
    expect(code).toBe(1);
    expect(output).toContain("the column maker_order_id is gone; Terraform would drop it with its data");
    expect(output).toContain("Cure: keep it");
  });

  it("is gone after destroy, statements first, and the services of the project stay", async () => {
    const { clone, cloud, ksqldb } = await deployed();
    const before = cloud.changes.length;
    const { code, output } = await clone.run(["destroy", "--", "--yes"]);
    expect(output).toContain("Destroy complete!");
    expect(code).toBe(0);
    expect(ksqldb.state.sources.size).toBe(0);
    expect(ksqldb.statements.filter((sql) => /DELETE TOPIC/.test(sql))).toEqual([]);
    const types = ["confluent_environment", "confluent_kafka_topic", "confluent_api_key", "google_bigquery_dataset"];
    expect(types.flatMap((type) => cloud.all(type))).toEqual([]);
    const order = ["delete confluent_connector", "delete confluent_ksql_cluster", "delete confluent_kafka_cluster"];
    const changes = cloud.changes.slice(before);
    const places = order.map((change) => changes.findIndex((line) => line.startsWith(change)));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(changes.findIndex((line) => line.startsWith("delete confluent_kafka_topic"))).toBeGreaterThan(places[0]!);
  });

  it("never shows a secret: not where keys are exchanged, not where all is deleted", async () => {
    const { clone, cloud, terraform } = await deployed();
    const keys = [
      "manager-kafka_key",
      "manager-registry_key",
      "producer-kafka_key",
      "producer-registry_key",
      "ksqldb-key",
    ];
    const replaced = keys.flatMap((key) => ["--replace", `confluent_api_key.streaming-${key}`]);
    const old = secretsIn(cloud);
    const before = cloud.changes.length;
    const { code, output } = await clone.run([
      "deploy",
      "--",
      "--yes",
      ...replaced,
      "--replace",
      "google_service_account_key.warehouse-sink_key",
    ]);
    expect(code).toBe(0);
    const changes = cloud.changes.slice(before);
    const place = (verb: string) =>
      changes.findIndex((line) => line.startsWith(`${verb} confluent_api_key tapeline-dev-producer-kafka-key`));
    // The new one is there before the old one goes.
    expect(place("create")).toBeLessThan(place("delete"));
    expect((await terraform.plan()).code).toBe(0);
    const now = secretsIn(cloud);
    expect(now.filter((secret) => old.includes(secret))).toEqual([]);
    const destroy = await clone.run(["destroy", "--", "--plan"]);
    expect(destroy.output).toContain("Plan: 0 to add");
    for (const secret of [...old, ...now, "cloud-secret"]) expect(output + destroy.output).not.toContain(secret);
  });

  it("is given the sink's key where none may be made, and gives rights to whose key it is", async () => {
    const { clone, cloud } = await newPlatform({ SINK_KEY: "given", SINK_KEY_FILE: "key.json" });
    const missing = await clone.run(["deploy", "--", "--yes"]);
    expect([missing.code, missing.output]).toEqual([
      1,
      expect.stringContaining("SINK_KEY_FILE is key.json: there is no such file"),
    ]);
    const email = "writer@keys.iam.gserviceaccount.com";
    const key = (content: string) => writeFileSync(join(clone.dir, "key.json"), content);
    key("no key");
    const refused = await clone.run(["deploy", "--", "--yes"]);
    expect(refused.output).toContain("The JSON key of a Google service account is expected");
    key(JSON.stringify({ client_email: email, private_key: "do-not-show" }));
    const { output } = await clone.run(["deploy", "--", "--yes"]);
    expect(output).toContain("Apply complete!");
    expect(output).not.toContain("do-not-show");
    const roles = cloud.all("google_bigquery_dataset_iam_member").map(({ member, role }) => [member, role]);
    expect(roles).toContainEqual([`serviceAccount:${email}`, "roles/bigquery.dataEditor"]);
    expect(cloud.all("google_service_account_key")).toEqual([]);
  });

  it("in another region is another cluster with another dataset, and converges", async () => {
    const { clone, terraform } = await deployed();
    const elsewhere = { CONFLUENT_REGION: "europe-west3" };
    const { output } = await clone.run(["deploy", "--", "--yes"], elsewhere);
    expect(output).toContain("Apply complete!");
    expect(actions(await terraform.plan())).toEqual([]);
  });

  it("with more streaming units has one ksqlDB cluster at any time, which runs the statements", async () => {
    const { clone, cloud, ksqldb, terraform } = await deployed();
    const before = cloud.changes.length;
    expect((await clone.run(["deploy", "--", "--yes"], { KSQLDB_CSU: "2" })).output).toContain("Apply complete!");
    const changes = cloud.changes.slice(before).filter((line) => line.includes("confluent_ksql_cluster"));
    expect(changes.map((line) => line.split(" ")[0])).toEqual(["delete", "create"]);
    expect(ksqldb.state.queries.size).toBe(4);
    expect((await terraform.plan()).code).toBe(0);
  });

  it("that is protected refuses destroy with nothing touched; two commands take it down", async () => {
    const { clone, cloud, ksqldb } = await deployed({ TAPELINE_ENVIRONMENT: "prod" });
    const before = cloud.changes.length;
    const refused = await clone.run(["destroy", "--", "--yes"]);
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("Instance cannot be destroyed")]);
    expect([cloud.changes.length, ksqldb.state.queries.size]).toEqual([before, 4]);
    const off = { PROTECTION: "off" };
    expect((await clone.run(["deploy", "--", "--yes"], off)).code).toBe(0);
    const { output } = await clone.run(["destroy", "--", "--yes"], off);
    expect(output).toContain("Destroy complete!");
    expect(cloud.all("confluent_environment")).toEqual([]);
  });

  it("whose apply was interrupted converges with the next", async () => {
    const { clone, cloud, terraform, ksqldb } = await newPlatform();
    const hanging = cloud.hang(/create confluent_ksql_cluster/);
    const first = await clone.run(["deploy", "--", "--yes"], {}, hanging.reached);
    expect(first.code).toBe(1);
    const second = await clone.run(["deploy", "--", "--yes"]);
    expect(second.output).toContain("Apply complete!");
    expect((await terraform.plan()).code).toBe(0);
    expect(ksqldb.state.queries.size).toBe(4);
  });

  it("that lacks credentials is told all of them before Terraform runs", async () => {
    const { clone } = await newPlatform();
    const none = { GOOGLE_PROJECT: "", CONFLUENT_CLOUD_API_KEY: "", CONFLUENT_CLOUD_API_SECRET: "" };
    const { code, output } = await clone.run(["deploy", "--", "--yes"], none);
    expect(code).toBe(1);
    for (const name of Object.keys(none)) expect(output).toContain(`${name} is not set`);
  });

  it("whose statements are refused tells why, which Terraform does not", async () => {
    const { clone, ksqldb } = await newPlatform();
    ksqldb.fail({ on: "CREATE STREAM coinbase_trades", fails: "Avro subject is taken" });
    const { code, output } = await clone.run(["deploy", "--", "--yes"]);
    expect(code).toBe(1);
    expect(output).toContain("ksqldb-dev.log, where npm run ksqldb tells of the statements, ends with");
    expect(output).toContain("Avro subject is taken");
    expect((await clone.run(["deploy", "--", "--yes"])).output).toContain("Apply complete!");
  });
});
