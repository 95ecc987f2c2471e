/** The fake providers under real Terraform: what the real ones do, these do too. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  changed,
  deployed,
  kafka,
  newStack,
  planned,
  streaming,
  warehouse,
  withResources,
  type Body,
  type Main,
  type Resources,
} from "./fake/stacks.ts";
import { readFixture } from "./fake/fixture.ts";
import { describeTerraform } from "./fake/terraform.ts";

const price = { name: "price", type: "string" };
const size = { name: "size", type: ["null", "string"], default: null };

function avro(...fields: readonly object[]): string {
  return JSON.stringify({ type: "record", name: "Trade", fields });
}

const topic = "confluent_kafka_topic.trades";
const cluster = kafka.resource["confluent_kafka_cluster"]!["tape"]!;

describeTerraform("the fake providers", () => {
  it("make a stack that is planned no second time, and take it away in the reverse order", async () => {
    const { cloud, terraform } = await deployed(streaming(avro(price)));
    expect(planned(await terraform.plan())).toEqual([]);
    const made = cloud.changes.map((line) => line.replace("create ", ""));
    expect(made).toHaveLength(14);
    expect(await terraform.destroy()).toMatchObject({ code: 0 });
    const gone = cloud.changes.slice(made.length).map((line) => line.replace("delete ", ""));
    expect(gone.toSorted()).toEqual(made.toSorted());
    const order = (...names: readonly string[]) => {
      const places = names.map((name) => gone.findIndex((line) => line.startsWith(`confluent_${name}`)));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    };
    order("kafka_topic", "api_key kafka", "role_binding CloudClusterAdmin", "kafka_cluster", "environment");
    order("schema", "subject_config", "api_key registry", "role_binding ResourceOwner", "environment");
    expect(cloud.all("confluent_kafka_topic")).toEqual([]);
  });

  it("fill in ids, secrets and addresses in the services' own forms, and addresses as a test wants them", async () => {
    const urls = { ksqldbUrl: "http://127.0.0.1:8088", registryUrl: "http://127.0.0.1:8081" };
    const { cloud, terraform } = await deployed(streaming(avro(price)), urls);
    expect(await terraform.output()).toEqual({ ksqldb: urls.ksqldbUrl, registry: urls.registryUrl });
    const forms: [type: string, name: string, attribute: string, form: RegExp][] = [
      ["kafka_cluster", "tape", "id", /^lkc-\w{6}$/],
      [
        "kafka_cluster",
        "tape",
        "rbac_crn",
        /^crn:\/\/confluent\.cloud\/organization=[-\w]+\/environment=env-\w+\/cloud-cluster=lkc-\w+$/,
      ],
      ["kafka_cluster", "tape", "rest_endpoint", /^https:\/\/pkc-\w+\.us-central1\.gcp\.confluent\.cloud:443$/],
      ["api_key", "kafka", "id", /^[A-Z0-9]{16}$/],
      ["api_key", "kafka", "secret", /^\S{64}$/],
      ["kafka_topic", "trades", "id", /^lkc-\w+\/trades$/],
      ["schema", "trades-value", "id", /^lsrc-\w+\/trades-value\/latest$/],
      ["connector", "sink", "id", /^lcc-\w+$/],
    ];
    for (const [type, name, attribute, form] of forms)
      expect(cloud.get(`confluent_${type}`, name)[attribute]).toMatch(form);
  });

  it("leave what is missing or unknown to Terraform, and refuse what the providers look at themselves", async () => {
    const inCluster = kafka.resource["confluent_kafka_topic"]!["trades"]!;
    const twice = { require_partition_filter: true };
    const wrong: [type: string, body: Body, message: string][] = [
      ["confluent_environment", {}, 'The argument "display_name" is required'],
      ["confluent_environment", { display_name: "a", colour: "red" }, 'No argument or block type is named "colour"'],
      [
        "confluent_environment",
        { display_name: "a", stream_governance: { package: "FREE" } },
        "expected stream_governance.package",
      ],
      [
        "confluent_kafka_cluster",
        { ...cluster, standard: {} },
        "only one of `basic,dedicated,enterprise,freight,standard`",
      ],
      [
        "confluent_kafka_cluster",
        { ...cluster, basic: [] },
        "one of `basic,dedicated,enterprise,freight,standard` must",
      ],
      ["confluent_kafka_cluster", { ...cluster, cloud: "gcp" }, "expected cloud to be one of"],
      [
        "confluent_role_binding",
        { principal: "sa-1", role_name: "a", crn_pattern: "crn://a" },
        "invalid value for principal",
      ],
      [
        "confluent_role_binding",
        { principal: "User:a", role_name: "a", crn_pattern: "a" },
        "invalid value for crn_pattern",
      ],
      ["confluent_kafka_topic", { ...inCluster, topic_name: "a b" }, "invalid value for topic_name"],
      ["confluent_kafka_topic", { ...inCluster, partitions_count: 0 }, "invalid value for partitions_count"],
      ["confluent_kafka_topic", { ...inCluster, rest_endpoint: "pkc-1" }, "invalid value for rest_endpoint"],
      ["confluent_schema", { subject_name: "a", format: "CSV" }, "expected format to be one of"],
      ["google_bigquery_table", { dataset_id: "a", table_id: "a", schema: "{}" }, '"schema" is not a JSON array'],
      [
        "google_bigquery_table",
        { dataset_id: "a", table_id: "a", clustering: Array(5).fill("a") },
        "clustering supports 4 item maximum",
      ],
      [
        "google_bigquery_table",
        { dataset_id: "a", table_id: "a", ...twice, time_partitioning: { type: "DAY", ...twice } },
        '"require_partition_filter": conflicts with',
      ],
      ["google_bigquery_dataset", { dataset_id: "a-b" }, "invalid value for dataset_id"],
      [
        "google_bigquery_dataset",
        { dataset_id: "a", default_table_expiration_ms: 1000 },
        "cannot be shorter than 3600000",
      ],
      ["google_service_account", { account_id: "ab" }, "invalid value for account_id"],
      ["google_project_iam_member", { project: "p", role: "a", member: "a@b.c" }, "invalid value for member"],
      ["google_project_service", { service: "bigquery" }, "invalid value for service"],
    ];
    const resources: Record<string, Record<string, Body>> = {};
    wrong.forEach(([type, body], i) => ((resources[type] ??= {})[`wrong_${i}`] = body));
    const { terraform } = await newStack(withResources(kafka, resources));
    const { code, output } = await terraform.validate();
    expect(code).toBe(1);
    for (const [, , message] of wrong) expect.soft(output).toContain(message);
    expect(output.match(/Error: /g)).toHaveLength(wrong.length);
  });

  it("say nothing about values that are not known yet", async () => {
    const later = { terraform_data: { later: { input: "a b" } } };
    const { terraform } = await newStack(
      withResources(changed(kafka, topic, { topic_name: "${terraform_data.later.output}" }), later),
    );
    expect(await terraform.validate()).toMatchObject({ code: 0 });
    expect((await terraform.plan()).code).toBe(2);
  });

  it("replace what cannot be changed, and say what makes it so; change the rest in place", async () => {
    const other = { confluent_kafka_cluster: { other: { ...cluster, display_name: "other" } } };
    const main = withResources(kafka, other);
    const { terraform, write } = await deployed(main);
    const plan = async (changes: Body) => {
      write(changed(main, topic, changes));
      const { changes: list } = await terraform.plan();
      return list.map(({ actions, replace_paths }) => [
        actions.join(" "),
        ...replace_paths.map((path) => path.join(".")),
      ]);
    };
    const toOther = { kafka_cluster: { id: "${confluent_kafka_cluster.other.id}" } };
    expect(await plan(toOther)).toEqual([["delete create", "kafka_cluster.0.id"]]);
    expect(await plan({ topic_name: "other" })).toEqual([["delete create", "topic_name"]]);
    expect(await plan({ partitions_count: 3 })).toEqual([["delete create", "partitions_count"]]);
    expect(await plan({ partitions_count: 12 })).toEqual([["update"]]);
    expect(await plan({ config: { "retention.ms": "1" } })).toEqual([["update"]]);
    // Optional and computed.
    expect(await plan({ config: null })).toEqual([]);
    expect(await plan({ partitions_count: 6 })).toEqual([]);
  });

  it("leave prevent_destroy to Terraform, which touches nothing then", async () => {
    const { cloud, terraform, write } = await deployed(changed(kafka, topic, { lifecycle: { prevent_destroy: true } }));
    const before = cloud.changes.length;
    const { code, output } = await terraform.destroy();
    expect(code).toBe(1);
    expect(output).toContain("Instance cannot be destroyed");
    expect(cloud.changes).toHaveLength(before);
    write(kafka);
    expect((await terraform.destroy()).code).toBe(0);
  });

  it("show what was changed or deleted behind Terraform's back, and repair it", async () => {
    const { cloud, terraform } = await deployed(streaming(avro(price)));
    cloud.edit("confluent_kafka_topic", "trades", { config: { "retention.ms": "1", "cleanup.policy": "compact" } });
    cloud.edit("confluent_connector", "sink", { status: "FAILED", config_sensitive: { keyfile: "another" } });
    expect(planned(await terraform.plan())).toEqual([`update ${topic}`]);
    await terraform.apply();
    expect(cloud.get("confluent_kafka_topic", "trades")["config"]).toEqual({ "retention.ms": "60000" });
    cloud.delete("confluent_kafka_topic", "trades");
    expect(planned(await terraform.plan())).toEqual([`create ${topic}`]);
    await terraform.apply();
    expect(cloud.find("confluent_kafka_topic", "trades")).toBeDefined();
    expect(planned(await terraform.plan())).toEqual([]);
  });

  it("read the registry behind an anchor at once, but not what depends on a cluster that changes: all of the registry is replaced then", async () => {
    const main = streaming(avro(price));
    const more = {
      confluent_schema: { book: { ...main.resource["confluent_schema"]!["trades"], subject_name: "book" } },
    };
    const registry = (registryMain: Body) => ({ confluent_schema_registry_cluster: { tape: registryMain } });
    const environment = { id: "${confluent_environment.tape.id}" };
    const direct = registry({ environment, depends_on: ["confluent_kafka_cluster.tape"] });
    const rename = { display_name: "renamed" };

    const anchored = withResources(main, more);
    const { terraform, write } = await deployed(anchored);
    write(changed(anchored, "confluent_kafka_cluster.tape", rename));
    expect(planned(await terraform.plan())).toEqual(["update confluent_kafka_cluster.tape"]);

    write({ ...anchored, data: direct });
    expect(planned(await terraform.plan())).toEqual([]);
    write(changed({ ...anchored, data: direct }, "confluent_kafka_cluster.tape", rename));
    const lines = planned(await terraform.plan());
    expect(lines).toContain("read data.confluent_schema_registry_cluster.tape");
    expect(lines.filter((line) => line.startsWith("delete create")).toSorted()).toEqual([
      "delete create confluent_api_key.registry",
      "delete create confluent_role_binding.registry",
      "delete create confluent_schema.book",
      "delete create confluent_schema.trades",
      "delete create confluent_subject_config.trades",
    ]);
  });

  it("have no Schema Registry before the environment's first cluster", async () => {
    const data = {
      confluent_schema_registry_cluster: { tape: { environment: { id: "${confluent_environment.tape.id}" } } },
    };
    const { terraform } = await newStack({
      resource: { confluent_environment: { tape: { display_name: "tape" } } },
      data,
    });
    expect((await terraform.apply()).output).toContain("Schema Registry cluster not found");
  });

  it("let no one in without a valid key, and let it do only what its owner may", async () => {
    const { cloud, terraform, write } = await deployed(kafka);
    const { id, secret } = cloud.get("confluent_api_key", "kafka");
    cloud.edit("confluent_api_key", "kafka", { secret: "another" });
    expect((await terraform.plan()).output).toContain(`error reading Kafka Topic`);
    expect((await terraform.command("destroy", "-refresh=false", "-auto-approve")).output).toContain(
      "401 Unauthorized",
    );
    cloud.edit("confluent_api_key", id as string, { secret: secret! });

    const free = changed(kafka, "confluent_api_key.kafka", { depends_on: [] });
    write(free);
    await terraform.apply();
    await terraform.command("destroy", "-target=confluent_role_binding.kafka", "-auto-approve");
    expect((await terraform.destroy()).output).toContain("403 Forbidden");
    expect(cloud.find("confluent_kafka_topic", "trades")).toBeDefined();

    const crn = "${confluent_kafka_cluster.tape.rbac_crn}/kafka=${confluent_kafka_cluster.tape.id}/topic=tr*";
    const owner = changed(kafka, "confluent_role_binding.kafka", { role_name: "ResourceOwner", crn_pattern: crn });
    write(owner);
    expect((await terraform.apply()).output).toContain("there are no roles for a topic of a Basic cluster");
    write(changed(owner, "confluent_kafka_cluster.tape", { basic: [], standard: {} }));
    expect(await terraform.apply()).toMatchObject({ code: 0 });
    expect(await terraform.destroy()).toMatchObject({ code: 0 });
  });

  it("want the rights that ksqlDB and its keys need", async () => {
    const main = streaming(avro(price));
    const wrong = changed(main, "confluent_role_binding.registry", { role_name: "DeveloperWrite" });
    const { terraform, write } = await newStack(wrong);
    expect((await terraform.apply()).output).toMatch(
      /error creating ksqlDB Cluster: 403 Forbidden: sa-\w+ is no ResourceOwner/,
    );
    write(changed(main, "confluent_role_binding.ksql", { role_name: "DeveloperRead" }));
    expect((await terraform.apply()).output).toMatch(/error creating API Key: 403 Forbidden: sa-\w+ is no KsqlAdmin/);
    write(main);
    expect(await terraform.apply()).toMatchObject({ code: 0 });
  });

  it("converge after an interruption: what waits is made again, and a key that waits is orphaned", async () => {
    const { cloud, terraform } = await newStack(kafka);
    for (const waiting of [/create confluent_role_binding/, /create confluent_api_key/]) {
      const { reached } = cloud.hang(waiting);
      const { code, output } = await terraform.apply({ interrupt: reached });
      expect(code).toBe(1);
      expect(output).toContain("context canceled");
    }
    expect((await terraform.command("state", "list")).output).not.toContain("confluent_api_key");
    expect(cloud.all("confluent_api_key")).toHaveLength(1);
    expect(await terraform.apply()).toMatchObject({ code: 0 });
    expect(planned(await terraform.plan())).toEqual([]);
    const times = (line: string) => cloud.changes.filter((one) => one.startsWith(line)).length;
    expect(times("create confluent_role_binding")).toBe(2);
    expect(times("delete confluent_role_binding")).toBe(1);
    expect(cloud.all("confluent_api_key")).toHaveLength(2);
  });

  it("refuse an operation once if a test says so, or hold it until it is let go", async () => {
    const { cloud, terraform } = await newStack(kafka);
    cloud.fail(/create confluent_kafka_topic trades/, "403 Forbidden");
    expect((await terraform.apply()).output).toContain("error creating Kafka Topic: 403 Forbidden");
    const hanging = cloud.hang(/./, { nth: 3 });
    const applied = terraform.apply();
    await hanging.reached;
    expect(cloud.find("confluent_kafka_topic", "trades")).toBeUndefined();
    hanging.release();
    expect(await applied).toMatchObject({ code: 0 });
  });

  it("upgrade a cluster from basic to standard only, and guard it if asked to", async () => {
    const address = "confluent_kafka_cluster.tape";
    const { terraform, write } = await deployed(kafka);
    write(changed(kafka, address, { basic: [], enterprise: {} }));
    expect((await terraform.plan()).output).toMatch(
      /error updating Kafka Cluster "lkc-\w+": clusters can only be upgraded from 'Basic' to 'Standard'/,
    );
    const standard = changed(kafka, address, { basic: [], standard: {} });
    write(changed(standard, address, { deletion_protection: true }));
    expect(planned(await terraform.plan())).toEqual([`update ${address}`]);
    await terraform.apply();
    expect(planned(await terraform.plan())).toEqual([]);
    expect((await terraform.destroy()).output).toContain("error deleting Kafka Cluster");
    expect((await terraform.command("state", "list")).output.trim().split("\n").toSorted()).toEqual([
      "confluent_environment.tape",
      address,
    ]);
  });

  it("take a compatible schema in place, refuse another at plan, and see no change in white space", async () => {
    const main = streaming(avro(price));
    const { cloud, terraform, write } = await deployed(main);
    const schema = (text: string, more: Body = {}) =>
      write(changed(main, "confluent_schema.trades", { schema: text, ...more }));
    const update = ["update confluent_schema.trades"];
    schema('{ "fields": [ { "type": "string", "name": "price" } ], "name": "Trade", "type": "record" }');
    expect(planned(await terraform.plan())).toEqual([]);
    for (const bad of [avro(), avro(price, { name: "size", type: "string" })]) {
      schema(bad);
      expect((await terraform.plan()).output).toContain(
        "error validating Schema: error validating a schema: [{errorType:",
      );
    }
    schema(avro(price, size), { recreate_on_update: true });
    expect((await terraform.plan()).output).toContain("set recreate_on_update = false");
    schema(avro(price, size));
    expect(planned(await terraform.plan())).toEqual(update);
    await terraform.apply();
    expect(cloud.get("confluent_schema", "trades-value")).toMatchObject({ version: 2 });
    expect(planned(await terraform.plan())).toEqual([]);
  });

  it("compare a schema with the registry's only by a key that is there: with a new one another layout ends the apply", async () => {
    const trade = { name: "Trade", fields: [{ type: "string", name: "price" }], type: "record" };
    const laidOut = streaming(JSON.stringify(trade, null, 2));
    const { terraform, write } = await deployed(laidOut);
    const kept = JSON.stringify({ type: "record", name: "Trade", fields: [price] });
    expect((await terraform.command("show", "-json")).output).toContain(JSON.stringify(kept));
    expect(planned(await terraform.plan())).toEqual([]);
    const withNew = (name: string, main: Main) => {
      const [key, secret] = ["id", "secret"].map((part) => `\${confluent_api_key.${name}.${part}}`);
      const { registry } = main.resource["confluent_api_key"]!;
      const more = withResources(main, { confluent_api_key: { [name]: { ...registry, display_name: name } } });
      return changed(more, "confluent_schema.trades", { credentials: { key, secret } });
    };
    write(withNew("second", streaming(kept)));
    expect((await terraform.apply()).output).toContain("Apply complete!");
    expect(planned(await terraform.plan())).toEqual([]);
    write(withNew("third", laidOut));
    expect((await terraform.apply()).output).toContain("Provider produced inconsistent final plan");
  });

  it("plan another name of a connector as an update, and refuse it at apply", async () => {
    const main = streaming(avro(price));
    const { terraform, write } = await deployed(main);
    const config = main.resource["confluent_connector"]!["sink"]!["config_nonsensitive"] as Body;
    const connector = (changes: Body) =>
      write(changed(main, "confluent_connector.sink", { config_nonsensitive: { ...config, ...changes } }));
    connector({ name: "other" });
    expect(planned(await terraform.plan())).toEqual(["update confluent_connector.sink"]);
    expect((await terraform.apply()).output).toMatch(
      /error updating Connector "lcc-\w+": "name" attribute cannot be updated/,
    );
    connector({ "tasks.max": "2" });
    expect(await terraform.apply()).toMatchObject({ code: 0 });
    const nameless = {
      confluent_connector: { other: { ...main.resource["confluent_connector"]!["sink"], config_nonsensitive: {} } },
    };
    write(withResources(main, nameless));
    expect((await terraform.apply()).output).toContain('error creating Connector: "name" attribute is missing');
  });
});

const columns = [
  { name: "time", type: "TIMESTAMP", mode: "REQUIRED" },
  { name: "price", type: "FLOAT64" },
  {
    name: "flags",
    type: "RECORD",
    fields: [
      { name: "buy", type: "BOOL" },
      { name: "sell", type: "BOOL" },
    ],
  },
] as const;
const [time, cost, flags] = columns;
const trades = "google_bigquery_table.trades";

describeTerraform("of BigQuery, the fake provider", () => {
  it("plans what becomes of columns as the real one does", async () => {
    const { terraform, write } = await deployed(warehouse(columns));
    const cases: [what: string, columns: readonly object[], action: string | undefined][] = [
      ["reordered", [flags, cost, time], undefined],
      [
        "an alias, a mode that is the default, no description",
        [time, { ...cost, type: "FLOAT", mode: "NULLABLE", description: "" }, flags],
        undefined,
      ],
      ["a description", [time, { ...cost, description: "in dollars" }, flags], "update"],
      ["inserted", [time, { name: "size", type: "STRING" }, cost, flags], "update"],
      ["inserted, required", [time, { name: "size", type: "STRING", mode: "REQUIRED" }, cost, flags], "delete create"],
      ["removed", [time, flags], "update"],
      ["renamed", [time, { ...cost, name: "cost" }, flags], "delete create"],
      ["another type", [time, { ...cost, type: "NUMERIC" }, flags], "delete create"],
      ["made required", [time, { ...cost, mode: "REQUIRED" }, flags], "delete create"],
      ["no longer required", [{ ...time, mode: "NULLABLE" }, cost, flags], "update"],
      ["removed inside a record", [time, cost, { ...flags, fields: flags.fields.slice(1) }], "delete create"],
    ];
    for (const [what, schema, action] of cases) {
      write(warehouse(schema));
      expect.soft(planned(await terraform.plan()), what).toEqual(action === undefined ? [] : [`${action} ${trades}`]);
    }
  });

  it("drops a column in place that is left out, anyone's, unless asked to ignore those of others", async () => {
    const { cloud, terraform, write } = await deployed(warehouse(columns));
    const names = () =>
      (JSON.parse(cloud.get("google_bigquery_table", "trades")["schema"] as string) as { name: string }[]).map(
        ({ name }) => name,
      );
    const foreign = () =>
      cloud.edit("google_bigquery_table", "trades", {
        schema: JSON.stringify([...columns, { name: "foreign", type: "STRING" }]),
      });
    foreign();
    expect(planned(await terraform.plan())).toEqual([`update ${trades}`]);
    await terraform.apply();
    expect(names()).toEqual(["time", "price", "flags"]);

    const ignoring = { ignore_auto_generated_schema: true };
    write(warehouse(columns, ignoring));
    await terraform.apply();
    foreign();
    expect(planned(await terraform.plan())).toEqual([]);
    // What is not seen in a plan is missed when anything of the table changes.
    write(warehouse(columns, { ...ignoring, description: "trades" }));
    expect((await terraform.apply()).output).toContain("Field foreign is missing in new schema");
    write(warehouse([time, flags], ignoring));
    expect(planned(await terraform.plan())).toEqual([`update ${trades}`]);
    expect((await terraform.apply()).output).toContain("Field price is missing in new schema");
    expect(names()).toContain("price");
  });

  it("guards a table by default, after others are gone; another partitioning is refused at apply", async () => {
    const hourly = {
      time_partitioning: { type: "HOUR", field: "time", expiration_ms: 1000 },
      deletion_protection: null,
    };
    const { terraform, write } = await deployed(
      withResources(warehouse(columns, hourly), {
        google_project_service: { api: { service: "bigquery.googleapis.com" } },
      }),
    );
    write(warehouse(columns, { ...hourly, time_partitioning: { type: "HOUR", field: "time" } }));
    expect(planned(await terraform.plan())).toEqual(["delete google_project_service.api"]);
    write(warehouse(columns, { ...hourly, time_partitioning: { type: "DAY", field: "time" } }));
    expect(planned(await terraform.plan())).toContain(`update ${trades}`);
    expect((await terraform.apply()).output).toContain("Error updating Table");
    expect((await terraform.destroy()).output).toContain(
      "cannot destroy table projects/p/datasets/tape/tables/trades without setting deletion_protection=false and running `terraform apply`",
    );
    expect((await terraform.command("state", "list")).output).not.toContain("google_project_service");
  });

  it("makes views after what they query only, and nothing without its dataset", async () => {
    const { dataset_id } = warehouse([]).resource["google_bigquery_table"]!["trades"]!;
    const view = {
      dataset_id,
      table_id: "view",
      deletion_protection: false,
      view: { query: "SELECT * FROM `p.tape.trades`", use_legacy_sql: false },
    };
    const { cloud, terraform, write } = await newStack(warehouse(columns));
    write(
      withResources(
        { resource: { google_bigquery_dataset: warehouse([]).resource["google_bigquery_dataset"]! } },
        { google_bigquery_table: { view } },
      ),
    );
    expect((await terraform.apply()).output).toContain(
      "Error creating Table: googleapi: Error 404: Not found: Table p:tape.trades",
    );
    write(withResources(warehouse(columns), { google_bigquery_table: { view: { ...view, depends_on: [trades] } } }));
    expect(await terraform.apply()).toMatchObject({ code: 0 });
    expect(planned(await terraform.plan())).toEqual([]);
    cloud.delete("google_bigquery_dataset", "tape");
    cloud.delete("google_bigquery_table", "trades");
    write(changed(warehouse(columns), trades, { dataset_id: "tape" }));
    expect((await terraform.command("apply", `-target=${trades}`, "-auto-approve")).output).toContain(
      "Not found: Dataset p:tape",
    );
  });
});

describeTerraform("of Google Cloud, the fake provider", () => {
  const resource: Resources = {
    google_service_account: { sink: { account_id: "tape-sink" } },
    google_service_account_key: { sink: { service_account_id: "${google_service_account.sink.name}" } },
    google_project_iam_member: {
      sink: { project: "p", role: "roles/bigquery.jobUser", member: "${google_service_account.sink.member}" },
    },
    google_secret_manager_secret: { key: { secret_id: "key", replication: { auto: {} } } },
    google_secret_manager_secret_version: {
      key: {
        secret: "${google_secret_manager_secret.key.id}",
        secret_data_wo: "${var.secret}",
        secret_data_wo_version: 1,
      },
    },
    google_project_service: { api: { service: "run.googleapis.com", disable_on_destroy: false } },
    google_storage_bucket: { files: { name: "tape-files", location: "us-central1", labels: { a: "b" } } },
  };
  const variable = { secret: { type: "string", ephemeral: true } };

  it("fills in what Google does; a write-only value gets there, and neither into the plan nor into the state", async () => {
    const output = {
      key: {
        value: "${jsondecode(base64decode(google_service_account_key.sink.private_key)).client_email}",
        sensitive: true,
      },
      labels: { value: "${google_storage_bucket.files.effective_labels}" },
      number: { value: "${data.google_project.own.number}" },
    };
    const main = { resource, variable, output, data: { google_project: { own: {} } } };
    const { cloud, terraform, folder } = await deployed(main, { variables: { secret: "hunter2" } });
    expect(await terraform.output()).toEqual({
      key: "tape-sink@p.iam.gserviceaccount.com",
      labels: { a: "b", "goog-terraform-provisioned": "true" },
      number: "624831095177",
    });
    expect(planned(await terraform.plan())).toEqual([]);
    expect(readFileSync(join(folder, "terraform.tfstate"), "utf8")).not.toContain("hunter2");
    expect(cloud.all("google_secret_manager_secret_version")).toMatchObject([
      { secret_data_wo: "hunter2", version: "1" },
    ]);
    expect(await terraform.destroy()).toMatchObject({ code: 0 });
    expect(cloud.all("google_project_service")).toMatchObject([{ id: "p/run.googleapis.com" }]);
    expect(cloud.all("google_service_account_key")).toEqual([]);
  });

  it("makes each of the types that it and Confluent's know, plans none a second time, and takes all away", async () => {
    const place = { environment: { id: "${confluent_environment.tape.id}" } };
    const dataset_id = "${google_bigquery_dataset.tape.dataset_id}";
    const { kafka_cluster, credentials, rest_endpoint } = kafka.resource["confluent_kafka_topic"]!["trades"]!;
    const subject = streaming("").resource["confluent_subject_config"]!["trades"]!;
    const inRegistry = { ...subject, subject_name: undefined, compatibility_level: undefined };
    const email = "${google_service_account.sink.email}";
    const member = "${google_service_account.sink.member}";
    const integration = "confluent_provider_integration_setup";
    const more: Resources = {
      ...resource,
      confluent_kafka_acl: {
        read: {
          ...{ kafka_cluster, credentials, rest_endpoint, resource_type: "TOPIC", resource_name: "trades" },
          ...{ pattern_type: "LITERAL", principal: "User:*", host: "*", operation: "READ", permission: "ALLOW" },
        },
      },
      confluent_tag: { own: { ...inRegistry, name: "own" } },
      confluent_tag_binding: {
        own: { ...inRegistry, tag_name: "${confluent_tag.own.name}", entity_name: "a:b", entity_type: "kafka_topic" },
      },
      [integration]: { own: { ...place, display_name: "own", cloud: "GCP" } },
      confluent_provider_integration_authorization: {
        own: {
          ...place,
          provider_integration_id: `\${${integration}.own.id}`,
          gcp: { customer_google_service_account: email },
        },
      },
      google_bigquery_dataset_iam_member: { sink: { dataset_id, role: "roles/bigquery.dataEditor", member } },
      google_bigquery_routine: {
        double: { dataset_id, routine_id: "double", routine_type: "SCALAR_FUNCTION", definition_body: "x * 2" },
      },
      google_bigquery_data_transfer_config: {
        daily: {
          ...{ display_name: "daily", data_source_id: "scheduled_query", location: "us-central1" },
          ...{ destination_dataset_id: dataset_id, service_account_name: email, params: { query: "SELECT 1" } },
        },
      },
      google_project_iam_custom_role: { own: { role_id: "own", title: "Own", permissions: ["a.b.c"] } },
      google_service_account_iam_member: {
        self: {
          service_account_id: "${google_service_account.sink.name}",
          role: "roles/iam.serviceAccountUser",
          member,
        },
      },
      google_billing_budget: {
        own: {
          billing_account: "012345-6789AB-CDEF01",
          amount: { specified_amount: { units: "100" } },
          threshold_rules: [{ threshold_percent: 0.5 }, { threshold_percent: 1 }],
        },
      },
      google_monitoring_notification_channel: { own: { type: "email", labels: { email_address: "a@example.com" } } },
      google_monitoring_alert_policy: {
        own: {
          ...{ display_name: "own", combiner: "OR" },
          notification_channels: ["${google_monitoring_notification_channel.own.name}"],
          conditions: {
            display_name: "own",
            condition_threshold: { filter: 'metric.type = "a"', comparison: "COMPARISON_GT", duration: "0s" },
          },
        },
      },
    };
    const main = withResources(withResources(streaming(avro(price)), warehouse(columns).resource), more);
    const known = (["confluent", "google"] as const).flatMap((name) => Object.keys(readFixture(name).resources));
    expect(known.filter((type) => !(type in main.resource))).toEqual([]);
    const { cloud, terraform } = await deployed({ ...main, variable }, { variables: { secret: "hunter2" } });
    expect(planned(await terraform.plan())).toEqual([]);
    expect(await terraform.destroy()).toMatchObject({ code: 0 });
    expect(known.filter((type) => cloud.all(type).length > 0)).toEqual(["google_project_service"]);
    expect(
      (await terraform.command("apply", "-auto-approve", "-target=google_project_iam_custom_role.own")).output,
    ).toContain("You can't create a role_id (own) which has been marked for deletion");
  });

  it("imports what is there, and does not make it twice", async () => {
    const { cloud, terraform } = await newStack({
      resource: { google_storage_bucket: resource["google_storage_bucket"]! },
    });
    cloud.put("google_storage_bucket", { id: "tape-files", name: "tape-files", location: "US-CENTRAL1", project: "p" });
    expect((await terraform.apply()).output).toContain("Error 409: Already Exists");
    expect(await terraform.command("import", "google_storage_bucket.files", "tape-files")).toMatchObject({ code: 0 });
    expect(planned(await terraform.plan())).toEqual(["update google_storage_bucket.files"]);
  });
});
