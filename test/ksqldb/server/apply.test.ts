import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { desiredStatements } from "../../../ksqldb/server/desired.ts";
import { readSchema } from "../../../schemas/avro.ts";
import { SchemaRegistry } from "../../../topics/registry/schema-registry.ts";
import { desiredOf, runAgainst, startFakeKsqldb } from "../../fake-ksqldb/start.ts";
import type { Fault } from "../../fake-ksqldb/server.ts";
import { startFakeRegistry } from "../../fake-registry.ts";

const full =
  "CREATE STREAM coinbase_full (k STRING KEY, `type` STRING, `price` STRING, `size` STRING) WITH (KAFKA_TOPIC = 'coinbase_full', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO');";
const trades =
  "-- The maker's side; not ours.\nCREATE STREAM coinbase_trades WITH (KAFKA_TOPIC = 'coinbase_trades', PARTITIONS = 6, RETENTION_MS = 604800000) AS\nSELECT k, `price`, `size` -- in base; currency\nFROM coinbase_full WHERE `type` = 'match' EMIT CHANGES;";
const bars =
  "CREATE TABLE coinbase_bars_1m WITH (KAFKA_TOPIC = 'coinbase_bars_1m', PARTITIONS = 6, RETENTION_MS = 604800000) AS SELECT k, COUNT(*) AS `trades` FROM coinbase_trades WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 DAYS, GRACE PERIOD 1 DAY) WHERE `price` IS NOT NULL GROUP BY k EMIT CHANGES;";
const all = [full, trades, bars];
const desired = desiredOf(...all);
const otherBars = desiredOf(full, trades, bars.replace("1 MINUTE", "30 SECONDS"));
const names = ["COINBASE_FULL", "COINBASE_TRADES", "COINBASE_BARS_1M"];

type Against = [
  fake: Awaited<ReturnType<typeof startFakeKsqldb>>,
  files?: typeof desired,
  options?: Parameters<typeof runAgainst>[3],
];
const plan = (...[fake, files = desired, options]: Against) => runAgainst(fake, "plan", files, options);
const apply = (...[fake, files = desired, options]: Against) => runAgainst(fake, "apply", files, options);
const destroy = (...[fake, files = desired, options]: Against) => runAgainst(fake, "destroy", files, options);

const actions = ({ report }: Awaited<ReturnType<typeof runAgainst>>) =>
  report?.steps.map(({ action, name }) => `${action} ${name}`) ?? [];

/** A server that runs the statements. */
async function running(...statements: readonly string[]) {
  const fake = await startFakeKsqldb();
  fake.run(...(statements.length > 0 ? statements : all));
  return fake;
}

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

  it("that the server refuses against all expectation is told with the way out", async () => {
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

  it("of a stream into a table is told", async () => {
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

  it("goes on after a failure in the middle", async () => {
    const fake = await running();
    fake.fail({ on: "DROP STREAM `COINBASE_TRADES`", status: 400, code: 40001, message: "no" });
    const first = await destroy(fake);
    expect([first.code, first.sent]).toEqual([1, ["DROP TABLE `COINBASE_BARS_1M`;"]]);
    const second = await destroy(fake);
    expect([second.code, second.sent.length, fake.state.sources.size]).toEqual([0, 2, 0]);
  });
});

describe("a step that fails", () => {
  const steps = ["CREATE STREAM coinbase_full", "CREATE STREAM coinbase_trades", "CREATE TABLE coinbase_bars_1m"];
  const whats = {
    "is refused": { status: 400, code: 40001, message: "no such function" },
    "is taken and fails": { fails: "could not be executed" },
    "stays queued": { stuck: true },
  };
  const cases = steps.flatMap((step, i) => Object.entries(whats).map(([fault, what]) => ({ i, step, fault, what })));

  it.each(cases)(
    "names itself, reason and cure, keeps what is done, and is resumed: $step $fault",
    async ({ i, step, what }) => {
      const fake = await startFakeKsqldb();
      fake.fail({ on: step, ...what });
      const first = await apply(fake, desired, { timeout: "500ms" });
      expect(first.code).toBe(1);
      expect(first.told).toContain(`create ${names[i]} (ksqldb/0${i + 1}.sql): `);
      expect(first.told).toMatch(
        /no such function\. Fix|could not execute it \(ERROR\): could not be executed\. Fix|still QUEUED .*, after 0\.5 s\. Check whether/s,
      );
      expect(first.told).toContain(`${i} of 3 steps are done and stay. Left: create ${names[i]}`);
      expect(first.report?.steps.map(({ result }) => result)).toEqual(
        ["done", "done", "done"].fill("failed", i, i + 1).fill("not reached", i + 1),
      );
      expect(first.report?.error).toContain(names[i]);
      fake.release();
      const second = await apply(fake);
      expect(second.code).toBe(0);
      expect([...fake.state.sources.keys()]).toEqual(names);
      const created = fake.statements.filter((sql) => sql.startsWith(step));
      expect(created).toHaveLength("fails" in what ? 2 : 1);
    },
  );

  it("tells what it waits for, when it takes long", async () => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: steps[0]!, stuck: true });
    const { told } = await apply(fake, desired, { timeout: "2s" });
    expect(told.match(/its status is still QUEUED/g)).toHaveLength(2);
  });

  const step = "CREATE STREAM coinbase_trades";
  const unsure = "Whether the statement was executed is not known. Looking.";
  const ofServer = (message: string) => ({ status: 500, code: 50000, message });
  const late = { on: step, timesOut: "before", times: 3 } as const;
  const page = { on: step, status: 502, html: "<html>Bad Gateway</html>", times: 3 };
  const broken =
    /cannot be reached \((ECONNRESET|UND_ERR_SOCKET)\)\. Whether the statement was executed is not known\. Looking\./;

  // `found`: it turns out to have been executed. Given up with two statements left, the next run continues.
  it.each<[what: string, faults: Fault[], end: "done" | "found" | "given up", told: (string | RegExp)[]]>([
    ...steps.flatMap((on): [string, Fault[], "done" | "found", RegExp[]][] => [
      [`breaks before ${on}`, [{ on, drop: "before" }], "done", [broken]],
      [`breaks after ${on}`, [{ on, drop: "after" }], "found", [broken]],
    ]),
    ["never answers", [{ on: step, hang: "after" }], "found", ["(no answer in time)", unsure]],
    [
      "answers with a gateway's page",
      [page],
      "given up",
      ["answers 502 with a page of HTML", "It was sent 3 times, and has not been executed"],
    ],
    [
      "cannot write its commands",
      [{ on: step, ...ofServer("Could not write the statement into the command topic") }],
      "done",
      ["answers 500 (50000): Could not write the statement into the command topic.", unsure],
    ],
    [
      "cannot write its commands in time",
      [
        {
          on: step,
          ...ofServer(
            "Could not write the statement into the command topic.\nCaused by: org.apache.kafka.common.errors.TimeoutException",
          ),
        },
      ],
      "done",
      [unsure],
    ],
    [
      "waits for Kafka",
      [{ on: step, ...ofServer("Timed out waiting for a node assignment. Call: describeTopics") }],
      "done",
      [unsure],
    ],
    ["is interrupted", [{ on: step, ...ofServer("java.lang.InterruptedException") }], "done", [unsure]],
    [
      "is too slow with its commands",
      [late],
      "given up",
      [unsure, "It was sent 3 times, and has not been executed. The server cannot use its own topic of commands"],
    ],
    ["executes it too late", [{ ...late, timesOut: "after", times: 1 }], "found", [unsure]],
    [
      "forgets the command",
      [
        { on: "GET /status/.*TRADES", forgotten: true },
        { on: step, slow: true },
      ],
      "found",
      ["no longer knows the command stream/`COINBASE_TRADES`/create"],
    ],
  ])("by a server that %s creates nothing twice", async (_, faults, end, told) => {
    const fake = await startFakeKsqldb();
    fake.fail(...faults);
    const run = await apply(fake, desired, { timeout: faults.some((fault) => "hang" in fault) ? "1s" : "2s" });
    expect([run.code, fake.statements.length]).toEqual(end === "given up" ? [1, 1] : [0, 3]);
    for (const text of told) expect(run.told).toMatch(text);
    expect(run.report?.steps.filter(({ result }) => result === "found")).toHaveLength(end === "found" ? 1 : 0);
    expect((await apply(fake)).code).toBe(0);
    expect(fake.statements).toHaveLength(3);
  });

  it("by a connection that breaks replaces nothing twice, since it looks first", async () => {
    const fake = await running();
    fake.fail({ on: "CREATE OR REPLACE", drop: "after" });
    const next = desiredOf(full, trades.replace("'match'", "'last_match'"), bars);
    const { code, sent, report } = await apply(fake, next);
    expect([code, sent.length, report?.steps[1]?.result]).toEqual([0, 1, "found"]);
  });

  it.each(["POST /ksql CREATE STREAM coinbase_trades", "GET /status/.*TRADES"])(
    "by a page of HTML names where it came: %s",
    async (on) => {
      const fake = await startFakeKsqldb();
      fake.fail({ on, html: "<html>Log in</html>" }, { on: "CREATE STREAM coinbase_trades", slow: true });
      const first = await apply(fake);
      expect(first.code).toBe(1);
      expect(first.told).toMatch(
        /create COINBASE_TRADES \(ksqldb\/02\.sql\): .* does not answer as a ksqlDB server \(200, text\/html, to \/(ksql|status\/.*)\)\. Check KSQLDB_URL/,
      );
      expect(first.told).toContain("1 of 3 steps are done and stay");
      expect((await apply(fake)).code).toBe(0);
      expect(fake.statements).toHaveLength(3);
    },
  );

  it.each([
    [
      "a topic with another retention",
      "A Kafka topic with the name 'coinbase_trades' already exists, with different partition/replica/retention configuration than required.",
      "Give the topic the PARTITIONS and RETENTION_MS of the statement",
    ],
    [
      "a property that it does not know",
      "Not recognizable as ksql, streams, consumer, or producer property: 'auto.offset.reset'",
      "This version of ksqlDB does not know the property",
    ],
    [
      "a setting whose name is that of a time-out",
      "Not recognizable as ksql, streams, consumer, or producer property: 'default.api.timeout.ms'",
      "This version of ksqlDB does not know the property",
    ],
    ["what nobody has seen yet", "For input string: abc", "Fix the statement, or what it needs"],
  ])("by a refusal that calls itself 500 is sent once, and told with its cure: %s", async (_, message, cure) => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: "CREATE STREAM coinbase_trades", status: 500, code: 50000, message, times: 9 });
    const { code, told } = await apply(fake);
    expect([code, told]).toEqual([1, expect.stringContaining(`${message.replace(/\.$/, "")}. ${cure}`)]);
    expect(fake.requests.filter((request) => request.includes("CREATE STREAM coinbase_trades"))).toHaveLength(1);
  });

  it("at DROP … DELETE TOPIC because half of it was done before is dropped without", async () => {
    const fake = await running();
    fake.fail({ on: "DROP TABLE .* DELETE TOPIC", timesOut: "half" });
    const { code, told, sent } = await destroy(fake, desired, { "delete-topics": true });
    expect([code, [...fake.state.sources.keys()]]).toEqual([0, []]);
    expect(told).toContain("Could not clean up the schema registry for topic: coinbase_bars_1m");
    expect(told).toContain(
      "The server is stuck at deleting the topic coinbase_bars_1m: COINBASE_BARS_1M is dropped without it",
    );
    expect(sent).toEqual([
      "DROP TABLE `COINBASE_BARS_1M`;",
      "DROP STREAM `COINBASE_TRADES` DELETE TOPIC;",
      "DROP STREAM `COINBASE_FULL`;",
    ]);
  });

  it("at DROP … DELETE TOPIC because others use the topic keeps what is there, and says so", async () => {
    const fake = await running(full, trades);
    fake.run("CREATE STREAM theirs (a STRING) WITH (KAFKA_TOPIC = 'coinbase_trades', VALUE_FORMAT = 'AVRO');");
    const { code, told } = await destroy(fake, desired, { "delete-topics": true });
    expect([code, fake.state.sources.size]).toEqual([1, 3]);
    expect(told).toContain("using topic coinbase_trades. Drop without --delete-topics: others use the topic.");
  });

  it("in the middle of --replace leaves a state from which the same command continues", async () => {
    for (const on of ["DROP TABLE", "CREATE TABLE coinbase_bars_1m"]) {
      for (const fault of [{ status: 400, code: 40001, message: "no" }, { fails: "no" }, { drop: "after" } as const]) {
        const fake = await running();
        fake.fail({ on, ...fault });
        const first = await apply(fake, otherBars, { replace: true });
        expect(first.code).toBe("drop" in fault ? 0 : 1);
        expect((await apply(fake, otherBars, { replace: true })).code).toBe(0);
        expect((await plan(fake, otherBars)).report?.changes).toBe(0);
      }
    }
  });

  it("by Ctrl-C says what is done, and is resumed", async () => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: "CREATE STREAM coinbase_trades", stuck: true });
    const stop = new AbortController();
    const run = apply(fake, desired, { stop: stop.signal, timeout: "1m" });
    while (!fake.requests.some((request) => request.includes("/status/stream/`COINBASE_TRADES`")))
      await new Promise(setImmediate);
    stop.abort();
    const { code, told } = await run;
    expect(code).toBe(1);
    expect(told).toContain("stopped. What was executed stays");
    fake.release();
    expect((await apply(fake)).code).toBe(0);
    expect(fake.statements).toHaveLength(3);
  });
});

describe("a query that does not run", () => {
  it("is told with what it complains of", async () => {
    const fake = await startFakeKsqldb();
    fake.fail({
      on: "CREATE TABLE",
      dies: "Overflow on addition of decimals\n\tat io.confluent.ksql.Udaf.add(Udaf.java:7)\n",
    });
    const { code, told, report } = await apply(fake);
    expect(code).toBe(1);
    const fault = "  USER: Overflow on addition of decimals\nFix the cause";
    expect(told).toContain(`CTAS_COINBASE_BARS_1M_5 is RUNNING, and fails again and again.\n${fault}`);
    expect(told).toContain("the statements are in place");
    expect(report?.error).toContain("Overflow on addition of decimals");
    // Also where nothing is sent any more; and plan shows it.
    expect((await apply(fake)).told).toContain(fault);
    expect((await plan(fake)).told).toContain(
      "its query CTAS_COINBASE_BARS_1M_5 is RUNNING, and failed recently: USER: Overflow on addition of decimals",
    );
    fake.state.queries.get("CTAS_COINBASE_BARS_1M_5")!.state = "ERROR";
    expect((await apply(fake)).told).toContain(`CTAS_COINBASE_BARS_1M_5 is ERROR.\n${fault}`);
  });

  it("is watched until it has read what is there: one dies only then", async () => {
    const fake = await startFakeKsqldb();
    const on = "EXPLAIN CTAS_COINBASE_BARS_1M_5";
    fake.fail({ on, behind: true }, { on, dies: "null used for required field" });
    const { code, told } = await apply(fake, desired, { timeout: "20s" });
    expect([code, told]).toEqual([1, expect.stringContaining("null used for required field")]);
  });

  it("is watched for longer while it has no partition to read", async () => {
    const fake = await startFakeKsqldb();
    const on = "EXPLAIN CTAS_COINBASE_BARS_1M_5";
    // So often it is asked in six seconds: as long as Kafka takes, and longer than what reads is watched.
    fake.fail({ on, unassigned: true, times: 13 }, { on, dies: "null used for required field" });
    const { code, told } = await apply(fake, desired, { timeout: "1m" });
    expect([code, told]).toEqual([1, expect.stringContaining("null used for required field")]);
  });

  it.each([
    ["refuses EXPLAIN", { status: 500, code: 50000, message: "Internal error: null" }, "Internal error: null"],
    ["does not show its properties", { withoutProperties: true }, "EXPLAIN has no overriddenProperties"],
  ])("is not taken for a good one by a server that %s", async (_, fault, reason) => {
    const fake = await startFakeKsqldb();
    fake.runWith({ "auto.offset.reset": "earliest" }, ...all);
    fake.fail({ on: "EXPLAIN", times: 100, ...fault });
    const { told } = await plan(fake);
    expect(told).toContain(
      "its query CSAS_COINBASE_TRADES_3: whether it runs exactly once, and whether it fails, is not known: ",
    );
    expect(told).toContain(reason);
    expect((await apply(fake)).told).toContain("CTAS_COINBASE_BARS_1M_5 is RUNNING; whether it fails is not known: ");
  });

  it("is well again when its last error is older than the longest pause between two starts", async () => {
    const fake = await running();
    const query = fake.state.queries.get("CTAS_COINBASE_BARS_1M_5")!;
    query.errors.push({ timestamp: Date.now() - 21 * 60_000, errorMessage: "a rebalance" });
    expect((await apply(fake)).code).toBe(0);
    query.errors.push({ timestamp: Date.now() - 14 * 60_000, errorMessage: "a rebalance" });
    expect((await apply(fake)).code).toBe(1);
  });

  it("is not looked for among the INSERTs of others", async () => {
    const fake = await running(
      full,
      trades,
      "INSERT INTO coinbase_trades SELECT k, `price`, `size` FROM coinbase_full;",
    );
    fake.run("PAUSE INSERTQUERY_5;");
    // The server may list its queries in any order.
    const { queries } = fake.state;
    const own = queries.get("CSAS_COINBASE_TRADES_3")!;
    queries.delete(own.id);
    queries.set(own.id, own);
    const { code, report } = await apply(fake, desiredOf(full, trades));
    expect([code, report?.queries]).toEqual([0, { COINBASE_TRADES: own.id }]);
  });

  it("is reported if it is paused, though the server says state RUNNING", async () => {
    const fake = await running();
    fake.run("PAUSE CSAS_COINBASE_TRADES_3;");
    const { code, told } = await apply(fake);
    expect([code, told.includes("CSAS_COINBASE_TRADES_3 is PAUSED") && told.includes("RESUME")]).toEqual([1, true]);
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
