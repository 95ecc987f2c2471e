/** What our client makes of every answer that a real ksqlDB (7.9.0) gave: the exchanges are replayed, byte for byte. */
import { describe, expect, it } from "vitest";
import { cureOf } from "../../../ksqldb/server/trouble.ts";
import { KsqlServer, Lost, Refused } from "../../../ksqldb/server/client.ts";
import { differences } from "../../../ksqldb/server/compare.ts";
import { explain, exactlyOnce, readQueries } from "../../../ksqldb/server/queries.ts";
import { readSources, readTopics } from "../../../ksqldb/server/state.ts";
import { describeOracle } from "../../evidence.ts";
import { createdBy, type Exchange, ksqlOf, readExchanges, readLines } from "../../fake-ksqldb/exchanges.ts";
import { startReplay } from "../../fake-ksqldb/replay.ts";
import { desiredOf, runAgainst } from "../../fake-ksqldb/start.ts";

type Body = Readonly<Record<string, unknown>>;

describeOracle("every answer of a real ksqlDB is read as it was meant", (oracle) => {
  const exchanges = readExchanges(oracle);
  /** With their number, so that a failure names the line. */
  const numbered = exchanges.map((exchange, i) => ({
    exchange,
    title: `${i}: ${exchange.status} ${lineOf(exchange)}`,
  }));
  const those = (pattern: RegExp, isGood = true) =>
    numbered.filter(({ exchange }) => pattern.test(lineOf(exchange)) && (exchange.status === 200) === isGood);
  const first = (pattern: RegExp) => those(pattern)[0]!.exchange;
  const entity = ({ response }: Exchange) => (response as Body[])[0]!;

  const commands = /^POST \/ksql (CREATE|DROP)/;
  const kinds = {
    info: /^GET \/info/,
    status: /^GET \/status/,
    queries: /^POST \/ksql (LIST|SHOW) QUERIES/,
    sources: /^POST \/ksql LIST (STREAMS|TABLES) EXTENDED/,
    topics: /^POST \/ksql LIST TOPICS/,
    explain: /^POST \/ksql EXPLAIN/,
    commands,
  };

  /** A client of a server that answers so; it waits for nothing. */
  async function client(...answers: readonly Exchange[]) {
    const { url, asked } = await startReplay(...answers);
    const talked: string[] = [];
    return { server: new KsqlServer({ url, waitMs: 0 }, (line) => void talked.push(line)), asked };
  }

  it("of each of the 94 there is a case here", () => {
    expect(exchanges).toHaveLength(94);
    const ours = Object.values(kinds);
    expect(numbered.filter(({ exchange }) => !ours.some((kind) => kind.test(lineOf(exchange))))).toEqual([]);
  });

  it.each(those(kinds.info))("the version: $title", async ({ exchange }) => {
    const { server } = await client(exchange);
    expect(await server.info()).toEqual((exchange.response as Body)["KsqlServerInfo"]);
  });

  it.each(those(kinds.info, false))("why there is no version: $title", async ({ exchange }) => {
    const { server } = await client(exchange);
    const { error_code: code, message } = exchange.response as Body;
    const words = String(message).replace(/\.$/, "");
    await expect(server.info()).rejects.toThrow(`answers ${exchange.status} (${String(code)}): ${words}.`);
  });

  it.each(those(kinds.status))("how far a command is: $title", async ({ exchange }) => {
    const { server } = await client(exchange);
    const commandId = decodeURIComponent(exchange.path.replace("/status/", ""));
    const { status, message } = exchange.response as Body;
    expect(await server.status("step", commandId)).toEqual({ commandId, status, message });
  });

  it.each(those(kinds.queries))("the queries: $title", async ({ exchange }) => {
    const { server } = await client({ ...exchange, request: { ksql: "LIST QUERIES;", streamsProperties: {} } });
    const recorded = entity(exchange)["queries"] as { id: string; sinks: string[]; statusCount: object }[];
    expect(await readQueries(server, "step")).toEqual(
      // A paused one is RUNNING by its `state`; only the count tells.
      recorded.map(({ id, sinks, statusCount }) => ({
        id,
        sinks,
        inserts: false,
        state: Object.keys(statusCount).join(),
      })),
    );
  });

  it("among them one that is paused, though its state is RUNNING", () => {
    const paused = those(kinds.queries).flatMap(({ exchange }) =>
      (entity(exchange)["queries"] as Body[]).filter(({ statusCount }) => "PAUSED" in (statusCount as object)),
    );
    expect(paused.map(({ state }) => state)).toEqual(["RUNNING"]);
  });

  it.each(those(kinds.sources))("streams and tables, each statement of which is read: $title", async ({ exchange }) => {
    const none = (kind: string): Exchange => ({
      ...exchange,
      request: { ksql: `LIST ${kind} EXTENDED;`, streamsProperties: {} },
      response: [{ "@type": "source_descriptions", sourceDescriptions: [] }],
    });
    const { server } = await client(first(kinds.queries), none("STREAMS"), none("TABLES"), exchange);
    const sources = await readSources(server, "step");
    const recorded = entity(exchange)["sourceDescriptions"] as Body[];
    expect([...sources.keys()]).toEqual(recorded.map(({ name }) => name));
    for (const { name, type, topic, statement, sourceConstraints, windowType } of recorded) {
      const source = sources.get(String(name))!;
      expect(source).toMatchObject({ kind: String(type).toLowerCase(), topic, readers: sourceConstraints });
      // What the server keeps means the same as itself, sent by a file; its columns are those that it declares.
      const [desired] = desiredOf(String(statement));
      const found = differences(source, desired!).filter(({ part }) => part !== "query");
      expect(found, String(statement)).toEqual([]);
      if (desired!.ast.kind === "createAs") expect(desired!.ast.query.window !== null).toBe(windowType === "TUMBLING");
    }
  });

  it.each(those(kinds.topics))("the topics: $title", async ({ exchange }) => {
    const { server } = await client(exchange);
    const recorded = entity(exchange)["topics"] as { name: string; replicaInfo: unknown[] }[];
    expect(await readTopics(server, "step")).toEqual(
      new Map(recorded.map(({ name, replicaInfo }) => [name, replicaInfo.length])),
    );
  });

  it.each(those(kinds.explain))("a query: $title", async ({ exchange }) => {
    const { server } = await client(exchange);
    const id = /EXPLAIN (\w+)/.exec(ksqlOf(exchange))![1]!;
    // It was applied so, had no error, and had read all that there was.
    expect(await explain(server, "step", id)).toEqual({
      guarantee: exactlyOnce,
      fault: undefined,
      errors: [],
      isCaughtUp: true,
      isAssigned: true,
    });
  });

  it.each(those(commands))("a command that is taken, and done or on its way: $title", async ({ exchange }) => {
    const { server, asked } = await client(exchange);
    const { commandId, commandStatus } = entity(exchange) as { commandId: string; commandStatus: Body };
    const { status, message } = commandStatus;
    expect(await server.send("step", ksqlOf(exchange), {})).toEqual({ commandId, status, message });
    expect(asked.map(({ line }) => line)).toEqual([lineOf(exchange)]);
  });

  const cures: readonly [RegExp, string][] = [
    [/different partition\/replica\/retention/, "Give the topic the PARTITIONS and RETENTION_MS of the statement"],
    [/Can't find any functions/, "Fix the statement, or what it needs."],
    [/incompatible with an earlier schema/, "Check who registered the topic's subject, and its compatibility."],
    [/Non-windowed tables do not support retention/, "Take RETENTION_MS out of the statement"],
    [/was soft deleted/, "DROP it without DELETE TOPIC"],
  ];
  const lost = /into the command topic/;
  const messageOf = ({ response }: Exchange) => String((response as Body)["message"]);
  const failed = those(commands, false);

  it.each(failed.filter(({ exchange }) => !lost.test(messageOf(exchange))))(
    "a refusal, whatever its code, is sent once and has its cure: $title",
    async ({ exchange }) => {
      const { server, asked } = await client(exchange);
      const refused = (await server.send("step", ksqlOf(exchange), {}).catch((error: unknown) => error)) as Refused;
      expect(refused).toBeInstanceOf(Refused);
      const message = messageOf(exchange);
      expect(refused.message).toContain(message.replace(/\.$/, "").slice(0, 1500));
      const [, cure] = cures.find(([pattern]) => pattern.test(message))!;
      expect(cureOf(refused.message)).toContain(cure);
      expect(asked).toHaveLength(1);
    },
  );

  it.each(failed.filter(({ exchange }) => lost.test(messageOf(exchange))))(
    "a command that may have been executed is not taken for a refusal: $title",
    async ({ exchange }) => {
      const { server, asked } = await client(exchange);
      const error = (await server.send("step", ksqlOf(exchange), {}).catch((thrown: unknown) => thrown)) as Lost;
      expect(error).toBeInstanceOf(Lost);
      expect(error.cure).toContain("The server cannot use its own topic of commands");
      expect(asked).toHaveLength(1);
    },
  );

  describe("also by a whole plan, against the state in which the server was", () => {
    const names = ["full", "level2", "trades", "book_changes", "bars_1s", "bars_1m"].map((name) => `coinbase_${name}`);
    const desired = () => desiredOf(...names.map((name) => createdBy(exchanges, name)));
    const has = (exchange: Exchange, ...all: readonly string[]) =>
      all.every((name) => JSON.stringify(exchange.response).includes(name));
    const whole = (pattern: RegExp, ...all: readonly string[]) =>
      those(pattern).findLast(({ exchange }) => has(exchange, ...all))!.exchange;
    const explained = first(kinds.explain);
    const queries = whole(kinds.queries, "CTAS_COINBASE_BARS_1S_45", '"PAUSED"');
    const running = those(kinds.queries).find(
      ({ exchange }) => has(exchange, "CTAS_COINBASE_BARS_1S_45") && !has(exchange, '"PAUSED"'),
    )!.exchange;
    /** The declared ones as they were listed; of those with a query, whose listing was not recorded, what the query tells. */
    const streamsOf = (list: Exchange): Exchange => {
      const declared = whole(/LIST STREAMS EXTENDED/, "COINBASE_FULL", "COINBASE_LEVEL2");
      const made = (entity(list)["queries"] as Record<string, [string]>[]).flatMap(
        ({ queryString, sinks, sinkKafkaTopics }) => {
          const [[name], [topic]] = [sinks!, sinkKafkaTopics!];
          const description = { name, topic, type: "STREAM", statement: queryString, fields: [] };
          return String(queryString).startsWith("CREATE STREAM") ? [description] : [];
        },
      );
      const listed = entity(declared);
      const sourceDescriptions = [...(listed["sourceDescriptions"] as Body[]), ...made];
      return { ...declared, response: [{ ...listed, sourceDescriptions }] };
    };
    /** Of the other queries EXPLAIN was not recorded: as of one that has gone meanwhile. */
    const { real } = readLines<{ case: string; real: { body: unknown } }>(oracle, "real-and-fake.ndjson").find(
      (one) => one.case === "explain unknown",
    )!;
    const othersOf = (list: Exchange): Exchange[] =>
      (entity(list)["queries"] as Body[]).map(({ id }) => {
        const request = { ksql: `EXPLAIN ${String(id)};`, streamsProperties: {} };
        return { ...explained, request, status: 400, response: real.body };
      });
    const state = (list: Exchange, ...more: readonly Exchange[]) => [
      first(kinds.info),
      { ...list, request: { ksql: "LIST QUERIES;", streamsProperties: {} } },
      streamsOf(list),
      whole(/LIST TABLES EXTENDED/, "COINBASE_BARS_1M", "COINBASE_BARS_1S"),
      whole(kinds.topics, "coinbase_bars_1m", "coinbase_bars_1s", "coinbase_book_changes"),
      ...othersOf(list),
      explained,
      ...more,
    ];

    it("finds nothing to do where the server runs what the files say", async () => {
      const { url } = await startReplay(...state(running));
      const { code, report } = await runAgainst({ url }, "plan", desired());
      expect([code, report?.changes, report?.refused]).toEqual([0, 0, 0]);
      const ours = report!.steps.filter(({ action }) => action !== "orphan");
      expect(ours.map(({ action, notes }) => [action, notes])).toEqual(names.map(() => ["unchanged", []]));
    });

    it("tells of a paused query", async () => {
      const { url } = await startReplay(...state(queries));
      const { report } = await runAgainst({ url }, "plan", desired());
      expect(report!.steps.find(({ name }) => name === "COINBASE_BARS_1S")!.notes).toEqual([
        "its query CTAS_COINBASE_BARS_1S_45 is PAUSED",
      ]);
    });

    it("tells of a query that does not run exactly once", async () => {
      const response = structuredClone(explained.response) as { queryDescription: Body }[];
      const { overriddenProperties, ...rest } = response[0]!.queryDescription;
      response[0]!.queryDescription = {
        ...rest,
        overriddenProperties: { ...(overriddenProperties as Body), "processing.guarantee": "at_least_once" },
      };
      const { url } = await startReplay(...state(running, { ...explained, response }));
      const { code, told } = await runAgainst({ url }, "plan", desired());
      expect([code, told]).toEqual([
        1,
        expect.stringContaining("its query CTAS_COINBASE_BARS_1S_45 runs with processing.guarantee at_least_once"),
      ]);
    });

    it("misses the topics that are gone, when nothing is to be sent", async () => {
      const gone = those(kinds.topics).find(
        ({ exchange }) => !has(exchange, "coinbase_bars") && has(exchange, "coinbase_trades"),
      )!.exchange;
      const { url } = await startReplay(...state(running, gone));
      const { report } = await runAgainst({ url }, "plan", desired());
      const missing = (report!.checks.faults as string[]).map((fault) => fault.split(":")[0]);
      expect(missing).toEqual(expect.arrayContaining(["topic coinbase_bars_1s", "topic coinbase_bars_1m"]));
    });
  });
});

function lineOf(exchange: Exchange): string {
  const ksql = ksqlOf(exchange);
  return `${exchange.method} ${exchange.path}${ksql && ` ${ksql}`}`;
}
