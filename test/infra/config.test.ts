import { describe, expect, it } from "vitest";
import { configOf } from "./synth.ts";

describe("the configuration of the infrastructure", () => {
  it("is complete without a single variable", () => {
    const { environment, region, cluster, isProtected, tables } = configOf();
    expect({ environment, region, isProtected, tier: cluster.tier, tables: tables.length }).toEqual({
      environment: "dev",
      region: "us-central1",
      isProtected: false,
      tier: "basic",
      tables: 7,
    });
  });

  it("protects prod, and gives it roles in place of access rules", () => {
    const { isProtected, cluster } = configOf({ TAPELINE_ENVIRONMENT: "prod" });
    expect({ isProtected, tier: cluster.tier }).toEqual({ isProtected: true, tier: "standard" });
  });

  it("tells every fault in one message", () => {
    const faulty = {
      TAPELINE_ENVIRONMENT: "staging",
      CONFLUENT_REGION: "mars",
      KSQLDB_CSU: "3",
      HOURLY_EXPIRATION_DAYS: "401",
      BIGQUERY_TABLES: "coinbase_trades,coinbase_level2,coinbase_tardes",
      GOOGLE_PROJECT: "My Project",
      BILLING_ACCOUNT: "123",
      ANALYSTS: "someone@example.com",
      COINBASE_PRODUCTS: "BTC-USD,bitcoin",
      STATE_BUCKET: "Bucket",
    };
    const message = (() => {
      try {
        configOf(faulty);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    })();
    for (const name of Object.keys(faulty)) expect(message).toContain(name);
    expect(message).toContain("coinbase_level2, a topic that has no table");
    expect(message).toContain("coinbase_tardes, which is not a topic");
    expect(message).toContain("bitcoin");
    expect(message).toContain("1, 2, 4, 8");
  });

  it("takes products quoted in what the exchange has had, and patterns", () => {
    const products = "BTC-USD,ETH-BTC,BTC-GBP,ETH-DAI,USDT-EUR,SOL-USDC,*-USDT,ETH-*,BAT-ETH,ETH-USDS";
    expect(configOf({ COINBASE_PRODUCTS: products }).products).toBe(products);
  });

  it("refuses two regions, and says why", () => {
    expect(() => configOf({ CONFLUENT_REGION: "europe-west3", BIGQUERY_LOCATION: "EU" })).toThrow(
      "BIGQUERY_LOCATION is EU and CONFLUENT_REGION europe-west3: the sink writes within one region only",
    );
    expect(configOf({ CONFLUENT_REGION: "europe-west3", BIGQUERY_LOCATION: "europe-west3" }).region).toBe(
      "europe-west3",
    );
  });

  it.each<[Record<string, string>, string]>([
    [{ CONFLUENT_AVAILABILITY: "MULTI_ZONE" }, "a basic cluster has one zone"],
    [
      { CONFLUENT_CLUSTER_TYPE: "standard", CONFLUENT_AVAILABILITY: "MULTI_ZONE", CONFLUENT_MAX_ECKU: "1" },
      "needs at least 2",
    ],
    [{ BIGQUERY_TABLES: " , " }, "BIGQUERY_TABLES is empty"],
    [{ COINBASE_PRODUCTS: "BTC-USD,FOO-BAR" }, "COINBASE_PRODUCTS has FOO-BAR, and nothing is quoted in BAR"],
    [{ SINK_KEY_FILE: "key.json" }, "SINK_KEY_FILE is set, which is read with SINK_KEY=given only"],
    ...["0", "1,1", "1,2,3", "one", "-1"].map((keys): [Record<string, string>, string] => [
      { KEYS: keys },
      `KEYS is ${keys}: a number, or two`,
    ]),
  ])("refuses %j", (variables, reason) => {
    expect(() => configOf(variables)).toThrow(reason);
  });
});
