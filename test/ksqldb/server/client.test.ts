import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { redact } from "../../../program/command.ts";
import { desiredOf, runAgainst, startFakeKsqldb } from "../../fake-ksqldb/start.ts";

const desired = desiredOf(
  "CREATE STREAM coinbase_full (k STRING KEY, a STRING) WITH (KAFKA_TOPIC = 'coinbase_full', VALUE_FORMAT = 'AVRO');",
);
const credentials = { key: "KEY", secret: "s3cret/+of-ours" };
const env = { KSQLDB_API_KEY: credentials.key, KSQLDB_API_SECRET: credentials.secret };
const basic = Buffer.from(`${credentials.key}:${credentials.secret}`).toString("base64");

describe("what may pass is waited for", () => {
  it.each([
    [
      "a key that is not known yet",
      { status: 401, code: 40100, message: "Unauthorized" },
      "answers 401 (40100): Unauthorized. Retrying, for up to 10 s",
    ],
    [
      "a right that is not there yet",
      { status: 403, code: 40300, message: "forbidden" },
      "answers 403 (40300): forbidden. Retrying",
    ],
    [
      "a server that starts",
      { status: 503, code: 50302, message: "KSQL is not yet ready to serve requests.", retryAfter: 1 },
      "answers 503 (50302): KSQL is not yet ready to serve requests. Retrying",
    ],
    ["a limited rate", { status: 429, code: 42900, message: "slow down" }, "answers 429 (42900): slow down. Retrying"],
    [
      "a gateway's page",
      { status: 503, html: "<html>no healthy upstream</html>" },
      "answers 503 with a page of HTML. Retrying",
    ],
  ])("%s", async (_, fault, told) => {
    const fake = await startFakeKsqldb({ credentials });
    fake.fail({ on: "/info", times: 2, ...fault }, { on: "POST /ksql CREATE", times: 1, ...fault });
    const run = await runAgainst(fake, "apply", desired, { env, wait: "10s" });
    expect([run.code, run.sent.length]).toEqual([0, 1]);
    expect(run.told).toContain(told);
    // It was not executed: nothing has to be looked for.
    expect(run.told).not.toContain("Looking");
  });

  it.each([
    ["plan", "30 s"],
    ["apply", "10 minutes"],
  ] as const)("%s for up to %s, if nothing else is said", async (command, most) => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: "/info", status: 503 });
    expect((await runAgainst(fake, command, desired, { wait: undefined as never })).told).toContain(
      `for up to ${most}.`,
    );
  });

  it("a busy server, as long as it asks for, which may be longer than a statement may take", async () => {
    const fake = await startFakeKsqldb();
    const started = performance.now();
    fake.fail({ on: "POST /ksql CREATE", status: 503, code: 50302, message: "not yet ready", retryAfter: 1 });
    expect((await runAgainst(fake, "apply", desired, { wait: "10s", timeout: "500ms" })).code).toBe(0);
    expect(performance.now() - started).toBeGreaterThan(1000);
  });

  it("a connection that breaks after minutes of starting", async () => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: "/info", status: 503, times: 2 }, { on: "/info", drop: "before" });
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + (fake.requests.length > 1 ? 60_000 : 0));
    onTestFinished(() => void vi.restoreAllMocks());
    expect((await runAgainst(fake, "plan", desired, { wait: "10m" })).code).toBe(0);
  });

  it("a server that is not there yet, for as long as one that starts, and its commands are not lost", async () => {
    const gone = await startFakeKsqldb();
    const { url } = gone;
    const port = Number(new URL(url).port);
    gone.close();
    // Minutes pass at once: more than a broken connection would be forgiven.
    let minutes = 0;
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + minutes * 60_000);
    onTestFinished(() => void vi.restoreAllMocks());
    const run = runAgainst({ url }, "apply", desired, { wait: "10m" });
    minutes = 5;
    await new Promise((resolve) => setTimeout(resolve, 300));
    await startFakeKsqldb({ port });
    const { code, told } = await run;
    expect([code, told]).toEqual([0, expect.stringContaining("(ECONNREFUSED). Retrying, for up to 10 minutes.")]);
    expect(told).not.toContain("Looking");
  });

  it.each([
    ["breaks connections, as a published port of Docker", { drop: "before" }],
    ["answers 502, as a gateway", { status: 502, html: "<html>Bad Gateway</html>" }],
  ] as const)("a server before which something %s until it is there", async (_, fault) => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: "/info", times: 2, ...fault });
    // Between two questions more time passes than a server is forgiven that has answered before.
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + fake.requests.length * 60_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect((await runAgainst(fake, "plan", desired, { wait: "10m" })).code).toBe(0);
  });

  it("a connection that breaks, when nothing was changed by it", async () => {
    const fake = await startFakeKsqldb();
    fake.fail(
      { on: "LIST STREAMS", drop: "before", times: 2 },
      { on: "GET /status", drop: "before" },
      { on: "POST /ksql CREATE", slow: true },
    );
    expect((await runAgainst(fake, "apply", desired)).code).toBe(0);
  });
});

describe("what does not pass is one message: step, reason, cure", () => {
  it("a key that stays unknown", async () => {
    const fake = await startFakeKsqldb({ credentials });
    const { code, told } = await runAgainst(fake, "plan", desired, {
      env: { ...env, KSQLDB_API_SECRET: "wrong-one" },
      wait: "500ms",
    });
    expect(code).toBe(1);
    expect(told).toMatch(
      /^ask for the server's version: ksqlDB at http:\/\/127\.0\.0\.1:\d+ answers 401 \(40100\): Unauthorized\. It was retried for [\d.]+ s\. A fresh key takes minutes to be known: wait longer \(--wait\)\. Else check KSQLDB_API_KEY/m,
    );
  });

  it("a key that is missing, at once, and in the report", async () => {
    const fake = await startFakeKsqldb({ credentials });
    const { told, report } = await runAgainst(fake, "plan", desired, { wait: "10m" });
    expect(told).toContain(
      "answers 401 (40100): Unauthorized. It requires a key: set KSQLDB_API_KEY and KSQLDB_API_SECRET.",
    );
    expect(fake.requests).toHaveLength(1);
    expect(report).toMatchObject({ command: "plan", server: { url: fake.url } });
    expect(report?.error).toContain("It requires a key");
  });

  it("a server that is down", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await once(server.close(), "close");
    const { code, told } = await runAgainst({ url }, "apply", desired, { wait: "1s" });
    expect(code).toBe(1);
    expect(told).toMatch(
      /cannot be reached \(ECONNREFUSED\)\. It was retried for .* s\. Check its URL \(scheme, host, port\), and that it runs/,
    );
  });

  it("a host that does not exist", async () => {
    const { told } = await runAgainst({ url: "http://ksqldb.invalid" }, "plan", desired, { wait: "100ms" });
    expect(told).toMatch(/ksqldb\.invalid cannot be reached \((ENOTFOUND|EAI_AGAIN)\)/);
  });

  it("a server that says nothing", async () => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: "/info", hang: "before", times: 9 });
    expect((await runAgainst(fake, "plan", desired, { timeout: "200ms", wait: "300ms" })).told).toContain(
      "(no answer in time)",
    );
  });

  it("no TLS where the URL says so", async () => {
    const { url } = await startFakeKsqldb();
    const { told } = await runAgainst({ url: url.replace("http:", "https:") }, "plan", desired);
    expect(told).toMatch(
      /cannot be reached \(.*SSL.*\)\. It does not speak TLS there: check the URL's scheme and port/,
    );
  });

  it.each([
    ["a page of HTML", { html: "<html>Welcome</html>" }, "(200, text/html, to /info)"],
    ["a page of HTML that is not found", { status: 404, html: "<html>" }, "(404, text/html, to /info)"],
    ["another API", { status: 404, code: 404, message: "HTTP 404 Not Found" }, "(404, application/json, to /info)"],
    ["a page that sends elsewhere", { status: 302, html: "<html>" }, "(302, text/html, to /info)"],
  ])("%s in the place of a ksqlDB", async (_, fault, reason) => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: "/info", ...fault });
    const { told } = await runAgainst(fake, "plan", desired);
    expect(told).toContain(
      `ask for the server's version: ${fake.url} does not answer as a ksqlDB server ${reason}. Check KSQLDB_URL: it is what stands before /ksql`,
    );
  });

  it.each(["LIST QUERIES", "LIST STREAMS", "LIST TABLES"])("HTML in the middle, at %s", async (on) => {
    const fake = await startFakeKsqldb();
    fake.fail({ on, html: "<html>" });
    expect((await runAgainst(fake, "plan", desired)).told).toContain("read what the server has: http://127.0.0.1");
  });

  it("a version that lists otherwise", async () => {
    const fake = await startFakeKsqldb();
    fake.fail({ on: "LIST STREAMS", html: '[{"@type":"streams","streams":[]}]' });
    expect((await runAgainst(fake, "plan", desired)).told).toContain(
      "does not answer LIST STREAMS EXTENDED; with source_descriptions. Check the server's version",
    );
  });

  it.each([
    [{ KSQLDB_URL: "" }, "KSQLDB_URL is not set: The ksqlDB server"],
    [{ KSQLDB_URL: "localhost:8088" }, "The URL of ksqlDB (KSQLDB_URL,"],
    [{ KSQLDB_URL: "https://me:hunter22@ksqldb.example" }, "ksqldb.example, contains credentials"],
    [{ KSQLDB_URL: "https://ksqldb.example", KSQLDB_API_KEY: "KEY" }, "Only one of key and secret"],
  ])("a configuration that cannot be meant: %o", async (variables, reason) => {
    const { code, told } = await runAgainst({ url: "" }, "plan", desired, { env: variables });
    expect([code, told]).toEqual([1, expect.stringContaining(reason)]);
    expect(told).not.toContain("hunter22");
  });

  it("an option that cannot be meant", async () => {
    const { told } = await runAgainst({ url: "http://127.0.0.1:1" }, "plan", desired, { from: "middle" });
    expect(told).toContain("--from is middle: one of earliest, latest is expected. Try --help.");
  });
});

it("secrets show nowhere, not even where the server echoes them", async () => {
  const fake = await startFakeKsqldb({ credentials });
  fake.fail({ on: "CREATE", status: 400, code: 40001, message: `no: Basic ${basic} of ${credentials.secret}` });
  const { told, report } = await runAgainst(fake, "apply", desired, { env });
  expect(told).toContain("no: Basic [secret] of [secret]");
  expect(redact(JSON.stringify(report)) + told).not.toMatch(new RegExp(`${basic}|s3cret`));
});

it("what follows a command waits for it, by its number", async () => {
  const fake = await startFakeKsqldb();
  fake.fail({ on: "CREATE", stuck: true }, { on: "GET /status", forgotten: true });
  const { code, told } = await runAgainst(fake, "apply", desired, { wait: "300ms" });
  expect(code).toBe(1);
  expect(told).toContain(
    "answers 503 (50301): Timed out while waiting for a previous command to execute. command sequence number: 2",
  );
});

it("the fake answers as a process, too", async () => {
  const script = join(import.meta.dirname, "../../fake-ksqldb/server.ts");
  const child = spawn(
    process.execPath,
    ["--import", "tsx", script, "--port", "0", "--key", "KEY", "--secret", credentials.secret],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { url } = JSON.parse(String(line)) as { url: string };
  await fetch(`${url}/fake/faults`, { method: "POST", body: JSON.stringify([{ on: "CREATE", drop: "after" }]) });
  expect((await runAgainst({ url }, "apply", desired, { env })).code).toBe(0);
  expect(await (await fetch(`${url}/fake/statements`)).json()).toHaveLength(1);
});
