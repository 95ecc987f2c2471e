import { describe, expect, it } from "vitest";
import { desiredOf, runAgainst, startFakeKsqldb } from "../../fake-ksqldb/start.ts";
import { actions, all, apply, bars, desired, destroy, full, otherBars, plan, running, trades } from "./commands.ts";

it("a topic that keeps its records for ever is read, and is no difference", async () => {
  const topics = { coinbase_trades: { partitions: 6, retentionMs: -1 } };
  const kept = trades.replace("604800000", "-1");
  const fake = await startFakeKsqldb({ topics });
  expect((await apply(fake, desiredOf(full, kept))).code).toBe(0);
  expect(fake.state.sources.get("COINBASE_TRADES")!.statement).toContain("RETENTION_MS=-1");
  expect((await plan(fake, desiredOf(full, kept))).report).toMatchObject({ changes: 0, refused: 0 });
  expect((await plan(fake, desiredOf(full, trades))).told).toContain(
    "RETENTION_MS is -1 on the server and 604800000 in the file",
  );
});

describe("plan", () => {
  it("exits 3 if there is something to do and that is asked for, else 0", async () => {
    const fake = await startFakeKsqldb();
    const code = async () => (await plan(fake, desired, { "detailed-exitcode": true })).code;
    expect(await code()).toBe(3);
    expect((await plan(fake)).code).toBe(0);
    await apply(fake);
    expect(await code()).toBe(0);
  });

  it("leaves alone what no file names, also where it cannot be read", async () => {
    const fake = await running(...all);
    fake.run("CREATE STREAM theirs AS SELECT * FROM coinbase_full;");
    Object.assign(fake.state.sources.get("THEIRS")!, {
      statement: "CREATE STREAM THEIRS AS SELECT * FROM A JOIN B ON A.X = B.X;",
    });
    fake.run("CREATE STREAM ksql_processing_log (a STRING) WITH (KAFKA_TOPIC = 'coinbase_full');");
    const { code, sent, report } = await apply(fake);
    expect([code, sent]).toEqual([0, []]);
    const orphans = report!.steps.filter(({ action }) => action === "orphan");
    expect(orphans.map(({ name }) => name)).toEqual(["THEIRS"]);
    expect(orphans[0]!.notes.join()).toMatch(/no file names it.*JOIN is outside/s);
  });

  it("counts one of ours that cannot be read as different, and says why", async () => {
    const fake = await running();
    Object.assign(fake.state.sources.get("COINBASE_BARS_1M")!, { statement: "CREATE TABLE X AS SELECT LIMIT;" });
    const { report } = await plan(fake);
    const step = report!.steps.find(({ action }) => action === "refuse")!;
    expect([step.name, step.notes.join()]).toEqual([
      "COINBASE_BARS_1M",
      expect.stringMatching(/cannot be parsed here: the stored statement:1:\d+: /),
    ]);
  });

  it("knows columns that someone added with ALTER", async () => {
    const fake = await running(full);
    fake.run("ALTER STREAM coinbase_full ADD COLUMN `extra` STRING;");
    expect(actions(await plan(fake, desiredOf(full.replace(") WITH", ", `extra` STRING) WITH"))))).toEqual([
      "unchanged COINBASE_FULL",
    ]);
    const refused = await plan(fake, desiredOf(full), { "detailed-exitcode": true });
    expect([refused.code, ...actions(refused)]).toEqual([1, "refuse COINBASE_FULL"]);
  });

  it("understands a server that says less, and all in quotes", async () => {
    const fake = await running(full, trades);
    const description = (more: object) => ({ type: "STREAM", ...more });
    const string = { schema: { type: "STRING" } };
    const columns = ["`type`", "`price`", "`size`"].map((name) => ({ name, ...string }));
    const sourceDescriptions = [
      description({
        name: "`COINBASE_FULL`",
        topic: "coinbase_full",
        fields: [{ name: "`K`", ...string, type: "KEY" }, ...columns],
        statement: full.replace(/\b(k|coinbase_full)(?= )/gi, (name) => `\`${name.toUpperCase()}\``).replace(";", ""),
      }),
      description({
        name: "`COINBASE_TRADES`",
        topic: "coinbase_trades",
        statement:
          "CREATE STREAM `COINBASE_TRADES` WITH (KAFKA_TOPIC='coinbase_trades', PARTITIONS=6, RETENTION_MS=604800000) AS SELECT `F`.`K` `K`, `F`.`price` `price`, `F`.`size` `size` FROM `COINBASE_FULL` `F` WHERE (`F`.`type` = 'match') EMIT CHANGES;",
      }),
    ];
    const queries = [
      { id: "CSAS_COINBASE_TRADES_7", sinks: ["`COINBASE_TRADES`"], statusCount: { RUNNING: 1, ERROR: 1 } },
    ];
    fake.fail({ on: "LIST STREAMS", html: JSON.stringify([{ "@type": "source_descriptions", sourceDescriptions }]) });
    fake.fail({ on: "LIST QUERIES", html: JSON.stringify([{ "@type": "queries", queries }]) });
    const { report } = await plan(fake, desiredOf(full, trades));
    expect(report?.steps).toMatchObject([
      { action: "unchanged", name: "COINBASE_FULL", notes: [] },
      { action: "unchanged", name: "COINBASE_TRADES", notes: ["its query CSAS_COINBASE_TRADES_7 is ERROR"] },
    ]);
  });

  it("sees that a query was terminated, or is paused", async () => {
    const fake = await running();
    fake.run("PAUSE CTAS_COINBASE_BARS_1M_5;");
    const paused = await plan(fake);
    expect(paused.report?.steps[2]).toMatchObject({
      action: "unchanged",
      notes: ["its query CTAS_COINBASE_BARS_1M_5 is PAUSED"],
    });
    fake.run("TERMINATE CSAS_COINBASE_TRADES_3;");
    const gone = await plan(fake);
    expect(gone.report?.steps[1]).toMatchObject({
      action: "refuse",
      notes: [expect.stringContaining("it was terminated"), expect.stringContaining("none runs")],
    });
  });
});

describe("a change", () => {
  it("that the server takes is made in place, and only that", async () => {
    const fake = await running();
    const { code, sent } = await apply(fake, desiredOf(full, trades.replace("'match'", "'last_match'"), bars));
    expect(code).toBe(0);
    expect(sent).toEqual([expect.stringMatching(/^CREATE OR REPLACE STREAM coinbase_trades .*'last_match'/s)]);
  });

  it("of a column appended goes through source and stream, in order", async () => {
    const fake = await running();
    const next = desiredOf(
      full.replace(") WITH", ", `extra` STRING) WITH"),
      trades.replace("`size` --", "`size`, `extra` --"),
      bars,
    );
    const { code, sent } = await apply(fake, next);
    expect([code, sent.map((sql) => sql.slice(0, 40))]).toEqual([
      0,
      ["CREATE OR REPLACE STREAM coinbase_full (", "CREATE OR REPLACE STREAM coinbase_trades"],
    ]);
    expect((await plan(fake, next)).report?.changes).toBe(0);
  });

  it("of what a star stands for is seen, and made", async () => {
    const stars =
      "CREATE STREAM coinbase_trades WITH (KAFKA_TOPIC = 'coinbase_trades') AS SELECT * FROM coinbase_full;";
    const fake = await running(full, stars);
    const next = desiredOf(full.replace(") WITH", ", `extra` STRING) WITH"), stars);
    const { code, report } = await apply(fake, next);
    expect(code).toBe(0);
    expect(report?.steps).toMatchObject([
      { action: "replace", name: "COINBASE_FULL", notes: ["column extra is new"] },
      { action: "replace", name: "COINBASE_TRADES", notes: ["column extra is new"] },
    ]);
    expect((await plan(fake, next)).report?.changes).toBe(0);
  });

  it("that the server refuses against all expectation is reported with the way out", async () => {
    const fake = await running();
    fake.fail({ on: "CREATE OR REPLACE", status: 400, code: 40001, message: "Upgrades not yet supported for X" });
    const next = desiredOf(full, trades.replace("'match'", "'last_match'"), bars);
    const { code, told } = await apply(fake, next);
    expect([code, told]).toEqual([1, expect.stringContaining("Upgrades not yet supported for X. DROP it by hand")]);
  });

  it("that the server would refuse is refused before anything is sent, with reason and cure", async () => {
    const fake = await running();
    const next = desiredOf(full, trades.replace("'match'", "'x'"), bars.replace("1 MINUTE", "30 SECONDS"));
    const { code, sent, told, report } = await apply(fake, next);
    expect([code, sent, report?.refused]).toEqual([1, [], 1]);
    expect(told).toContain("nothing was sent, since this cannot be done");
    expect(told).toContain(
      "WINDOW is SIZE 60000, RETENTION 172800000, GRACE PERIOD 86400000 (ms) on the server and SIZE 30000",
    );
    expect(told).toContain("Upgrades not yet supported for StreamWindowedAggregate");
    expect(told).toContain("apply --replace drops it and recreates it");
    expect(told).toContain("coinbase_bars_1m_v2");
  });

  it("with --replace drops what reads first and makes it again, and keeps the topics", async () => {
    const fake = await running();
    const next = desiredOf(full, trades.replace("`price`, `size`", "`size`, `price`"), bars);
    const planned = await plan(fake, next, { replace: true });
    expect(actions(planned)).toEqual([
      "drop COINBASE_BARS_1M",
      "drop COINBASE_TRADES",
      "unchanged COINBASE_FULL",
      "recreate COINBASE_TRADES",
      "recreate COINBASE_BARS_1M",
    ]);
    expect(planned.told).toContain(
      "reads all that is still in coinbase_full (7 days, according to schemas/catalog.ts) again: those rows come twice into coinbase_trades",
    );
    expect(planned.told).toContain("reads COINBASE_TRADES, which is recreated");
    const latest = await plan(fake, next, { replace: true, from: "latest" });
    expect(latest.told).toContain("what comes between the drop and the start is missing in coinbase_trades");
    const { code, sent } = await apply(fake, next, { replace: true });
    expect([code, sent.slice(0, 2)]).toEqual([0, ["DROP TABLE `COINBASE_BARS_1M`;", "DROP STREAM `COINBASE_TRADES`;"]]);
    expect(sent).toHaveLength(4);
    expect([...fake.state.topics.keys()]).toEqual(expect.arrayContaining(["coinbase_trades", "coinbase_bars_1m"]));
    expect((await plan(fake, next)).report?.changes).toBe(0);
  });

  it("with --replace --delete-topics deletes the topics of queries, and of nothing else", async () => {
    const fake = await running();
    const next = desiredOf(full.replace("`size` STRING", "`size` DOUBLE"), trades, bars);
    const { sent } = await apply(fake, next, { replace: true, "delete-topics": true });
    expect(sent.slice(0, 3)).toEqual([
      "DROP TABLE `COINBASE_BARS_1M` DELETE TOPIC;",
      "DROP STREAM `COINBASE_TRADES` DELETE TOPIC;",
      "DROP STREAM `COINBASE_FULL`;",
    ]);
    expect(fake.state.sources.size).toBe(3);
  });

  it("with --replace of other partitions needs another topic, or --delete-topics", async () => {
    const fake = await running(full, trades.replace("PARTITIONS = 6", "PARTITIONS = 3"));
    const next = desiredOf(full, trades);
    const kept = await apply(fake, next, { replace: true });
    expect([kept.code, kept.sent]).toEqual([1, []]);
    expect(kept.told).toContain("topic coinbase_trades: it has 3 partitions, and 6 are expected");
    expect((await apply(fake, next, { replace: true, "delete-topics": true })).code).toBe(0);
    expect(fake.state.topics.get("coinbase_trades")?.partitions).toBe(6);
  });

  it.each([
    "CREATE STREAM coinbase_trades (k STRING KEY) WITH (KAFKA_TOPIC = 'coinbase_full', VALUE_FORMAT = 'AVRO');",
    "CREATE STREAM coinbase_trades WITH (KAFKA_TOPIC = 'coinbase_level2') AS SELECT * FROM coinbase_full;",
  ])("never deletes a raw topic, not even under the name of a derived stream: %s", async (other) => {
    const fake = await running(full, other);
    const { code, sent } = await apply(fake, desired, { replace: true, "delete-topics": true });
    expect([code, sent[0]]).toEqual([0, "DROP STREAM `COINBASE_TRADES`;"]);
  });

  it("of a stream into a table is reported", async () => {
    const fake = await running(full, trades, "CREATE STREAM coinbase_bars_1m AS SELECT * FROM coinbase_trades;");
    const { report } = await plan(fake);
    expect(report?.steps[2]).toMatchObject({
      action: "refuse",
      notes: ["it is a stream on the server and a table in the file", expect.anything()],
    });
  });
});

describe("what drops something", () => {
  it.each([
    ["destroy", desired, {}],
    ["apply", otherBars, { replace: true }],
  ] as const)(
    "(%s) asks, naming it and the server, and without a yes sends nothing",
    async (command, files, options) => {
      const fake = await running();
      const { code, sent, told } = await runAgainst(fake, command, files, { ...options, says: "no" });
      expect([code, sent]).toEqual([1, []]);
      expect(told).toMatch(/Drop .*COINBASE_BARS_1M.* on http:\/\/127/);
      expect(told).toContain("nothing was sent. If no one can be asked, use --yes.");
      expect((await runAgainst(fake, command, files, { ...options, yes: true, says: "no" })).code).toBe(0);
    },
  );
});

describe("a query that does not run exactly once", () => {
  const looseQuery = async () => {
    const fake = await running(full, trades);
    fake.runWith({ "auto.offset.reset": "earliest" }, bars);
    return fake;
  };

  it("is shown by plan, refused by apply, and made again with --replace", async () => {
    const fake = await looseQuery();
    const planned = await plan(fake);
    expect([planned.code, ...actions(planned)]).toEqual([
      1,
      "unchanged COINBASE_FULL",
      "unchanged COINBASE_TRADES",
      "refuse COINBASE_BARS_1M",
    ]);
    expect(planned.told).toContain(
      "its query CTAS_COINBASE_BARS_1M_5 runs with processing.guarantee at_least_once, and statements are applied with exactly_once_v2",
    );
    expect((await apply(fake)).sent).toEqual([]);
    const heal = await apply(fake, desired, { replace: true });
    expect([heal.code, heal.sent.map((sql) => sql.slice(0, 31))]).toEqual([
      0,
      ["DROP TABLE `COINBASE_BARS_1M`;", "CREATE TABLE coinbase_bars_1m W"],
    ]);
    const after = await plan(fake);
    expect([after.code, after.report?.changes, after.report?.refused]).toEqual([0, 0, 0]);
  });

  it("may run so where the server says it for all queries", async () => {
    const fake = await startFakeKsqldb({ guarantee: "exactly_once_v2" });
    fake.runWith({}, ...all);
    expect((await plan(fake)).report).toMatchObject({ changes: 0, refused: 0 });
  });

  it.each([
    [
      "and has none itself, makes nothing, and is explained",
      undefined,
      /prohibited by the KSQL server.* set ksql\.streams\.processing\.guarantee=exactly_once_v2 in its configuration/s,
    ],
    ["and has it itself, gets the statements without", "exactly_once_v2", /its own is exactly_once_v2/],
  ])("by a server that takes no guarantee from others, %s", async (_, guarantee, told) => {
    const fake = await startFakeKsqldb({ prohibited: ["processing.guarantee"], ...(guarantee && { guarantee }) });
    const run = await apply(fake);
    expect([run.code, run.sent.length]).toEqual(guarantee === undefined ? [1, 0] : [0, 3]);
    expect(run.told).toMatch(told);
    if (guarantee === undefined) return;
    expect(fake.properties[1]).toEqual({ "auto.offset.reset": "earliest" });
    expect((await plan(fake)).report).toMatchObject({ changes: 0, refused: 0 });
  });
});

describe("what no file names, and would have to go", () => {
  const moved = desiredOf(full, trades.replace("`price`, `size`", "`size`, `price`"), bars);
  const stranger = "CREATE STREAM theirs (k STRING KEY) WITH (KAFKA_TOPIC = 'coinbase_full');";
  const byHand = (id: string) =>
    `COINBASE_TRADES: ${id}, which no file names, reads from it or writes into it. TERMINATE ${id} by hand`;

  it.each<[what: string, theirs: string[], reason: string]>([
    [
      "a stream",
      ["CREATE STREAM theirs AS SELECT * FROM coinbase_trades;"],
      "THEIRS: no file names it, and it reads from COINBASE_TRADES, which would be dropped. Drop it by hand",
    ],
    [
      "an INSERT",
      ["INSERT INTO coinbase_trades SELECT k, `price`, `size` FROM coinbase_full;"],
      byHand("INSERTQUERY_7"),
    ],
    [
      "an INSERT that reads",
      [stranger, "INSERT INTO theirs SELECT k, `price`, `size` FROM coinbase_trades;"],
      byHand("INSERTQUERY_9"),
    ],
  ])("%s: neither apply --replace nor destroy sends anything", async (_, theirs, reason) => {
    const fake = await running(...all, ...theirs);
    for (const run of [await apply(fake, moved, { replace: true }), await destroy(fake)]) {
      expect([run.code, run.sent]).toEqual([1, []]);
      expect(run.told).toContain(reason);
    }
  });
});
