/** What `npm run synth` says of a clone in which something is wrong: the thing, the place and the fix, and no stack. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Clone } from "./clone.ts";

const catalog = "schemas/catalog.ts";

describe("no stack is made", () => {
  it.each<[what: string, file: string, change: (content: string) => string, says: RegExp]>([
    [
      "of a lock that is not JSON",
      "schemas/tables.lock.json",
      (content) => content.replace("[", "[,"),
      /schemas\/tables\.lock\.json: .*JSON.*git checkout -- schemas\/tables\.lock\.json/s,
    ],
    [
      "of a schema that is not JSON",
      "schemas/coinbase_full.avsc",
      (content) => content.replace("{", "{,"),
      /schemas\/coinbase_full\.avsc: .*JSON.*git checkout -- schemas\/coinbase_full\.avsc/,
    ],
    [
      "of a table that the lock does not have",
      "schemas/tables.lock.json",
      (content) =>
        JSON.stringify((JSON.parse(content) as { name: string }[]).filter(({ name }) => name !== "coinbase_trades")),
      /ksqldb\/03_\S+: \[lock-behind\] coinbase_trades: the table is new; .* Fix: npm run ksqldb -- describe --write/,
    ],
    [
      "of a table that the catalogue no longer sinks",
      catalog,
      (content) => content.replace(', table: perHour("product_id", "side")', ""),
      /ksqldb\/04_\S+: \[lock\] coinbase_book_changes: the table is gone; .* Fix: keep it/,
    ],
    [
      "of no partitions",
      catalog,
      (content) => content.replace("partitions: 6", "partitions: 0"),
      /schemas\/catalog\.ts:\d+:3: \[topic\] coinbase_ticker has 0 partitions .* Fix: a whole number of partitions above 0/,
    ],
    [
      "of a derived topic with other partitions than its source",
      catalog,
      (content) => content.replace(/(name: "coinbase_trades", \.\.\.usual)/, "$1, partitions: 3"),
      /schemas\/catalog\.ts:\d+:3: \[topic\] coinbase_trades has 3 partitions and coinbase_full, .* 6: .* Fix: the same number/,
    ],
    [
      "of a view that reads what there is not",
      "sql/trades.sql",
      (content) => content.replaceAll("coinbase_trades", "coinbase_trade"),
      /sql\/trades\.sql reads coinbase_trade, which is not a table, view or function here/,
    ],
    [
      "of a view with what begins an expression of Terraform's",
      "sql/trades.sql",
      (content) => content.replace("product_id,", "'${x}' AS x, product_id,"),
      /sql\/trades\.sql has \$\{ in it, which Terraform takes for its own: write it apart, in SQL as CONCAT\('\$', '\{'\)/,
    ],
    [
      "of a description with the same",
      "sql/trades.sql",
      (content) => content.replace("-- Trades,", "-- Trades of ${x},"),
      /sql\/trades\.sql has \$\{ in it, which Terraform takes for its own/,
    ],
  ])("%s", async (_, file, change, says) => {
    const clone = new Clone([]);
    clone.edit(file, change);
    const { code, output } = await clone.run(["synth"]);
    expect([code, output]).toEqual([1, expect.stringMatching(says)]);
    expect(existsSync(clone.stackDir())).toBe(false);
  });
});
