/** `npm run producer` as a user runs it, without a Kafka. */
import { describe, expect, it } from "vitest";
import { exchange } from "../exchange/client.ts";
import { deadPort, recent, recording, run } from "./commands.ts";

describe("a configuration that cannot be used", () => {
  it("is reported in one message, with every fault and without a secret", async () => {
    const { code, err, out } = await run({
      COINBASE_KEY: "a-key",
      COINBASE_SECRET: "not*base64*secret",
      KAFKA_BOOTSTRAP_SERVERS: "SASL_SSL://broker.example:9092,nonsense,SASL_SSL://alice:hunter@broker:9092",
      KAFKA_API_KEY: "kafka-key",
      KAFKA_SASL_MECHANISM: "GSSAPI",
      KAFKA_BUFFER_MIB: "many",
    }).ended;
    expect({ code, out }).toEqual({ code: 1, out: "" });
    for (const fault of [
      "COINBASE_PASSPHRASE not set",
      "COINBASE_SECRET is not base64",
      "KAFKA_BOOTSTRAP_SERVERS is nonsense: host:port is expected",
      "KAFKA_API_SECRET is not set",
      "KAFKA_SASL_MECHANISM is GSSAPI: one of PLAIN",
      "KAFKA_BUFFER_MIB is many: a whole number",
      "SCHEMA_REGISTRY_URL is not set",
    ])
      expect(err).toContain(fault);
    expect(err).not.toMatch(/not\*base64\*secret|hunter/);
    expect(err).not.toContain("    at ");
  });

  it.each(["simulator", "wss://ws-direct.sandbox.exchange.coinbase.com", "ws://127.0.0.1:1"])(
    "made-up data (%s) do not go to a broker on another machine",
    async (source) => {
      const env = { KAFKA_BOOTSTRAP_SERVERS: "broker.example:9092", SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" };
      const { code, err } = await run(env, "--source", source).ended;
      expect(code).toBe(1);
      expect(err).toContain("broker.example:9092 is not on this machine");
      expect(err).toContain("--allow-synthetic");
    },
  );

  it.each([
    [["--shard", "0/3"], "--shard 0/3: I/N is expected"],
    [["--shard", "4/3"], "--shard 4/3: I/N is expected"],
    [["--for", "long"], "--for is long: a duration"],
    [["--source", "https://api.exchange.coinbase.com"], "--source: a URL as wss://"],
    [["--source", "wss://me:secret@host"], "host has credentials in its URL"],
    [["--sauce"], "Unknown option '--sauce'"],
    [["now"], "unexpected argument, number 1"],
  ])("%j is refused with exit code 2", async (args, message) => {
    const { code, err } = await run({}, ...args).ended;
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).not.toContain("secret");
  });
});

it("lists what the exchange offers, with its status and steps, without keys or Kafka", async () => {
  const { url } = await exchange();
  const { code, out } = await run({}, "--list-products", "--source", url).ended;
  expect(code).toBe(0);
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
  expect(lines.map(([id]) => id)).toEqual(["BTC-USD", "DOGE-USD", "ETH-USD", "SOL-USD", "XRP-USD"]);
  expect(lines[0]!.slice(1)).toEqual(["online", "0.00000001", "0.01"]);
});

it("says within seconds that nothing listens where Kafka should be", async () => {
  const broker = `127.0.0.1:${await deadPort()}`;
  const env = { KAFKA_BOOTSTRAP_SERVERS: broker, SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" };
  const { code, err } = await run(env, "--source", recording(recent())).ended;
  expect(code).toBe(1);
  expect(err.trimEnd()).toBe(
    `cannot connect to Kafka. ${broker}: nothing listens there (ECONNREFUSED). Is the broker running?`,
  );
});
