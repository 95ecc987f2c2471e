/** What may not happen to an environment: data lost, a secret shown, a run that cannot continue. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { deployed, expectWhole, keyOf, newPlatform, secretsIn } from "./deployed.ts";
import { describeTerraform } from "./fake/terraform.ts";
import { startFakeGcs } from "./fake-gcs.ts";

describeTerraform("an environment", () => {
  it("exchanges all keys in two runs, the old ones alive until the new ones are used, and never shows one", async () => {
    const { clone, cloud, terraform } = await deployed();
    const old = secretsIn(cloud);
    const isOpening = (secret: string) => secretsIn(cloud).includes(secret);
    // While Terraform's own are made; and by a plan in which all are still to be made, as the first run's is.
    const making = ["kafka", "registry"].map((of) =>
      cloud.hang(new RegExp(`create confluent_api_key tapeline-dev-manager-${of}-key-2`)),
    );
    const reached = Promise.all(making.map((one) => one.reached));
    const first = await clone.run(["deploy", "--", "--yes"], { KEYS: "1,2" }, reached);
    expect([first.code, old.every(isOpening)]).toEqual([1, true]);
    const again = await clone.run(["deploy", "--", "--yes"], { KEYS: "1,2" });
    expect([again.code, old.every(isOpening)]).toEqual([0, true]);
    const { outputs, resources } = JSON.parse(clone.read("tapeline-dev.tfstate")) as State;
    const users = JSON.stringify([outputs, resources.filter(({ type }) => !type.endsWith("_key"))]);
    const keys = ["confluent_api_key", "google_service_account_key"].flatMap((type) => cloud.all(type));
    const used = keys.filter(({ id }) => users.includes((id as string).split("/").at(-1)!)).map(keyOf);
    expect([used.length, used.filter((key) => old.includes(key))]).toEqual([6, []]);
    const last = await clone.run(["deploy", "--", "--yes"], { KEYS: "2" });
    expect([last.code, old.some(isOpening)]).toEqual([0, false]);
    expect((await terraform.plan()).code).toBe(0);
    const destroy = await clone.run(["destroy", "--", "--plan"], { KEYS: "2" });
    expect(destroy.output).toContain("Plan: 0 to add");
    const all = first.output + again.output + last.output + destroy.output;
    for (const secret of [...old, ...secretsIn(cloud), "cloud-secret"]) expect(all).not.toContain(secret);
  });

  it("does not let Terraform lock itself out, and lets it in again where someone deleted its key", async () => {
    const { clone, cloud, terraform } = await deployed();
    const before = cloud.changes.length;
    const manager = "confluent_api_key.streaming-manager-kafka_key_1";
    const once = await clone.run(["deploy", "--", "--yes", "--replace", manager]);
    expect([once.code, once.output]).toEqual([1, expect.stringContaining("Rotate them in two runs, by KEYS")]);
    const jump = await clone.run(["deploy", "--", "--yes"], { KEYS: "2" });
    expect([jump.code, jump.output]).toEqual([1, expect.stringContaining("would be left without them")]);
    expect(cloud.changes.length).toBe(before);
    // Npm would take it for itself, and all would be deployed.
    const taken = await clone.runByNpm(["deploy", "--plan"]);
    expect([taken.code, taken.output]).toEqual([
      2,
      expect.stringContaining("put -- before the options: npm run deploy -- "),
    ]);

    cloud.delete("confluent_api_key", "tapeline-dev-manager-kafka-key-1");
    expect((await clone.run(["deploy", "--", "--yes"])).output).toContain(
      "The manager's key, with which Terraform reads topics and schemas, is gone: SECURITY.md",
    );
    const blind = await clone.run(["deploy", "--", "--yes", "--no-refresh"], { KEYS: "1,2" });
    expect(blind.output).toContain("Apply complete!");
    const back = await clone.run(["deploy", "--", "--yes"], { KEYS: "1" });
    expect([back.code, back.output]).toEqual([1, expect.stringContaining("manager-kafka_key_2")]);
    expect((await clone.run(["deploy", "--", "--yes"], { KEYS: "2" })).output).toContain("Apply complete!");
    expect((await terraform.plan()).code).toBe(0);
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
    const given = { type: "service_account", client_email: email, private_key: "do-not-show" };
    const { private_key: _, ...half } = given;
    const pasted = await clone.run(["deploy", "--", "--yes"], { SINK_KEY_FILE: JSON.stringify(given) });
    expect(pasted.output).toContain("SINK_KEY_FILE holds the key itself: the path of a file with it is expected");
    expect(pasted.output).not.toContain("do-not-show");
    for (const wrong of [`${JSON.stringify(given)},`, JSON.stringify(half), "null"]) {
      key(wrong);
      const { output } = await clone.run(["deploy", "--", "--yes"]);
      expect(output).toContain("SINK_KEY_FILE (key.json) is not a JSON key of a Google service account");
      expect(output).not.toContain("do-not-show");
    }
    key(JSON.stringify(given));
    const { output } = await clone.run(["deploy", "--", "--yes"]);
    expect(output).toContain("Apply complete!");
    expect(output).not.toContain("do-not-show");
    const roles = cloud.all("google_bigquery_dataset_iam_member").map(({ member, role }) => [member, role]);
    const role = expect.stringMatching(/^projects\/acme-tape\/roles\/tapeline_dev_sink_[0-9a-f]{8}$/) as string;
    expect(roles).toContainEqual([`serviceAccount:${email}`, role]);
    expect(cloud.all("google_service_account_key")).toEqual([]);
  });

  const prod = {
    TAPELINE_ENVIRONMENT: "prod",
    BILLING_ACCOUNT: "012345-6789AB-CDEF01",
    ANALYSTS: "group:quants@example.com",
  };
  /** A protected one, and a command that must be refused with nothing touched; it returns what was said. */
  async function protectedOne() {
    const platform = await deployed(prod);
    const { clone, cloud, ksqldb } = platform;
    const before = cloud.changes.length;
    const refused = async (command: "deploy" | "destroy", variables: Record<string, string> = {}) => {
      const { code, output } = await clone.run([command, "--", "--yes"], variables);
      expect([code, cloud.changes.length, ksqldb.state.queries.size]).toEqual([1, before, 4]);
      return output;
    };
    return { ...platform, refused };
  }
  const off = { PROTECTION: "off" };

  it("of prod is there after one command, and a second plan is empty", async () => {
    const { ksqldb, terraform } = await deployed(prod);
    await expectWhole(ksqldb, terraform);
  });

  it("that is protected refuses to lose a table, a column or what is old, and more partitions, with nothing touched", async () => {
    const { clone, refused } = await protectedOne();
    // Also where both committed records were changed by hand.
    for (const file of ["schemas/coinbase_ticker.avsc", "schemas/tables.lock.json"])
      clone.edit(file, (text) => text.replace(/,\s*\{\s*"name": "volume_30d"[^}]*\}/, ""));
    expect((await clone.run(["ksqldb", "--", "lint"])).code).toBe(0);
    const tables = "coinbase_full,coinbase_trades,coinbase_ticker";
    const said = await refused("deploy", {
      BIGQUERY_TABLES: tables,
      HOURLY_EXPIRATION_DAYS: "30",
      RAW_RETENTION_DAYS: "1",
    });
    for (const loss of [
      "warehouse-tables-coinbase_book_changes, all of it",
      "warehouse-tables-coinbase_full, rows older than 30 days",
      "messages older than 1 days",
      "warehouse-tables-coinbase_ticker, the column volume_30d",
    ])
      expect(said.slice(said.indexOf("PROTECTION is on:"))).toContain(loss);
    clone.edit("infra/stack/topic-with-subject.ts", (code) => code.replace("topic.partitions", "2 * topic.partitions"));
    expect(await refused("deploy")).toMatch(/these would get more partitions, [^]*coinbase_full-topic[^]*Revert it/);
  });

  it("that is protected starts nothing again that writes rows twice, unless the command says so", async () => {
    const { clone, cloud, ksqldb, refused } = await protectedOne();
    const csu = { KSQLDB_CSU: "2" };
    const said = await refused("deploy", csu);
    expect(said).toMatch(/This starts again:\n  confluent_ksql_cluster\.[^]*written twice: [^]*lost: nothing/);
    expect(said.trimEnd().split("\n").at(-1)).toContain("If it may, run this again with --start-again.");
    // What someone deleted is made again, and begins again too.
    cloud.delete("confluent_connector", "tapeline-prod-bigquery");
    const gone = await clone.run(["deploy", "--", "--yes"]);
    expect([gone.code, gone.output]).toEqual([
      1,
      expect.stringMatching(/streaming-sink is replaced, because it was deleted by hand: another consumer group/),
    ]);
    expect(cloud.all("confluent_connector")).toEqual([]);
    const told = await clone.run(["deploy", "--", "--yes", "--start-again"], csu);
    expect(told.output).toContain("Apply complete!");
    expect([ksqldb.state.queries.size, cloud.all("confluent_connector").length]).toEqual([4, 1]);
  });

  it("that is protected refuses to be destroyed, with nothing touched; two commands take it down", async () => {
    const { clone, cloud, refused, terraform } = await protectedOne();
    expect(await refused("destroy")).toContain("prod holds data, and PROTECTION is on. To delete it all the same");
    const changes = cloud.changes.length;
    expect((await terraform.destroy()).output).toContain("Instance cannot be destroyed");
    expect(cloud.changes.length).toBe(changes);
    expect(await refused("deploy", { CONFLUENT_REGION: "europe-west3" })).toMatch(
      / plan failed\. PROTECTION is on, and what holds data would be deleted/,
    );
    // Also where the files no longer name it.
    expect(await refused("destroy", { ...off, BIGQUERY_TABLES: "coinbase_trades" })).toMatch(
      /these are still protected:[^]*confluent_kafka_cluster\.streaming-cluster/,
    );
    expect((await clone.run(["deploy", "--", "--yes"], off)).code).toBe(0);
    const { output } = await clone.run(["destroy", "--", "--yes"], off);
    expect(output).toContain("Apply complete! Resources: 0 added, 0 changed");
    expect(cloud.all("confluent_environment")).toEqual([]);
  });

  it("that is protected converges after Ctrl-C while its cluster is made", async () => {
    const { clone, cloud, ksqldb, terraform } = await newPlatform({ TAPELINE_ENVIRONMENT: "prod" });
    const { reached } = cloud.hang(/create confluent_kafka_cluster/);
    const first = await clone.run(["deploy", "--", "--yes"], {}, reached);
    expect([first.code, first.output]).toEqual([1, expect.stringContaining("again continues where this one stopped")]);
    const state = clone.read("tapeline-prod.tfstate");
    await clone.run(["deploy", "--", "--plan"]);
    expect(clone.read("tapeline-prod.tfstate")).toBe(state);
    // Also without protection, which the half-made cluster still has.
    const { output } = await clone.run(["deploy", "--", "--yes"], { PROTECTION: "off" });
    expect(output).toContain("Apply complete!");
    expect((await clone.run(["deploy", "--", "--yes"])).output).toContain("Apply complete!");
    expect(cloud.all("confluent_kafka_cluster")).toHaveLength(1);
    await expectWhole(ksqldb, terraform);
  });

  it("that is not protected tells which data goes, and asks: without a yes nothing is done", async () => {
    const { clone, cloud } = await deployed();
    const before = cloud.changes.length;
    const asked = await clone.run(["deploy"], { BIGQUERY_TABLES: "coinbase_trades" });
    expect(asked.output).toMatch(/This deletes data:[^]*warehouse-tables-coinbase_full, all of it/);
    expect(asked.output).toContain("Change the environment dev as shown?");
    expect([asked.code, cloud.changes.length]).toEqual([1, before]);
    const wrong = await clone.run([
      "deploy",
      "--",
      "--yes",
      "--replace",
      "confluent_api_key.streaming-producer-kafkakey_1",
    ]);
    expect([wrong.code, wrong.output]).toEqual([
      1,
      expect.stringContaining("There are confluent_api_key.streaming-ksqldb-key_1"),
    ]);
    const bucket = await clone.run(["deploy", "--", "--yes"], { STATE_BUCKET: "states" });
    expect([bucket.code, bucket.output]).toEqual([
      1,
      expect.stringContaining("npm run bootstrap moves the state there"),
    ]);
    expect(cloud.changes.length).toBe(before);
  });

  it.each(["was deleted by someone", "does not answer"])("whose ksqlDB %s can still be destroyed", async (what) => {
    const { clone, cloud, ksqldb } = await deployed();
    // With its old secret in .env.
    expect((await clone.run(["env"])).code).toBe(0);
    // Whoever calls it as Terraform does is asked all the same.
    const byHand = await clone.run(["ksqldb", "--", "destroy", "--state", clone.stackDir()]);
    expect([byHand.code, byHand.output]).toEqual([1, expect.stringContaining("If no one can be asked, use --yes")]);
    expect(ksqldb.state.sources.size).toBe(6);
    if (what.includes("deleted")) cloud.delete("confluent_ksql_cluster", "tapeline-dev");
    ksqldb.close();
    const { output } = await clone.run(["destroy", "--", "--yes"]);
    expect(output).toContain("Apply complete! Resources: 0 added, 0 changed");
    expect(clone.read("ksqldb-dev.log")).toContain("Nothing is dropped: the statements end with the server.");
    expect(cloud.all("confluent_environment")).toEqual([]);
  });

  it("that lacks credentials reports all of them before Terraform runs", async () => {
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
    expect(output).toContain("ksqldb-dev.log, the log of npm run ksqldb, ends with");
    expect(output).toContain("Avro subject is taken");
    expect(output.trimEnd().split("\n").at(-1)).toBe(
      "A statement failed: see the fix above. The same command again continues where this one stopped.",
    );
    expect((await clone.run(["deploy", "--", "--yes"])).output).toContain("Apply complete!");
  });

  it("whose changed statement ksqlDB would refuse is reported before anything is applied, and how to do it all the same", async () => {
    const { clone, cloud, ksqldb } = await deployed();
    clone.edit("ksqldb/05_coinbase_bars_1s.sql", (sql) =>
      sql.replace("\nGROUP BY", " AND `price` IS NOT NULL\nGROUP BY"),
    );
    const before = [cloud.changes.length, ksqldb.statements.length];
    const more = { ANALYSTS: "group:quants@example.com" };
    const { code, output } = await clone.run(["deploy", "--", "--yes"], more);
    expect([code, cloud.changes.length, ksqldb.statements.length]).toEqual([1, ...before]);
    expect(output).toMatch(/nothing was done: ksqlDB cannot change these statements in place:\n  COINBASE_BARS_1S: /);
    expect(output.trimEnd().split("\n").at(-1)).toContain("npm run deploy -- --plan --replace-statements shows what");
    const shown = await clone.run(["deploy", "--", "--plan", "--replace-statements"], more);
    expect(shown.output).toMatch(
      /This starts again:\n  statement COINBASE_BARS_1S: [^]*come twice into coinbase_bars_1s/,
    );
    const done = await clone.run(["deploy", "--", "--yes", "--replace-statements"], more);
    expect([done.code, done.output]).toEqual([0, expect.stringContaining("Apply complete!")]);
    expect(ksqldb.statements.slice(before[1])).toEqual([
      "DROP TABLE `COINBASE_BARS_1S`;",
      expect.stringMatching(/^CREATE TABLE coinbase_bars_1s [^]*AND `price` IS NOT NULL/),
    ]);
  });

  it("has its state moved into a bucket that is made, whole, and continues from there", async () => {
    const made = (): boolean => cloud.all("google_storage_bucket").length > 0;
    const gcs = await startFakeGcs(() => made());
    const google = { STORAGE_EMULATOR_HOST: gcs.host, GOOGLE_OAUTH_ACCESS_TOKEN: "token" };
    const { clone, cloud } = await deployed();
    const run = (command: readonly string[], variables = {}) => clone.run(command, { ...google, ...variables });
    const state = clone.read("tapeline-dev.tfstate");
    // One of someone else's leaves nothing that stands in the way.
    cloud.fail(/create google_storage_bucket/, "googleapi: Error 409: The requested bucket name is not available");
    expect((await run(["bootstrap", "--", "--yes"], { STATE_BUCKET: "taken" })).output).toContain("Error 409");
    const bucket = { STATE_BUCKET: "states" };
    const { code, output } = await run(["bootstrap", "--", "--yes"], bucket);
    expect([code, output]).toEqual([0, expect.stringContaining("the state of dev is in states")]);
    expect(cloud.all("google_storage_bucket")).toMatchObject([
      { name: "states", public_access_prevention: "enforced", versioning: [{ enabled: true }] },
    ]);
    const moved = JSON.parse(gcs.objects.get("tapeline/dev/default.tfstate")!.toString()) as State;
    expect(moved.resources).toEqual((JSON.parse(state) as State).resources);
    // Also where nothing but the files is there.
    rmSync(join(clone.dir, "cdktf.out"), { recursive: true });
    const again = await run(["deploy", "--", "--yes"], bucket);
    expect([again.code, again.output]).toEqual([0, expect.stringContaining("No changes")]);
    expect((await run(["env"], bucket)).code).toBe(0);
    for (const command of ["deploy", "env"])
      expect(await run([command, ...(command === "deploy" ? ["--", "--yes"] : [])])).toEqual({
        code: 1,
        output: expect.stringContaining(
          "bucket-states.tfstate shows that states are kept in states: set STATE_BUCKET",
        ) as string,
      });
  });
});

interface State {
  readonly outputs: unknown;
  readonly resources: readonly { readonly type: string }[];
}
