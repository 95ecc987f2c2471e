import { describe, expect, it } from "vitest";
import { desiredOf, startFakeKsqldb } from "../../fake-ksqldb/start.ts";
import type { Fault } from "../../fake-ksqldb/server.ts";
import { all, apply, bars, desired, destroy, full, names, otherBars, plan, running, trades } from "./commands.ts";

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
    ["what no one has seen yet", "For input string: abc", "Fix the statement, or what it needs"],
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
  it("is reported with what it complains of", async () => {
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
