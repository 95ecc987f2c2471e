/** `npm run status`, `pause` and `resume` against far ends that answer as the documentation has it. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { bundleOf } from "../commands.ts";
import { redact } from "../../program/command.ts";
import { Environment } from "../../program/environment.ts";
import { switchDeployment } from "../../infra/commands/pause.ts";
import { type Deployment, readDeployment } from "../../infra/operations/deployment.ts";
import { askServices, render } from "../../infra/commands/status.ts";
import { desiredStatements } from "../../ksqldb/server/desired.ts";
import { readScripts } from "../../ksqldb/statements.ts";
import { catalog } from "../../schemas/catalog.ts";
import type { FakeKsqldb } from "../fake-ksqldb/server.ts";
import { startFakeKsqldb } from "../fake-ksqldb/start.ts";
import { newFolder } from "../folder.ts";
import { credentials, dataset, type FakeApis, place, startFakeApis } from "./fake-apis.ts";
import { configOf } from "./synth.ts";

const ksqldbLogin = { key: "KSQLKEY", secret: "ksqldb+secret/of=ours" };

/** Outputs of a deployed stack, as `npm run env` would print them. */
const outputs: Readonly<Record<string, string>> = {
  confluent_environment_id: place.environment,
  kafka_cluster_id: place.cluster,
  connector_id: place.id,
  connector_name: place.name,
  dead_letter_topic: `dlq-${place.id}`,
  ksqldb_url: "https://ksqldb.invalid",
  ksqldb_api_key: ksqldbLogin.key,
  ksqldb_api_secret: ksqldbLogin.secret,
  google_project: dataset.project,
  bigquery_dataset: dataset.dataset,
};
const variables = { CONFLUENT_CLOUD_API_KEY: credentials.key, CONFLUENT_CLOUD_API_SECRET: credentials.secret };

const lagMetric = "io.confluent.kafka.server/consumer_lag_offsets";
const deadLetterMetric = "io.confluent.kafka.connect/dead_letter_queue_records";
const derived = catalog.flatMap(({ name, writtenBy }) => (writtenBy === "ksqldb" ? name : []));

type FakeQuery = NonNullable<ReturnType<FakeKsqldb["state"]["queries"]["get"]>>;

interface World {
  readonly apis: FakeApis;
  readonly ksqldb: FakeKsqldb;
  readonly platform: Deployment;
  /** Everything that was said on the way. */
  readonly talk: string[];
  readonly query: (topic: string) => FakeQuery;
}

/** A deployed environment in which all is well, with the statements of this project. */
async function deployed({ waitMs = 2_000, tables = "all" } = {}): Promise<World> {
  const config = configOf({ BIGQUERY_TABLES: tables });
  const apis = await startFakeApis(config.tables);
  const ksqldb = await startFakeKsqldb({ credentials: ksqldbLogin });
  ksqldb.run(...desiredStatements(readScripts()).map(({ text }) => text));
  for (const query of ksqldb.state.queries.values()) query.state = "RUNNING";
  const platform = readDeployment(config, new Map(Object.entries(outputs)), new Environment(variables), waitMs);
  return {
    apis,
    ksqldb,
    talk: [],
    query: (topic) => [...ksqldb.state.queries.values()].find(({ sink }) => sink.toLowerCase() === topic)!,
    platform: {
      ...platform,
      confluent: { ...platform.confluent, connectUrl: apis.url, metricsUrl: apis.url },
      ksqldb: { ...platform.ksqldb, url: ksqldb.url },
      warehouse: { ...platform.warehouse, apiEndpoint: apis.url },
    },
  };
}

async function look({ platform, talk }: World) {
  const report = await askServices(platform, (line) => void talk.push(line));
  const { ok, text } = render(report, false);
  const lines = text.split("\n");
  return { report, ok, lines, wrong: lines.filter((line) => line.startsWith("!")) };
}

/** Lag of a partition, one value a minute, the newest first; undefined where none was sampled. */
function lag({ apis }: World, group: string, partition: number, ...values: readonly (number | undefined)[]): void {
  for (const [minutesAgo, value] of values.entries())
    if (value !== undefined)
      apis.samples.push({
        metric: lagMetric,
        labels: {
          "resource.kafka.id": place.cluster,
          "metric.consumer_group_id": group,
          "metric.topic": "coinbase_full",
          "metric.partition": String(partition),
        },
        minutesAgo,
        value,
      });
}

const deadLetters = ({ apis }: World, minutesAgo: number, value: number, id: string = place.id) =>
  apis.samples.push({ metric: deadLetterMetric, labels: { "resource.connector.id": id }, minutesAgo, value });

describe("a status", () => {
  it("of an environment in which all is well reports every part, and that nothing is wrong", async () => {
    const world = await deployed({ tables: "coinbase_full,coinbase_bars_1m" });
    lag(world, "connect-lcc-1", 0, 12);
    for (const topic of derived) lag(world, `_confluent-ksql-pksqlc-abcdequery_${world.query(topic).id}`, 0, 1);
    const { report, ok, lines } = await look(world);
    expect(ok).toBe(true);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string;
    expect(report.newestRows).toEqual({
      bytesBilled: 20_971_520,
      rows: ["coinbase_bars_1m", "coinbase_full"].map((table) => ({ table, time, secondsAgo: 3, isMissed: false })),
    });
    expect(lines.map((line) => line.replace(/\d{4}-\S+Z/, "TIME"))).toEqual([
      "  sink tapeline-dev-bigquery (lcc-1): RUNNING, 12 records behind",
      "    task 0: RUNNING",
      "  dead letters: 0 records in the last 24 hours (dlq-lcc-1)",
      ...derived.map((topic) => `  query of ${topic}: RUNNING, 1 record behind (${world.query(topic).id})`),
      "  newest rows (20,971,520 bytes billed for asking):",
      "    coinbase_bars_1m: TIME, 3 s ago",
      "    coinbase_full: TIME, 3 s ago",
    ]);
  });

  it("is one JSON object, too, that says whether all is well", async () => {
    const world = await deployed();
    world.apis.connector.state = "PAUSED";
    const { report } = await look(world);
    const { ok, text } = render(report, true);
    expect(ok).toBe(false);
    expect(JSON.parse(text)).toEqual({ ...report, ok: false, environment: "dev" });
  });

  it("asks all services at the same time", async () => {
    const world = await deployed();
    world.apis.hold(4);
    expect((await look(world)).wrong).toEqual([]);
  });

  it.each(["PAUSED", "FAILED", "PROVISIONING", "DEGRADED"])("marks a sink that is %s", async (state) => {
    const world = await deployed();
    world.apis.connector.state = state;
    expect((await look(world)).wrong).toEqual([`! sink tapeline-dev-bigquery (lcc-1): ${state}, lag not known`]);
  });

  it("marks a query that dies of its records, RUNNING as it is for the server", async () => {
    const world = await deployed();
    const query = world.query("coinbase_bars_1s");
    const errorMessage =
      "StreamsException: Exception caught in process\n\tat Task.run\nCaused by: null used for required";
    query.errors.push({ timestamp: Date.now() - 60_000, errorMessage });
    // That got over it.
    world.query("coinbase_trades").errors.push({ timestamp: Date.now() - 3_600_000, errorMessage });
    const { wrong, report } = await look(world);
    const fault = "USER: StreamsException: Exception caught in process Caused by: null used for required";
    expect(wrong).toEqual([`! query of coinbase_bars_1s: RUNNING, lag not known (${query.id}), died lately: ${fault}`]);
    expect(report.queries).toContainEqual({ topic: "coinbase_bars_1s", id: query.id, state: "RUNNING", fault });
  });

  it("marks a query of which ksqlDB does not say whether it dies", async () => {
    const world = await deployed();
    const query = world.query("coinbase_bars_1s");
    world.ksqldb.fail({ on: `EXPLAIN ${query.id}`, status: 500, code: 50000, message: "Internal error: null" });
    const { wrong } = await look(world);
    expect(wrong).toEqual([expect.stringContaining("query of coinbase_bars_1s: RUNNING, lag not known")]);
    expect(wrong[0]).toContain("whether it fails is not known: ");
  });

  it("marks a failed task with the first line of its trace, and reports the sink's", async () => {
    const world = await deployed();
    Object.assign(world.apis.connector, { state: "FAILED", trace: "Error: keyfile is not valid\n\tat Sink.start" });
    const failed = { id: 1, state: "FAILED", worker_id: place.name, msg: "ConnectException: no table\n\tat Task.put" };
    world.apis.connector.tasks.push(failed);
    const { wrong, lines } = await look(world);
    expect(lines.join("\n")).not.toContain("\tat ");
    expect(wrong).toEqual([
      "! sink tapeline-dev-bigquery (lcc-1): FAILED, lag not known: Error: keyfile is not valid",
      "!   task 1: FAILED: ConnectException: no table",
    ]);
  });

  it.each(["PAUSED", "ERROR", "UNRESPONSIVE"])("marks a query that is %s", async (state) => {
    const world = await deployed();
    const query = world.query("coinbase_trades");
    query.state = state;
    expect((await look(world)).wrong).toEqual([`! query of coinbase_trades: ${state}, lag not known (${query.id})`]);
  });

  it("marks a topic that no query writes, and leaves queries that write no topic of ours out", async () => {
    const world = await deployed();
    const { id } = world.query("coinbase_bars_1m");
    world.ksqldb.run(
      `TERMINATE ${id};`,
      "CREATE STREAM mine WITH (VALUE_FORMAT = 'AVRO') AS SELECT * FROM coinbase_trades EMIT CHANGES;",
    );
    const { wrong, lines } = await look(world);
    expect(wrong).toEqual(["! query of coinbase_bars_1m: MISSING; npm run ksqldb -- apply makes it"]);
    expect(lines.join()).not.toContain("MINE");
  });

  it("counts the dead letters of this sink and of the last 24 hours", async () => {
    const world = await deployed();
    deadLetters(world, 0, 2);
    deadLetters(world, 1439, 5);
    deadLetters(world, 1441, 100);
    deadLetters(world, 0, 1000, "lcc-2");
    const { report, ok, wrong } = await look(world);
    expect(report.deadLetters).toEqual({ topic: "dlq-lcc-1", hours: 24, records: 7 });
    expect([ok, wrong]).toEqual([false, ["! dead letters: 7 records in the last 24 hours (dlq-lcc-1)"]]);
  });

  it("adds up the newest lag of every partition, not that of minutes before", async () => {
    const world = await deployed();
    lag(world, "connect-lcc-1", 0, 7, 900, 900);
    lag(world, "connect-lcc-1", 1, undefined, 30, 900);
    lag(world, "tapeline-tail", 0, 5);
    const { report } = await look(world);
    expect(report.lags).toEqual([
      { group: "connect-lcc-1", records: 37 },
      { group: "tapeline-tail", records: 5 },
    ]);
  });

  it("marks a table without a row in the last day, but not that of what could not be read, nor that of what comes without keys only", async () => {
    const world = await deployed({ tables: "coinbase_full,coinbase_ticker,coinbase_trades,feed_quarantine" });
    world.apis.newest
      .set("feed_quarantine", null)
      .set("coinbase_full", 7 * 3600)
      .set("coinbase_ticker", null)
      .set("coinbase_trades", null);
    const { ok, lines } = await look(world);
    expect(lines.slice(-4)).toEqual([
      expect.stringMatching(/^ {4}coinbase_full: .*Z, 7 hours ago$/),
      "    coinbase_ticker: none in the last day",
      "!   coinbase_trades: none in the last day",
      "    feed_quarantine: none in the last day",
    ]);
    expect(ok).toBe(false);
  });

  it("marks what is further behind than it may be, 100,000 records where nothing else is said", async () => {
    const world = await deployed();
    const { id } = world.query("coinbase_trades");
    lag(world, "connect-lcc-1", 0, 100_000);
    lag(world, `_confluent-ksql-pksqlc-abcdequery_${id}`, 0, 100_001);
    const { report, wrong } = await look(world);
    expect(wrong).toEqual([`! query of coinbase_trades: RUNNING, 100,001 records behind (${id})`]);
    expect(render(report, false, 99_999).text.match(/^! .*/gm)).toHaveLength(2);
    expect(render(report, false, 100_001)).toMatchObject({ ok: true });
  });

  it("reads BigQuery by one query, of kept tables only, that cannot bill more than 10 GiB", async () => {
    const world = await deployed({ tables: "coinbase_full,coinbase_ticker" });
    await look(world);
    const [job, ...more] = world.apis.requests.filter((line) => line.startsWith("POST /bigquery"));
    expect(more).toEqual([]);
    expect(job).toContain('"maximumBytesBilled":"10737418240"');
    expect(job!.match(/tapeline_dev\.\w+/g)).toEqual(["tapeline_dev.coinbase_full", "tapeline_dev.coinbase_ticker"]);
  });
});

const cloudError = (code: number, message: string) => ({ error: { code, message } });
const metricsError = (status: number, detail: string) => ({ errors: [{ status: String(status), detail }] });
const googleError = (code: number, reason: string, message: string) => ({
  error: { code, message, errors: [{ message, domain: "global", reason }] },
});
const noMetrics = metricsError(403, "Query must filter by at least one of your authorized resources");

describe("a source that does not answer is reported in its place, and hides no other", () => {
  const metrics = "not known. Confluent's Metrics API at URL ";
  const apis = {
    Connect: {
      on: /connect.v1/,
      begins: ["! sink tapeline-dev-bigquery (lcc-1): not known. Confluent's Connect API at URL "],
    },
    metrics: { on: /metrics/, begins: [`! lag: ${metrics}`, `! dead letters: ${metrics}`] },
    BigQuery: { on: /bigquery.v2/, begins: ["! newest rows: not known. BigQuery: "] },
  };
  const { detail } = noMetrics.errors[0]!;
  const html = (text: string) => `<html>${text}</html>`;
  const rate = "The service limits the rate: try again in a minute.";
  const fixes = {
    key: "Check CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET: it must be a Cloud API key, not one of a cluster.",
    right: "The key's owner has no right to the connector: use a key of an OrganizationAdmin.",
    gone: "It is not there: npm run deploy -- --plan shows whether it was deleted by hand.",
    later: "Ask again later: https://status.confluent.cloud reports outages.",
    proxy: "Look at what stands between it and here, a proxy for example; or the API has changed.",
    url: "Check its URL (scheme, host, port), and that it runs and can be reached from here.",
    viewer: "The key's owner may not read metrics: give it the role MetricsViewer.",
    roles: "You need roles/bigquery.jobUser and, on the dataset, roles/bigquery.dataViewer: see ANALYSTS.",
    large: "The last day is larger than this may read: ask BigQuery yourself.",
    wait: "Ask again later, or wait longer (--wait); look whether googleapis.com can be reached from here.",
  };
  const denied = googleError(403, "accessDenied", "Access Denied: Project acme");
  const tooMuch = googleError(400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed");
  it.each<[keyof typeof apis, what: string, status: number | undefined, body: unknown, told: string]>([
    ["Connect", "an unknown key", 401, cloudError(401, "Unauthorized"), `answers 401: Unauthorized. ${fixes.key}`],
    ["Connect", "no right", 403, cloudError(403, "Forbidden Access"), `answers 403: Forbidden Access. ${fixes.right}`],
    ["Connect", "no connector", 404, cloudError(404, "not found"), `answers 404: not found. ${fixes.gone}`],
    ["Connect", "the rate", 429, undefined, `answers 429. ${rate}`],
    ["Connect", "an outage", 503, html("upstream"), `answers 503 with a page of HTML. ${fixes.later}`],
    ["Connect", "a page in its place", 200, html("log in"), `answers 200 with a page of HTML. ${fixes.proxy}`],
    ["Connect", "silence", undefined, undefined, `cannot be reached (no answer in time). ${fixes.url}`],
    ["metrics", "no right", 403, noMetrics, `answers 403: ${detail}. ${fixes.viewer}`],
    ["metrics", "the rate", 429, metricsError(429, "Too many requests"), `answers 429: Too many requests. ${rate}`],
    ["BigQuery", "no right", 403, denied, `Access Denied: Project acme. ${fixes.roles}`],
    ["BigQuery", "the rate", 403, googleError(403, "quotaExceeded", "Quota exceeded"), `Quota exceeded. ${rate}`],
    ["BigQuery", "too much to read", 400, tooMuch, `Query exceeded limit for bytes billed. ${fixes.large}`],
    ["BigQuery", "silence", undefined, undefined, `no answer in time. ${fixes.wait}`],
  ])("%s, %s", async (api, _, status, body, told) => {
    const world = await deployed({ waitMs: 1_000 });
    const { on, begins } = apis[api];
    world.apis.fail({ on, ...(status !== undefined && { status }), body });
    const { wrong } = await look(world);
    expect(wrong.map((line) => line.replace(/at http:[^ ]*/, "at URL"))).toEqual(begins.map((begin) => begin + told));
  });

  it("BigQuery, no login", async () => {
    const world = await deployed();
    world.apis.fail({ on: /bigquery.v2/, status: 401, body: googleError(401, "required", "Login Required.") });
    const { wrong } = await look(world);
    expect(wrong).toEqual([
      expect.stringMatching(/^! newest rows: .* Log in: gcloud auth application-default login\.$/),
    ]);
  });

  it("a table that is gone", async () => {
    const world = await deployed();
    world.apis.newest.delete("coinbase_full");
    const { wrong } = await look(world);
    expect(wrong).toEqual([
      expect.stringMatching(/coinbase_full was not found in location us-central1\. It is not there/),
    ]);
  });

  it("ksqlDB", async () => {
    const world = await deployed({ waitMs: 300 });
    world.ksqldb.fail({ on: "/ksql", status: 403, code: 40300, message: "Forbidden", times: 99 });
    const { wrong } = await look(world);
    expect(wrong).toEqual([
      expect.stringMatching(/^! queries: not known\. read the queries: ksqlDB at .* 403 \(40300\)/),
    ]);
  });

  it("waits for what passes: a rate, an outage of a moment", async () => {
    const world = await deployed({ waitMs: 10_000 });
    world.apis.fail({ on: /connect.v1/, status: 503, times: 1 }, { on: /metrics/, status: 429, times: 2 });
    expect((await look(world)).wrong).toEqual([]);
  });
});

it("secrets show nowhere, not even where a service echoes them", async () => {
  const world = await deployed({ waitMs: 300 });
  const basic = Buffer.from(`${credentials.key}:${credentials.secret}`).toString("base64");
  const echo = `no: ${credentials.secret}, Basic ${basic}, ${ksqldbLogin.secret}`;
  world.apis.fail(
    { on: /metrics/, status: 403, body: metricsError(403, echo) },
    { on: /bigquery.v2/, status: 403, body: googleError(403, "accessDenied", echo) },
  );
  Object.assign(world.apis.connector, { state: "FAILED", trace: echo });
  world.ksqldb.fail({ on: "/ksql", status: 400, code: 40001, message: echo, times: 9 });
  const { report, lines } = await look(world);
  const all = [JSON.stringify(report), ...lines, ...world.talk].join("\n");
  expect(all).toContain("no: [secret], Basic [secret], [secret]");
  for (const secret of [credentials.secret, basic, ksqldbLogin.secret]) expect(all).not.toContain(secret);
  expect(redact(all)).toBe(all);
});

it("all that is missing of outputs and credentials is reported at once", () => {
  const read = () => readDeployment(configOf(), new Map([["connector_id", "lcc-1"]]), new Environment({}), 1);
  expect(read).toThrow(/no output kafka_cluster_id: npm run deploy creates it/);
  expect(read).toThrow(/CONFLUENT_CLOUD_API_KEY is not set[^]*CONFLUENT_CLOUD_API_SECRET is not set/);
});

describe("pause and resume", () => {
  const change = async ({ platform, talk }: World, verb: "pause" | "resume", timeoutMs = 5_000) =>
    switchDeployment(platform, verb, timeoutMs, (line) => void talk.push(line));
  const puts = ({ apis }: World) => apis.requests.flatMap((line) => /^PUT .*\/(\w+)$/.exec(line)?.[1] ?? []);
  const sent = ({ ksqldb }: World) => ksqldb.statements.map((sql) => sql.replace(/;$/, ""));
  const ids = ({ query }: World) => derived.map((topic) => query(topic).id);

  it("pause waits until the sink is paused, and then pauses every query of ours", async () => {
    const world = await deployed();
    await change(world, "pause");
    expect([world.apis.connector.state, puts(world)]).toEqual(["PAUSED", ["pause"]]);
    expect(sent(world)).toEqual(ids(world).map((id) => `PAUSE ${id}`));
    expect(derived.map((topic) => world.query(topic).state)).toEqual(derived.map(() => "PAUSED"));
  });

  it("resume takes the opposite order, and leaves an environment in which all is well", async () => {
    const world = await deployed();
    await change(world, "pause");
    await change(world, "resume");
    expect(puts(world)).toEqual(["pause", "resume"]);
    expect(sent(world).slice(derived.length)).toEqual(
      ids(world)
        .toReversed()
        .map((id) => `RESUME ${id}`),
    );
    expect((await look(world)).wrong).toEqual([]);
  });

  it.each(["pause", "resume"] as const)("%s does nothing where it is so already", async (verb) => {
    const world = await deployed();
    if (verb === "pause") await change(world, "pause");
    const before = [...puts(world), ...sent(world)];
    await change(world, verb);
    expect([...puts(world), ...sent(world)]).toEqual(before);
    expect(world.talk.join("\n")).toContain(`${verb === "pause" ? "PAUSED" : "RUNNING"} already`);
  });

  it("leaves queries that write no topic of ours", async () => {
    const world = await deployed();
    world.ksqldb.run("CREATE STREAM mine WITH (VALUE_FORMAT = 'AVRO') AS SELECT * FROM coinbase_trades EMIT CHANGES;");
    await change(world, "pause");
    expect(sent(world).join()).not.toContain("MINE");
  });

  it("pauses no query where the sink refuses, and reports why", async () => {
    const world = await deployed();
    world.apis.fail({ on: /PUT/, status: 403, body: cloudError(403, "Forbidden Access") });
    await expect(change(world, "pause")).rejects.toThrow("answers 403: Forbidden Access. The key's owner has no right");
    expect(sent(world)).toEqual([]);
  });

  it("resumes no sink where ksqlDB refuses, and continues from there when it does not", async () => {
    const world = await deployed();
    await change(world, "pause");
    world.ksqldb.fail({ on: "RESUME", status: 400, code: 40001, message: "Unknown queryId" });
    await expect(change(world, "resume")).rejects.toThrow("Unknown queryId");
    expect(puts(world)).toEqual(["pause"]);
    await change(world, "resume");
    expect((await look(world)).wrong).toEqual([]);
  });

  it("gives up on a sink that does not get there, with what it reports", async () => {
    const world = await deployed();
    Object.assign(world.apis.connector, { state: "FAILED", trace: "Error: no key\n\tat Sink" });
    world.apis.looksToChange = Infinity;
    await expect(change(world, "pause", 300)).rejects.toThrow(
      "pause sink tapeline-dev-bigquery: it is still FAILED (Error: no key) after 0.3 s. Look at it in Confluent's console",
    );
  });

  it("gives up on a query that does not run again, which it names", async () => {
    const world = await deployed();
    world.query("coinbase_trades").state = "ERROR";
    const { id } = world.query("coinbase_trades");
    await expect(change(world, "resume", 300)).rejects.toThrow(`resume the queries: ${id} is ERROR, after 0.3 s.`);
    expect(sent(world)).toEqual([]);
  });
});

describe("the command line", () => {
  const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = process.cwd()) => {
    const [file, ...args] = words;
    const script = bundleOf(inject("commands"), `infra/commands/${file!}`);
    const options = { cwd, encoding: "utf8", env: { ...process.env, ...env } } as const;
    const { status: code, stdout, stderr } = spawnSync(process.execPath, [script, ...args], options);
    return { code, stdout, stderr };
  };

  it.each([["status.ts"], ["pause.ts", "pause"]])("%s has help", (...words) => {
    const { code, stdout } = run([...words, "--help"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("Exit codes: 0 ")]);
  });

  it.each([
    ["status.ts", "now"],
    ["status.ts", "--wait", "soon"],
    ["pause.ts", "stop"],
  ])("%o is not understood: 2", (...words) => {
    expect(run(words).code).toBe(2);
  });

  it.each([["status.ts"], ["pause.ts", "resume"]])("%s without credentials needs no network: 1", (...words) => {
    const folder = newFolder();
    const values = Object.entries(outputs).map(([name, value]) => [
      name,
      { value, sensitive: name.endsWith("secret") },
    ]);
    writeFileSync(join(folder, "outputs.json"), JSON.stringify(Object.fromEntries(values)));
    const terraform = join(folder, "terraform.sh");
    writeFileSync(terraform, `#!/bin/sh\ncase "$*" in *output*) cat ${folder}/outputs.json ;; esac\n`, { mode: 0o755 });
    const { code, stdout, stderr } = run(words, { TERRAFORM_BINARY_NAME: terraform }, folder);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/CONFLUENT_CLOUD_API_KEY is not set[^]*CONFLUENT_CLOUD_API_SECRET is not set/);
  });
});
