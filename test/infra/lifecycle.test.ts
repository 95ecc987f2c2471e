/** The life of an environment: made, changed, deleted. */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { actions, deployed, expectWhole, newPlatform } from "./deployed.ts";
import { describeTerraform } from "./fake/terraform.ts";
import type { Attributes } from "./fake/values.ts";

describeTerraform("an environment", () => {
  it("is there after one command, and a second plan is empty", async () => {
    const { ksqldb, terraform } = await deployed();
    await expectWhole(ksqldb, terraform);
  });

  it("as plain Terraform (HCL) is what it is as JSON: no replacement, nothing gone", async () => {
    const { clone, terraform } = await deployed();
    expect((await clone.run(["synth", "--", "--hcl"])).code).toBe(0);
    const { code, output } = await terraform.validate();
    expect([code, output.trim()]).toEqual([0, "Success! The configuration is valid."]);
    expect(actions(await terraform.plan())).toEqual([]);

    clone.write("sql/odd.sql", '-- Odd.\n-- view\nSELECT "\\d" AS x FROM coinbase_trades\n');
    const odder = 'SELECT trade_id FROM trades\nWHERE\nprovider = "x"\nAND\nwhen = "destroy"\nLIMIT 1\n\n';
    clone.write("sql/odder.sql", `-- Odder.\n-- view\n${odder}`);
    expect((await clone.run(["synth", "--", "--hcl"])).code).toBe(0);
    expect(actions(await terraform.plan())).toEqual([
      "create google_bigquery_table.warehouse-objects-odd",
      "create google_bigquery_table.warehouse-objects-odder",
    ]);
    expect(clone.read("cdktf.out/stacks/tapeline-dev/cdk.tf")).toContain('provider = "x"\nAND\nwhen = "destroy"\n');
    clone.edit("sql/odd.sql", (sql) => sql.replace("Odd.", "Matches \\d."));
    const { code: refused, output: said } = await clone.run(["synth", "--", "--hcl"]);
    expect([refused, said]).toEqual([
      1,
      expect.stringMatching(/warehouse-objects-odd\.description: Matches \\d\.\n +CDKTF gets .* write it without/),
    ]);
  });

  it("tells by e-mail of each scheduled query that fails, as JSON and as HCL alike", async () => {
    const { clone, cloud, terraform } = await deployed();
    mkdirSync(join(clone.dir, "sql/scheduled"));
    const rollup = "INSERT INTO coinbase_bars_1m SELECT * FROM coinbase_trades\n";
    clone.write("sql/scheduled/rollup.sql", `-- Counts trades.\n-- every 15 minutes\n${rollup}`);
    const variables = { ALERTS_EMAIL: "desk@example.com" };
    expect((await clone.run(["deploy", "--", "--yes"], variables)).output).toContain("Apply complete!");
    const [config] = cloud.all("google_bigquery_data_transfer_config");
    const id = (config!["name"] as string).split("/").at(-1)!;
    expect(cloud.all("google_monitoring_alert_policy")).toMatchObject([
      {
        notification_channels: [cloud.all("google_monitoring_notification_channel")[0]!["name"]],
        conditions: [
          {
            condition_threshold: [
              {
                filter:
                  `resource.type = "bigquery_dts_config" AND resource.labels.config_id = "${id}" AND ` +
                  'metric.type = "bigquerydatatransfer.googleapis.com/transfer_config/completed_runs" AND metric.labels.completion_state != "SUCCEEDED"',
              },
            ],
          },
        ],
      },
    ]);
    expect((await clone.run(["synth", "--", "--hcl"], variables)).code).toBe(0);
    expect(actions(await terraform.plan())).toEqual([]);
  });

  it("writes what its programs need to .env, which no one else can read", async () => {
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
    expect(statSync(join(clone.dir, "cdktf.out")).mode & 0o777).toBe(0o700);
  });

  it("with an appended field gets a column at the end of its table, and another version of the schema; with a changed statement that statement, and nothing is dropped", async () => {
    const { clone, cloud, ksqldb, terraform } = await deployed();
    clone.edit("ksqldb/03_coinbase_trades.sql", (sql) =>
      sql.replace("WHERE `type` = 'match'", "WHERE `type` = 'match' AND `price` IS NOT NULL"),
    );
    clone.edit("schemas/coinbase_ticker.avsc", (schema) => {
      const record = JSON.parse(schema) as { fields: object[] };
      record.fields.push({ name: "venue", type: ["null", "string"], default: null, doc: "Where." });
      return JSON.stringify(record, null, 2);
    });
    const before = ksqldb.statements.length;
    // Not yet written down: refused before anything is planned.
    const refused = await clone.run(["synth"]);
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("npm run ksqldb -- describe --write")]);
    expect((await clone.run(["ksqldb", "--", "describe", "--write"])).code).toBe(0);
    await clone.run(["synth"]);
    expect(actions(await terraform.plan())).toEqual([
      "update confluent_schema.streaming-topics-coinbase_ticker-schema",
      "update google_bigquery_table.warehouse-tables-coinbase_ticker",
      "delete+create terraform_data.streaming-statements-apply",
    ]);
    expect((await clone.run(["deploy", "--", "--yes"])).code).toBe(0);
    const sent = ksqldb.statements.slice(before);
    expect(sent).toEqual([expect.stringMatching(/^CREATE OR REPLACE STREAM coinbase_trades /)]);
    const { schema } = cloud.get("google_bigquery_table", "coinbase_ticker");
    expect((JSON.parse(schema as string) as { name: string }[]).at(-1)!.name).toBe("venue");
  });

  it("whose cluster gets another name keeps it, and whose sink does gets another, and nothing else", async () => {
    const { clone, cloud, terraform } = await deployed();
    clone.edit("infra/stack/streaming.ts", (code) =>
      code
        .replace("`${prefix}-bigquery`", "`${prefix}-warehouse`")
        .replace('"cluster", {\n      displayName: prefix', '"cluster", {\n      displayName: "tape"'),
    );
    const before = cloud.changes.length;
    const { output } = await clone.run(["deploy", "--", "--yes"]);
    expect(output).toContain("Resources: 1 added, 2 changed, 1 destroyed");
    expect(output).toMatch(
      /This starts again:\n  confluent_connector\.streaming-sink is replaced \(name tapeline-dev-bigquery → tapeline-dev-warehouse\): another consumer group, which begins at the oldest record of coinbase_full, [^]*\(7 days back\); feed_quarantine \(30 days back\)\n    written twice: /,
    );
    expect(cloud.all("confluent_connector")).toMatchObject([
      { config_nonsensitive: { name: "tapeline-dev-warehouse" } },
    ]);
    const kept = cloud.changes.slice(before).filter((line) => line.includes("confluent_kafka_cluster"));
    expect(kept).toEqual([expect.stringMatching(/^update /)]);
    expect((await terraform.plan()).code).toBe(0);
  });

  it("that lost a column of a statement is refused at synth, with the cure", async () => {
    const { clone } = await newPlatform();
    clone.edit("ksqldb/03_coinbase_trades.sql", (sql) => sql.replace("  `maker_order_id`,\n", ""));
    const { code, output } = await clone.run(["synth"]);
    expect(code).toBe(1);
    expect(output).toContain("the column maker_order_id is gone; Terraform would drop it with its data");
    expect(output).toContain("Fix: keep it");
  });

  it("is gone after destroy, statements first, and the services of the project stay", async () => {
    const { clone, cloud, ksqldb } = await deployed();
    const before = cloud.changes.length;
    const services = cloud.all("google_project_service");
    const deleting = cloud.hang(/delete confluent_ksql_cluster/);
    const destroy = clone.run(["destroy", "--", "--yes"]);
    await deleting.reached;
    const left = ksqldb.state.sources.size;
    deleting.release();
    const { code, output } = await destroy;
    expect(left).toBe(0);
    expect(services.length).toBeGreaterThan(0);
    expect(cloud.all("google_project_service")).toEqual(services);
    expect(output).toContain("Apply complete! Resources: 0 added, 0 changed");
    expect(output).toContain("Yours to delete: the keys in .env, and tapeline-dev.tfstate.backup");
    expect(code).toBe(0);
    expect(ksqldb.statements.filter((sql) => /DELETE TOPIC/.test(sql))).toEqual([]);
    const types = ["confluent_environment", "confluent_kafka_topic", "confluent_api_key", "google_bigquery_dataset"];
    expect(types.flatMap((type) => cloud.all(type))).toEqual([]);
    const order = ["delete confluent_connector", "delete confluent_ksql_cluster", "delete confluent_kafka_cluster"];
    const changes = cloud.changes.slice(before);
    const places = order.map((change) => changes.findIndex((line) => line.startsWith(change)));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((x, y) => x - y));
    expect(changes.findIndex((line) => line.startsWith("delete confluent_kafka_topic"))).toBeGreaterThan(places[0]!);
    // And can be made again, with nothing that a service still holds under its name.
    expect((await clone.run(["deploy", "--", "--yes"])).output).toContain("Apply complete!");
  });

  it("that someone changed by hand is put back, what was deleted is made again, and a column of theirs stays", async () => {
    const { clone, cloud, terraform } = await deployed();
    const { schema } = cloud.get("google_bigquery_table", "coinbase_full");
    const more = [...(JSON.parse(schema as string) as object[]), { name: "note", type: "STRING" }];
    cloud.edit("google_bigquery_table", "coinbase_full", { schema: JSON.stringify(more) });
    cloud.edit("google_bigquery_table", "coinbase_ticker", { description: "mine" });
    const { config } = cloud.get("confluent_kafka_topic", "coinbase_full");
    const shorter = { ...(config as Attributes), "retention.ms": "60000" };
    cloud.edit("confluent_kafka_topic", "coinbase_full", { config: shorter });
    cloud.delete("confluent_kafka_topic", "coinbase_trades");
    cloud.delete(
      "google_bigquery_dataset_iam_member",
      cloud.all("google_bigquery_dataset_iam_member")[0]!["id"] as string,
    );
    const before = cloud.changes.length;

    const asked = await clone.run(["deploy", "--", "--plan"]);
    expect([asked.code, cloud.changes.length]).toEqual([0, before]);
    for (const line of ['"mine" -> ', '"retention.ms" ', "coinbase_trades-topic"]) expect(asked.output).toContain(line);
    expect((await clone.run(["deploy", "--", "--yes"])).output).toContain(
      "Apply complete! Resources: 2 added, 2 changed",
    );
    expect(cloud.changes.slice(before).toSorted()).toEqual([
      "create confluent_kafka_topic coinbase_trades",
      expect.stringContaining("create google_bigquery_dataset_iam_member "),
      "update confluent_kafka_topic coinbase_full",
      "update google_bigquery_table coinbase_ticker",
    ]);
    expect(cloud.get("google_bigquery_table", "coinbase_full")["schema"]).toContain('"note"');
    expect(cloud.get("confluent_kafka_topic", "coinbase_full")["config"]).toEqual(config);
    expect((await terraform.plan()).code).toBe(0);
  });

  it("in another region is another cluster with another dataset, and converges", async () => {
    const { clone, cloud, terraform } = await deployed();
    const elsewhere = { CONFLUENT_REGION: "europe-west3" };
    const { output } = await clone.run(["deploy", "--", "--yes"], elsewhere);
    expect(output).toContain("Apply complete!");
    expect(cloud.all("confluent_kafka_cluster")).toMatchObject([{ region: "europe-west3" }]);
    expect(cloud.all("google_bigquery_dataset")).toMatchObject([{ location: "europe-west3" }]);
    expect(actions(await terraform.plan())).toEqual([]);
  });

  it("with more streaming units has one ksqlDB cluster at any time, which runs the statements; from basic to standard it keeps its Kafka cluster", async () => {
    const { clone, cloud, ksqldb, terraform } = await deployed();
    const before = cloud.changes.length;
    const deleting = cloud.hang(/delete confluent_ksql_cluster/);
    const deploying = clone.run(["deploy", "--", "--yes"], { KSQLDB_CSU: "2", CONFLUENT_CLUSTER_TYPE: "standard" });
    await deleting.reached;
    // Before it goes, while it answers: what it made for itself goes with them.
    expect(ksqldb.state.sources.size).toBe(0);
    expect(ksqldb.statements.filter((sql) => /DELETE TOPIC/.test(sql))).toEqual([]);
    deleting.release();
    const { output } = await deploying;
    expect(output).toMatch(
      /This starts again:\n  confluent_ksql_cluster\.streaming-ksqldb_cluster is replaced \(csu 1 → 2\): the statements are dropped, and begin at the oldest record of coinbase_full, coinbase_level2 \(7 days back\)\n    written twice: what coinbase_trades, /,
    );
    expect(output).toContain("Apply complete!");
    const changes = (type: string) => cloud.changes.slice(before).filter((line) => line.includes(type));
    expect(changes("confluent_ksql_cluster").map((line) => line.split(" ")[0])).toEqual(["delete", "create"]);
    expect(changes("confluent_kafka_cluster")).toEqual(["update confluent_kafka_cluster tapeline-dev"]);
    const account = `User:${cloud.get("confluent_service_account", "tapeline-dev-ksqldb")["id"] as string}`;
    expect(new Set(cloud.all("confluent_kafka_acl").map(({ principal }) => principal))).toEqual(new Set([account]));
    expect(ksqldb.state.queries.size).toBe(4);
    expect((await terraform.plan()).code).toBe(0);
  });
});
