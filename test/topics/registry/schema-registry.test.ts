import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { readSchema } from "../../../schemas/avro.ts";
import { resolveSchemas, SchemaRegistry } from "../../../topics/registry/schema-registry.ts";
import { startFakeRegistry } from "../../fake-registry.ts";
import { newFolder } from "../../folder.ts";
import { describeRegistry, faultOf, price, record, size } from "./registry-contract.ts";

describe("the client against a registry as Confluent's", () => describeRegistry(() => startFakeRegistry()));
describe("the client against a registry that does not look at descriptions", () =>
  describeRegistry(() => startFakeRegistry({ docCounts: false })));

it("a schema is registered as the text under which a registry keeps it, which Terraform is given too", async () => {
  const { url } = await startFakeRegistry();
  await new SchemaRegistry({ url }).register("coinbase_full-value", readSchema("coinbase_full"));
  const { schema } = (await (await fetch(`${url}/schemas/ids/1`)).json()) as { schema: string };
  expect(schema).toMatch(/^\{"type":"record","name":"coinbase_full","namespace":"tapeline","doc":"[^"]+","fields":\[/);
  // In the file the default stands before the description.
  expect(schema).toMatch(/\{"name":"sequence","type":\["null","long"\],"doc":"[^"]+","default":null\}/);
});

describe("an id is not taken", () => {
  it("on the registry's word alone: the schema under it must be ours", async () => {
    const fake = await startFakeRegistry();
    const registry = new SchemaRegistry(fake);
    await registry.register("other-value", record(size));
    const echo = { subject: "mine-value", version: 1, id: 1, schema: JSON.stringify(record(price)) };
    fake.fail({ status: 200, body: JSON.stringify(echo) });
    expect(await registry.idOf("mine-value", record(price))).toEqual({
      id: undefined,
      differences: ["field price: only here", "field size: only registered"],
    });
  });

  it("where the subject holds a schema of another language", async () => {
    const fake = await startFakeRegistry();
    const notThere = { status: 404, body: '{"error_code":40403,"message":"Schema not found"}' };
    const protobuf = { subject: "s", version: 1, id: 7, schema: 'syntax = "proto3";', schemaType: "PROTOBUF" };
    fake.fail(notThere, notThere, { status: 200, body: JSON.stringify(protobuf) });
    expect(await new SchemaRegistry(fake).idOf("s", record())).toMatchObject({
      id: undefined,
      differences: [expect.stringContaining("proto3")],
    });
  });
});

describe("a fault that may pass is not the user's to see", () => {
  it.each([
    ["the server's, twice", ["error 500", "error 503"]],
    ["too many requests", ["error 429"]],
    ["a request that came too slowly", ["error 408"]],
    ["a connection that breaks", ["drop"]],
  ])("%s", async (_, faults) => {
    const fake = await startFakeRegistry();
    const registry = new SchemaRegistry(fake);
    await registry.register("s", record(price));
    fake.fail(...faults.map((fault) => (fault === "drop" ? fault : { status: Number(fault.slice(6)) })));
    expect(await registry.idOf("s", record(price))).toMatchObject({ id: 1 });
  });

  it("a node that has not heard yet of what was registered with another", async () => {
    const fake = await startFakeRegistry();
    const notThere = { status: 404, body: '{"error_code":40403,"message":"Schema not found"}' };
    // Two lookups and the latest version, then the registration, then the same three at the node that is behind.
    fake.fail("none", "none", "none", "none", notThere, notThere, notThere);
    const idOf = await resolveSchemas(new SchemaRegistry(fake), ["coinbase_full"], { register: true }, () => {});
    expect(idOf("coinbase_full-value")).toBe(1);
  });
});

describe("a registry that cannot be asked is one message, in seconds", () => {
  const html = { "content-type": "text/html" };
  const ask = (url: string, patienceMs = 10_000) => new SchemaRegistry({ url, patienceMs }).idOf("s", record());

  it("that is down", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await once(server.close(), "close");
    const started = Date.now();
    const fault = await faultOf(ask(url));
    expect(fault).toContain(`Schema Registry at ${url} cannot be reached (ECONNREFUSED). Check its URL`);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it("that stays broken", async () => {
    const fake = await startFakeRegistry();
    fake.fail(...Array.from({ length: 20 }, () => ({ status: 503, body: "<html>busy</html>", headers: html })));
    expect(await faultOf(ask(fake.url))).toMatch(
      /answers 503 with a page of HTML to POST \/subjects\/s.* Try again later/,
    );
    expect(fake.requests.length).toBeLessThan(10);
  });

  it.each([
    ["an HTML page", { status: 404, body: "<html>", headers: html }, "404, text/html"],
    ["a page that is there", { status: 200, body: "<html>", headers: html }, "200, text/html"],
    ["another API's 404", { status: 404, body: '{"error_code":404,"message":"HTTP 404 Not Found"}' }, "404 to POST"],
    ["ksqlDB's 404", { status: 404, body: '{"@type":"generic_error","error_code":40400}' }, "404 (40400)"],
    ["another API's 200", { status: 200, body: "{}" }, "200"],
  ])("that is not a registry, but %s", async (_, fault, shown) => {
    const fake = await startFakeRegistry();
    fake.fail(fault);
    const message = await faultOf(ask(fake.url));
    expect(message).toContain(shown);
    expect(message).toContain("Check the URL: it is what stands before /subjects");
  });

  it("that sends elsewhere, where nothing is asked", async () => {
    const [fake, other] = [await startFakeRegistry(), await startFakeRegistry()];
    fake.fail({ status: 307, body: "", headers: { location: `${other.url}/subjects/s` } });
    expect(await faultOf(ask(fake.url))).toContain("307");
    expect(other.requests).toEqual([]);
  });

  it("whose certificate is not trusted, at once", async (test) => {
    const folder = newFolder();
    const line = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem";
    await promisify(execFile)("openssl", line.split(" "), { cwd: folder }).catch(() =>
      test.skip("openssl is not installed"),
    );
    const [key, cert] = ["key.pem", "cert.pem"].map((file) => readFileSync(join(folder, file)));
    const server = createServer({ key: key!, cert: cert! }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    let connections = 0;
    server.on("connection", () => connections++);
    const fault = await faultOf(ask(`https://localhost:${(server.address() as AddressInfo).port}`));
    expect(fault).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(fault).toContain("NODE_EXTRA_CA_CERTS");
    expect(connections).toBe(1);
  });
});

describe("credentials", () => {
  const credentials = { key: "KEY", secret: "s3cr et/+" };
  const encoded = Buffer.from("KEY:s3cr et/+").toString("base64");

  it("are sent as basic authentication", async () => {
    const fake = await startFakeRegistry({ credentials });
    const registry = new SchemaRegistry({ url: `${fake.url}/`, ...credentials });
    await registry.register("s", record(price));
    expect(await registry.idOf("s", record(price))).toMatchObject({ id: 1 });
  });

  it.each([
    ["wrong", { key: "KEY", secret: "wrong" }, "Check its key and secret"],
    ["missing", {}, "It wants a key and a secret, and none are given"],
  ])("that are %s are refused once, not tried again", async (_, given, cure) => {
    const fake = await startFakeRegistry({ credentials });
    const fault = await faultOf(new SchemaRegistry({ url: fake.url, ...given }).idOf("s", record()));
    expect(fault).toContain(`${fake.url} answers 401 to POST /subjects/s?normalize=true`);
    expect(fault).toContain(cure);
    expect(fake.requests).toHaveLength(1);
  });

  it("that may not do what is asked are refused once", async () => {
    const fake = await startFakeRegistry();
    fake.fail({ status: 403, body: '{"error_code":40301,"message":"User is denied operation Write on Subject: s"}' });
    const registry = new SchemaRegistry({ url: fake.url, ...credentials });
    expect(await faultOf(registry.register("s", record()))).toMatch(
      /answers 403 \(40301\) to POST \/subjects\/s\/versions: User is denied/,
    );
    expect(fake.requests).toHaveLength(1);
  });

  it("show in no message and no dump, not even if the server echoes them", async () => {
    const fake = await startFakeRegistry();
    const message = `no:\n  Basic ${encoded} of KEY with s3cr et/+ ${"x".repeat(2000)}`;
    fake.fail({ status: 409, body: JSON.stringify({ error_code: 409, message }) });
    const registry = new SchemaRegistry({ url: fake.url, ...credentials });
    const fault = await faultOf(registry.register("s", record()));
    expect(fault).toContain("no: Basic [secret] of KEY with [secret] xxx");
    expect(fault.length).toBeLessThan(600);
    const dump = inspect(registry, { depth: 5, showHidden: true });
    expect([fault, dump].filter((text) => text.includes("s3cr") || text.includes(encoded))).toEqual([]);
  });
});

it.each([
  ["", {}],
  ["registry.example:8081", {}],
  ["ftp://registry.example", {}],
  ["http://a:8081,http://b:8081", {}],
  ["https://KEY:s3cret@registry.example", {}],
  ["https://registry.example", { key: "KEY" }],
  ["https://registry.example", { secret: "s3cret" }],
])("an address that cannot be meant is refused and not shown: %s %j", (url, half) => {
  expect(() => new SchemaRegistry({ url, ...half })).toThrow(/^(The URL|Only one of key and secret)(?!.*s3cret)/);
});

it("a subject may have any name", async () => {
  const registry = new SchemaRegistry(await startFakeRegistry());
  for (const subject of ["a b?c#-value", ":.context:a-value"]) {
    await registry.register(subject, record(price));
    expect(await registry.idOf(subject, record(price))).toMatchObject({ id: 1, described: "as here" });
  }
});

it("a schema that differs in many fields is reported in a few lines", async () => {
  const registry = new SchemaRegistry(await startFakeRegistry());
  await registry.register("coinbase_full-value", {
    type: "record",
    name: "coinbase_full",
    namespace: "tapeline",
    fields: [],
  });
  const fault = await faultOf(resolveSchemas(registry, ["coinbase_full"], { register: false }, () => {}));
  expect(fault).toContain("\n  coinbase_full-value\n    field type: only here\n");
  expect(fault.match(/only here/g)).toHaveLength(8);
  expect(fault).toContain(`\n    and ${readSchema("coinbase_full").fields.length - 8} more\n`);
});

it("a schema of other descriptions is used and not registered again", async () => {
  const fake = await startFakeRegistry();
  const registry = new SchemaRegistry(fake);
  const talk: string[] = [];
  await registry.register("coinbase_full-value", { ...readSchema("coinbase_full"), doc: "Of last year." });
  const idOf = await resolveSchemas(registry, ["coinbase_full"], { register: true }, (line) => talk.push(line));
  expect(idOf("coinbase_full-value")).toBe(1);
  expect(talk).toEqual(["coinbase_full-value: schema 1 has other descriptions than here"]);
  expect(fake.requests.filter((request) => request.endsWith("/versions"))).toHaveLength(1);
});
