import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { desiredStatements } from "../../../ksqldb/server/desired.ts";
import { readSchema } from "../../../schemas/avro.ts";
import { SchemaRegistry } from "../../../topics/registry/schema-registry.ts";
import { desiredOf, startFakeKsqldb } from "../../fake-ksqldb/start.ts";
import { startFakeRegistry } from "../../fake-registry.ts";
import { actions, apply, bars, desired, destroy, full, names, plan, running, trades } from "./commands.ts";

describe("an empty server", () => {
  it("gets every statement once, sources before what reads them, whatever the order of the files", async () => {
    const fake = await startFakeKsqldb();
    const backwards = desiredOf(bars, trades, full);
    const planned = await plan(fake, backwards);
    expect([planned.code, planned.sent, planned.report?.changes]).toEqual([0, [], 3]);
    expect(actions(planned)).toEqual(names.map((name) => `create ${name}`));
    const applied = await apply(fake, backwards);
    expect(applied.code).toBe(0);
    expect(applied.sent.map((sql) => /^CREATE \w+ (\w+)/.exec(sql)?.[1]?.toUpperCase())).toEqual(names);
    expect(applied.report?.queries).toEqual({
      COINBASE_TRADES: "CSAS_COINBASE_TRADES_3",
      COINBASE_BARS_1M: "CTAS_COINBASE_BARS_1M_5",
    });
    expect([...fake.state.queries.values()].map(({ state }) => state)).toEqual(["RUNNING", "RUNNING"]);
  });

  it("gets no comment, runs exactly once, and reads from the beginning, or from the end if asked", async () => {
    const fake = await startFakeKsqldb();
    const { sent } = await apply(fake);
    expect(sent[1]).toBe(trades.replace(/^.*\n/, "").replace(" -- in base; currency", ""));
    const properties = { "auto.offset.reset": "earliest", "processing.guarantee": "exactly_once_v2" };
    expect(fake.properties).toEqual([properties, properties, properties]);
    const other = await startFakeKsqldb();
    await apply(other, desired, { from: "latest" });
    expect(other.properties[2]).toEqual({ ...properties, "auto.offset.reset": "latest" });
  });

  it("runs the project's own statements, and a second time nothing is sent", async () => {
    const folder = join(import.meta.dirname, "../../../ksqldb");
    const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
    const own = desiredStatements(files.map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") })));
    const fake = await startFakeKsqldb();
    const first = await apply(fake, own);
    expect([first.code, first.sent.length]).toEqual([0, own.length]);
    const second = await apply(fake, own);
    expect([second.code, second.sent, second.report?.changes]).toEqual([0, [], 0]);
    expect(new Set(second.report?.steps.map(({ action }) => action))).toEqual(new Set(["unchanged"]));
  });
});

describe("before anything is sent", () => {
  it("the raw schemas must be registered, if the environment names a registry", async () => {
    const [fake, registry] = [await startFakeKsqldb(), await startFakeRegistry()];
    const env = { SCHEMA_REGISTRY_URL: registry.url };
    const missing = await apply(fake, desired, { env });
    expect([missing.code, missing.sent]).toEqual([1, []]);
    expect(missing.told).toContain(
      "coinbase_full-value: nothing is registered. Deploy the infrastructure, or npm run producer -- --register",
    );
    await new SchemaRegistry(registry).register("coinbase_full-value", readSchema("coinbase_full"));
    expect((await apply(fake, desired, { env })).code).toBe(0);
  });

  it("the raw schema must be registered for a column that a declaration gets, too", async () => {
    const [fake, registry] = [await running(full), await startFakeRegistry()];
    const env = { SCHEMA_REGISTRY_URL: registry.url };
    const next = desiredOf(full.replace(") WITH", ", `extra` STRING) WITH"));
    const { code, sent, report } = await apply(fake, next, { env });
    expect([code, sent, report?.steps[0]?.action]).toEqual([1, [], "replace"]);
    expect(report?.checks.faults).toEqual([expect.stringContaining("coinbase_full-value: nothing is registered")]);
  });

  it("says what was not checked, and that retention cannot be seen", async () => {
    const fake = await startFakeKsqldb({ topics: { coinbase_trades: { partitions: 6, retentionMs: 604_800_000 } } });
    const { report } = await plan(fake);
    expect(report?.checks).toEqual({
      faults: [],
      notes: [
        expect.stringMatching(/^raw schemas: not checked/),
        expect.stringMatching(/^retention of coinbase_trades: ksqlDB does not show it/),
      ],
    });
    fake.fail({ on: "LIST TOPICS", status: 400, code: 40001, message: "not here" });
    const { notes } = (await plan(fake)).report!.checks;
    expect(notes[1]).toMatch(/^topics: not checked, .*not here/);
  });

  const topicOf = (partitions: number, retentionMs = 604_800_000) => ({ partitions, retentionMs });

  it.each([
    [
      "the partitions of a raw one",
      { coinbase_full: topicOf(3) },
      desired,
      0,
      "topic coinbase_full: it has 3 partitions, and 6 are expected",
    ],
    [
      "the partitions of a derived one",
      { coinbase_trades: topicOf(1) },
      desired,
      0,
      "topic coinbase_trades: it has 1 partitions, and 6 are expected. Recreate it",
    ],
    [
      "a raw one",
      {},
      desiredOf(full.replaceAll("coinbase_full", "coincap_rates")),
      0,
      "topic coincap_rates: it does not exist, or ksqlDB may not see it",
    ],
    [
      "the retention, which only the server sees",
      { coinbase_trades: topicOf(6, 1000) },
      desired,
      1,
      "and 604800000 retention (topic has 1000). Give the topic the PARTITIONS and RETENTION_MS of the statement",
    ],
  ])("topics must have %s", async (_, topics, files, count, reason) => {
    const fake = await startFakeKsqldb({ topics });
    const { code, sent, told } = await apply(fake, files);
    expect([code, sent.length]).toEqual([1, count]);
    expect(told).toContain(reason);
  });

  it("the topics of what runs must be there, too: ksqlDB does not miss them", async () => {
    const fake = await running();
    fake.state.topics.delete("coinbase_full");
    fake.state.topics.delete("coinbase_bars_1m");
    const { code, report, told } = await plan(fake);
    expect([code, report?.changes, report?.refused]).toEqual([1, 0, 0]);
    expect(report?.checks.faults).toEqual([
      "topic coinbase_full: it does not exist, or ksqlDB may not see it. Create the topic: deploy the infrastructure, or npm run producer -- --create-topics.",
      expect.stringMatching(
        /^topic coinbase_bars_1m: it does not exist, or ksqlDB may not see it, and the query of COINBASE_BARS_1M writes it\. Deploy the infrastructure, which makes the topic\. On a Kafka of your own/,
      ),
    ]);
    expect(told).toContain("nothing to send, 2 missing before.");
  });
});

describe("destroy", () => {
  it("drops what the files name, what reads first, and keeps topics and others' objects", async () => {
    const fake = await running();
    fake.run("CREATE STREAM theirs (a STRING) WITH (KAFKA_TOPIC = 'coinbase_level2');");
    const { code, sent } = await destroy(fake);
    expect([code, sent]).toEqual([
      0,
      ["DROP TABLE `COINBASE_BARS_1M`;", "DROP STREAM `COINBASE_TRADES`;", "DROP STREAM `COINBASE_FULL`;"],
    ]);
    expect([...fake.state.sources.keys()]).toEqual(["THEIRS"]);
    expect(fake.state.topics.has("coinbase_trades")).toBe(true);
    const again = await destroy(fake);
    expect([again.code, again.sent]).toEqual([0, []]);
  });

  it("deletes the topics of queries if asked, never a raw one", async () => {
    const fake = await running();
    const { code } = await destroy(fake, desired, { "delete-topics": true });
    expect([code, fake.state.topics.has("coinbase_trades"), fake.state.topics.has("coinbase_full")]).toEqual([
      0,
      false,
      true,
    ]);
  });

  it("does not drop a stranger of the same name", async () => {
    const fake = await running("CREATE STREAM coinbase_full (a STRING) WITH (KAFKA_TOPIC = 'coinbase_level2');");
    fake.run("CREATE STREAM coinbase_bars_1m (a STRING) WITH (KAFKA_TOPIC = 'coinbase_bars_1m', PARTITIONS = 6);");
    const { code, sent, report } = await destroy(fake);
    expect([code, sent]).toEqual([0, []]);
    expect(report?.steps).toMatchObject([
      { action: "orphan", name: "COINBASE_FULL", notes: ["no file names it: it is left as it is"] },
      { action: "orphan", name: "COINBASE_BARS_1M" },
    ]);
  });

  it("continues after a failure in the middle", async () => {
    const fake = await running();
    fake.fail({ on: "DROP STREAM `COINBASE_TRADES`", status: 400, code: 40001, message: "no" });
    const first = await destroy(fake);
    expect([first.code, first.sent]).toEqual([1, ["DROP TABLE `COINBASE_BARS_1M`;"]]);
    const second = await destroy(fake);
    expect([second.code, second.sent.length, fake.state.sources.size]).toEqual([0, 2, 0]);
  });
});
