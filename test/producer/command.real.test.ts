/** `npm run producer` and `npm run tail` with Apache Kafka, as a user runs them. */
import { beforeAll, expect, it } from "vitest";
import { publicCredentials } from "../../exchange/credentials.ts";
import { exchange } from "../exchange/client.ts";
import { startFakeRegistry } from "../fake-registry.ts";
import { startWith } from "../local/command.ts";
import { describeKafka, startKafka, type Kafka } from "../real/kafka.ts";
import { match, received } from "./coinbase/decode/frames.ts";
import { deadPort, nothing, recent, recording, run } from "./commands.ts";

describeKafka("the producer and Apache Kafka", () => {
  let kafka: Kafka;
  beforeAll(async () => void (kafka = await startKafka()));

  const secure = () => ({
    KAFKA_BOOTSTRAP_SERVERS: kafka.secure.bootstrap,
    KAFKA_API_KEY: kafka.secure.user,
    KAFKA_API_SECRET: kafka.secure.password,
    KAFKA_CA_FILE: kafka.secure.caFile,
  });

  it("streams the simulated exchange until Ctrl-C, then has everything acknowledged; tail reads it back", async () => {
    const registry = await startFakeRegistry();
    const env = { ...secure(), SCHEMA_REGISTRY_URL: registry.url };
    const running = run(env, "--source", "simulator", "--rate", "3000");
    await running.said('"message":"running"');
    const [, monitor] = /(http:\/\/[\d.:]+)\/metrics/.exec(running.soFar())!;
    const metrics = await (await fetch(`${monitor}/metrics`)).text();
    expect(metrics).toMatch(/^tapeline_records_acknowledged_total [1-9]\d*$/m);
    expect(metrics).toMatch(/^tapeline_sockets_connected 1$/m);
    expect(metrics).toMatch(/^tapeline_missed_events_total 0$/m);
    expect(metrics).toMatch(/^tapeline_latency_seconds_bucket{le="60"} [1-9]\d*$/m);
    expect(await (await fetch(`${monitor}/healthz`)).text()).toBe("ok\n");
    expect((await fetch(`${monitor}/readyz`)).status).toBe(200);
    running.process.kill("SIGINT");
    const { code, err } = await running.ended;
    expect(code).toBe(0);
    const [, frames, acknowledged] = /done: (\d+) frames, (\d+) records acknowledged, 0 frames/.exec(err)!;
    expect(Number(frames)).toBeGreaterThan(5_000);

    const tail = await startWith({ ...nothing, ...env }, "tail", "coinbase_full", "--kafka", "-n", "all").ended;
    const events = tail.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { key: string; value: { sequence: number } });
    const perProduct = new Map<string, number[]>();
    for (const { key, value } of events) perProduct.set(key, [...(perProduct.get(key) ?? []), value.sequence]);
    expect(perProduct.size).toBe(5);
    for (const sequences of perProduct.values())
      expect(sequences.every((sequence, i) => i === 0 || sequence === sequences[i - 1]! + 1)).toBe(true);
    const level2 = await startWith({ ...nothing, ...env }, "tail", "coinbase_level2", "--kafka", "-n", "all").ended;
    const books = level2.out.trimEnd().split("\n").length;
    expect(events.length + books).toBe(Number(acknowledged));
    for (const line of err.trimEnd().split("\n")) if (line.startsWith("{")) JSON.parse(line);
  });

  it("replays a recording once it may, and refuses it where the topics would delete it", async () => {
    const registry = await startFakeRegistry();
    const [order, trade] = [{ ...received, time: recent().time }, recent()];
    const file = recording(order, trade, order, trade);
    const env = { ...secure(), SCHEMA_REGISTRY_URL: registry.url };
    // The topics are there from the test before, with the retention of the catalogue, or are made for the recording.
    const old = recording({ ...match, time: "2016-03-12T00:08:37.352000Z" });
    const first = await run(env, "--source", file).ended;
    expect(first.err).toContain("done: 4 frames, 2 records acknowledged");
    expect(first.err).toContain("2 events that came twice left out");
    const refused = await run(env, "--source", old).ended;
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/coinbase_full keeps 7 days \(retention.ms\), and the recording starts \d+ days ago/);
  });

  it.each([
    [
      "a wrong password",
      () => ({ KAFKA_API_SECRET: "wrong-password" }),
      /refuses the login \(PLAIN\): .*Check KAFKA_API_KEY/,
    ],
    [
      "an unknown certificate authority",
      () => ({ KAFKA_CA_FILE: "" }),
      /its certificate is not trusted: .*KAFKA_CA_FILE/,
    ],
    [
      "plaintext to a port for TLS",
      () => ({ KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT" }),
      /it closed the connection, as a port for TLS does. Set KAFKA_SECURITY_PROTOCOL/,
    ],
    ["TLS to a port without", () => ({ KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrap }), /as a port without TLS does/],
  ])("says in one message what is wrong with %s", async (_, wrong, message) => {
    const env = { ...secure(), SCHEMA_REGISTRY_URL: "http://127.0.0.1:1", ...wrong() };
    const { code, err } = await run(env, "--source", recording(recent())).ended;
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).not.toContain("wrong-password");
  });

  it("says in one message that the registry is down, that a product is unknown, that a key is bad", async () => {
    const dead = `http://127.0.0.1:${await deadPort()}`;
    const down = await run({ ...secure(), SCHEMA_REGISTRY_URL: dead }, "--source", recording(recent())).ended;
    expect(down).toMatchObject({ code: 1 });
    expect(down.err).toContain(`Schema Registry at ${dead} cannot be reached (ECONNREFUSED)`);

    const registry = await startFakeRegistry();
    const { url } = await exchange();
    const env = { ...secure(), SCHEMA_REGISTRY_URL: registry.url };
    const unknown = await run(env, "--source", url, "--products", "BTC-USD,NOPE-USD").ended;
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain("NOPE-USD is not a product of the exchange");

    const bad = await run(
      {
        ...env,
        COINBASE_KEY: publicCredentials.key,
        COINBASE_PASSPHRASE: "wrong-passphrase",
        COINBASE_SECRET: publicCredentials.secret,
      },
      "--source",
      url,
      "--products",
      "all",
    ).ended;
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/rejects the subscription: .* Look at COINBASE_KEY/);
    expect(bad.err).not.toContain("wrong-passphrase");
  });
});
