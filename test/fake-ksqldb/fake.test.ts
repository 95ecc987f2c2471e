/** The fake ksqlDB answers what a real one (7.9.0) answered: its status, its code, its words, the shape of its bodies. */
import { expect, it } from "vitest";
import { describeOracle } from "../evidence.ts";
import { createdBy, readExchanges, readLines } from "./exchanges.ts";
import { startServer } from "./server.ts";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Request = string | { readonly path: string } | { readonly ksql: string; readonly [more: string]: unknown };

describeOracle("the fake is like the real ksqlDB", (oracle) => {
  const exchanges = readExchanges(oracle);
  const sent = (name: string) => createdBy(exchanges, name);
  const replaced = (name: string) => sent(name).replace("CREATE", "CREATE OR REPLACE");
  const answers = readLines<{ case: string; real: Answer }>(oracle, "real-and-fake.ndjson");
  const avro = "KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO'";
  const raw = (name: string) =>
    `CREATE STREAM ${name} (product_key STRING KEY, \`type\` STRING) WITH (KAFKA_TOPIC='feed_quarantine', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON');`;
  const sink = (properties: string) =>
    `CREATE STREAM y WITH (KAFKA_TOPIC='coinbase_ticker', ${properties}, VALUE_FORMAT='AVRO') AS SELECT product_key, \`type\` FROM coinbase_full EMIT CHANGES;`;

  /** What was asked, in the order in which it was; each after those before it. */
  const requests: Readonly<Record<string, Request>> = {
    "create existing declared": `CREATE STREAM coinbase_full (product_key STRING KEY, \`type\` STRING) WITH (KAFKA_TOPIC='coinbase_full', ${avro});`,
    "create existing csas": sent("coinbase_trades"),
    "if not exists": `CREATE STREAM IF NOT EXISTS coinbase_full (product_key STRING KEY, \`type\` STRING) WITH (KAFKA_TOPIC='coinbase_full', ${avro});`,
    "replace explode unchanged": replaced("coinbase_book_changes"),
    "replace window unchanged": replaced("coinbase_bars_1s"),
    "replace csas unchanged": replaced("coinbase_trades"),
    "replace csas column dropped": replaced("coinbase_trades").replace("  `sequence`,\n", ""),
    "replace csas column retyped": replaced("coinbase_trades").replace(
      "  `sequence`,",
      "  CAST(`sequence` AS STRING) AS `sequence`,",
    ),
    "replace csas column moved": replaced("coinbase_trades").replace(
      /( {2}`trade_id`,\n)( {2}`sequence`,\n)/,
      (_, one: string, two: string) => two + one,
    ),
    "replace csas other topic": replaced("coinbase_trades").replace("'coinbase_trades'", "'coinbase_trades_v9'"),
    "replace csas other retention": replaced("coinbase_trades").replace("604800000", "604800001"),
    "replace csas other partitions": replaced("coinbase_trades").replace("PARTITIONS = 6", "PARTITIONS = 3"),
    "replace ddl column dropped": `CREATE OR REPLACE STREAM coinbase_level2 (product_key STRING KEY, \`type\` STRING) WITH (KAFKA_TOPIC='coinbase_level2', ${avro});`,
    "drop with readers": "DROP STREAM coinbase_trades;",
    "drop unknown": "DROP STREAM nope;",
    "drop unknown if exists": "DROP STREAM IF EXISTS nope;",
    "drop wrong kind": "DROP TABLE coinbase_trades;",
    "from unknown": "CREATE STREAM x AS SELECT * FROM nope EMIT CHANGES;",
    "no such topic": `CREATE STREAM x (k STRING KEY, a STRING) WITH (KAFKA_TOPIC='nope', ${avro});`,
    "sink with other partitions": sink("PARTITIONS=3"),
    "sink with other retention": sink("PARTITIONS=6, RETENTION_MS=1000"),
    "syntax error": "CREATE STREAM oops (;",
    "syntax error 2": "CREATE STREAM oops AS SELECT product_key, size FROM coinbase_full;",
    "unknown column":
      "CREATE STREAM oops WITH (VALUE_FORMAT='AVRO') AS SELECT product_key, `nope` FROM coinbase_full EMIT CHANGES;",
    "terminate unknown": "TERMINATE CSAS_NOPE_1;",
    "explain unknown": "EXPLAIN CSAS_NOPE_1;",
    "describe unknown": "DESCRIBE NOPE;",
    "alter csas": "ALTER STREAM coinbase_trades ADD COLUMN z STRING;",
    "alter unknown": "ALTER STREAM nope ADD COLUMN z STRING;",
    "insert query": "INSERT INTO coinbase_book_changes SELECT * FROM coinbase_book_changes EMIT CHANGES;",
    "insert query 2": raw("raw2"),
    "insert into 3": "INSERT INTO raw2 SELECT product_key, `type` FROM coinbase_full EMIT CHANGES;",
    "drop with insert": "DROP STREAM raw2;",
    "delete topic shared": raw("raw3"),
    "delete topic shared 2": "DROP STREAM raw3 DELETE TOPIC;",
    "alter declared": "ALTER STREAM raw3 ADD COLUMN z STRING;",
    "select to /ksql": "SELECT * FROM coinbase_full EMIT CHANGES LIMIT 1;",
    set: "SET 'auto.offset.reset'='earliest';",
    two: "LIST STREAMS; LIST TABLES;",
    empty: "",
    "unknown property": { ksql: "LIST STREAMS;", streamsProperties: { "no.such.property": "x" } },
    "status unknown": { path: "/status/stream/NOPE/create" },
    "status ok": { path: "/status/stream/%60COINBASE_TRADES%60/create" },
    root: { path: "/" },
    info: { path: "/info" },
    health: { path: "/healthcheck" },
    "seq ahead": { ksql: "LIST STREAMS;", commandSequenceNumber: 99_999 },
  };

  it("in all 47 cases that were asked of the real one", async () => {
    expect(answers.map((one) => one.case)).toEqual(Object.keys(requests));
    const fake = await startServer();
    try {
      const ask = async (request: Request): Promise<Answer> => {
        const question = typeof request === "string" ? { ksql: request } : request;
        const init =
          "ksql" in question
            ? { method: "POST", body: JSON.stringify({ streamsProperties: {}, ...question }) }
            : undefined;
        const answer = await fetch(fake.url + ("ksql" in question ? "/ksql" : question.path), init);
        const text = await answer.text();
        return { status: answer.status, body: text.startsWith("<") ? text : JSON.parse(text) };
      };
      const names = ["full", "level2", "trades", "book_changes", "bars_1s", "bars_1m"];
      for (const name of names) await ask(sent(`coinbase_${name}`));
      const found: Record<string, unknown> = {};
      const expected: Record<string, unknown> = {};
      for (const { case: name, real } of answers) {
        found[name] = comparable(await ask(requests[name]!));
        expected[name] = comparable(real);
      }
      expect(found).toEqual(expected);
    } finally {
      fake.close();
    }
  });
});

/** An answer without what differs from one server, and one day, to the next: counters, ids, and what a list lists. */
function comparable({ status, body }: Answer): unknown {
  const plain = (value: unknown, name = ""): unknown => {
    if (name === "kafkaClusterId" || name === "commandSequenceNumber") return typeof value;
    if (name === "streams" || name === "tables") return shapes(value as object[]);
    // Spaces at the ends of lines are what comments left.
    if (typeof value === "string")
      return value.replaceAll(/((CSAS|CTAS|INSERTQUERY)\w*?)_\d+/g, "$1_N").replaceAll(/ +\n/g, "\n");
    if (Array.isArray(value)) return value.map((item) => plain(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, key)]));
  };
  const shapes = (rows: readonly object[]) =>
    Object.keys(rows[0]!).map((key) => [key, typeof rows[0]![key as keyof object]]);
  return { status, body: plain(body) };
}
