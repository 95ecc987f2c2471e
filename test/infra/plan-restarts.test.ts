import { describe, expect, it } from "vitest";
import type { PlannedChange } from "../../infra/terraform/plan.ts";
import { startsAgain } from "../../infra/terraform/plan-restarts.ts";

type Body = Readonly<Record<string, unknown>>;

function change(address: string, actions: string, before: Body | null, after: Body | null, more = {}): PlannedChange {
  const [type] = address.split(".");
  return {
    address,
    type: type!,
    mode: "managed",
    change: { actions: actions.split(" "), before, after, ...more },
  };
}

const topic = (name: string, days: number) => {
  const body = { topic_name: name, config: { "retention.ms": String(days * 86_400_000) } };
  return change(`confluent_kafka_topic.${name}`, "no-op", body, body);
};
const topics = [topic("coinbase_full", 7), topic("coinbase_level2", 2), topic("coinbase_trades", 7)];
const applied = change("terraform_data.streaming-statements-apply", "delete create", {}, {});
const settings = { name: "sink", topics: "coinbase_full,coinbase_trades" };
const sink = (actions: string, before: Body | null, more: Body = {}) =>
  change("confluent_connector.sink", actions, before, { config_nonsensitive: { ...settings, ...more } });
const server = (actions: string, before: Body | null, more = {}) =>
  change("confluent_ksql_cluster.ksqldb", actions, before, { csu: 2 }, more);

const first = (texts: readonly string[]) => texts.map((text) => text.split("\n")[0]);

describe("what starts again", () => {
  it("is another ksqlDB cluster, told with why, how far back it reads, what is written twice and what is lost", () => {
    const csu = { replace_paths: [["csu"]] };
    const [text, ...more] = startsAgain([server("delete create", { csu: 1 }, csu), applied, ...topics], []);
    expect(more).toEqual([]);
    expect(text!.split("\n").map((line) => line.trim())).toEqual([
      "confluent_ksql_cluster.ksqldb is replaced (csu 1 → 2): the statements are dropped, and begin at the oldest record of coinbase_full (7 days back); coinbase_level2 (2 days back)",
      expect.stringMatching(
        /^written twice: what coinbase_trades, coinbase_book_changes, coinbase_bars_1s, coinbase_bars_1m have of that time, in their topics and in BigQuery\. Views and functions keep one row/,
      ),
      "lost: nothing; rows from before that time are as they were",
    ]);
  });

  it("is a set of statements that is dropped on the cluster that stays", () => {
    const teardown = change("terraform_data.streaming-statements-teardown", "delete create", {}, {});
    expect(first(startsAgain([teardown, applied, ...topics], []))).toEqual([
      expect.stringMatching(/^terraform_data\.streaming-statements-teardown is replaced: the statements are dropped/),
    ]);
  });

  it("is a sink of another name, by another consumer group from the oldest record", () => {
    const before = { config_nonsensitive: { ...settings, name: "old" } };
    expect(first(startsAgain([sink("delete create", before), ...topics], []))).toEqual([
      "confluent_connector.sink is replaced (name old → sink): another consumer group, which begins at the oldest record of coinbase_full, coinbase_trades (7 days back)",
    ]);
  });

  it("is a sink that begins at the newest record, which loses what is on its way", () => {
    const latest = sink("delete create", {}, { "consumer.override.auto.offset.reset": "latest" });
    const [text] = startsAgain([latest, ...topics], []);
    expect(text).toContain("begins at the newest record (latest)\n    lost: what the old one has not written yet");
    expect(text).not.toContain("written twice");
  });

  it("is what someone deleted by hand, which Terraform found", () => {
    const drift = [server("delete", { csu: 1 }), change("confluent_connector.sink", "delete", {}, null)];
    expect(first(startsAgain([server("create", null), sink("create", null), applied, ...topics], drift))).toEqual([
      expect.stringContaining("confluent_ksql_cluster.ksqldb is replaced, because it was deleted by hand"),
      expect.stringContaining("confluent_connector.sink is replaced, because it was deleted by hand"),
    ]);
  });

  it.each<[string, PlannedChange[]]>([
    ["what is made for the first time", [server("create", null), sink("create", null), ...topics]],
    ["what changes in place", [server("no-op", { csu: 2 }), sink("update", { config_nonsensitive: settings })]],
    ["what is deleted for good", [server("delete", { csu: 1 }), sink("delete", {})]],
    [
      "a server that was half made, before a statement was applied",
      [server("delete create", { csu: 2 }), change("terraform_data.streaming-statements-apply", "create", null, {})],
    ],
    [
      "what goes with its Kafka cluster, and all topics",
      [change("confluent_kafka_cluster.kafka", "delete create", {}, {}), server("delete create", { csu: 1 }), applied],
    ],
  ])("is not %s", (_, changes) => {
    expect(startsAgain(changes, [])).toEqual([]);
  });
});
