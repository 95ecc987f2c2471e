import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeTables, lockText } from "../ksqldb/describe.ts";
import { readStatements } from "../ksqldb/statements.ts";
import { encoder } from "../topics/encode.ts";
import { readSchema, unwrap } from "../schemas/avro.ts";
import { catalog, namespace, rawTopics } from "../schemas/catalog.ts";
import { lockFile, readTables } from "../schemas/tables.ts";

describe("the schemas", () => {
  it.each(rawTopics)("%s bears its topic's name, and every field says what it means", (topic) => {
    const schema = readSchema(topic);
    expect([schema.name, schema.namespace]).toEqual([topic, namespace]);
    expect(schema.fields.filter((field) => !field.doc?.endsWith("."))).toEqual([]);
  });

  it.each(rawTopics)("%s can evolve: fields are nullable with default null but for those of its identity", (topic) => {
    const mandatory = readSchema(topic)
      .fields.filter((field) => !unwrap(field.type).nullable)
      .map((field) => field.name);
    const identity =
      { coinbase_level2: ["session", "frame"], feed_quarantine: ["session", "frame"] }[topic as string] ?? [];
    const named = topic === "feed_quarantine" ? ["time"] : ["type", "product_id", "time", "received_at"];
    expect(mandatory).toEqual([...named, ...identity]);
    expect(readSchema(topic).fields.filter((field) => unwrap(field.type).nullable && field.default !== null)).toEqual(
      [],
    );
  });
});

describe("the tables", () => {
  it("are up to date (npm run ksqldb -- describe --write)", () => {
    expect(readFileSync(lockFile, "utf8")).toBe(lockText(describeTables(readStatements().plans)));
  });

  it("are those of the catalogue's sunk topics; every column has a description; the partition column is never null", () => {
    expect(readTables().map(({ name }) => name)).toEqual(catalog.filter(({ table }) => table).map(({ name }) => name));
    for (const { columns, partitionBy, clusterBy } of readTables()) {
      expect(columns.filter(({ description }) => description === "")).toEqual([]);
      expect(columns.find(({ name }) => name === partitionBy.column)).toMatchObject({
        type: "TIMESTAMP",
        mode: "REQUIRED",
      });
      expect(columns.map(({ name }) => name)).toEqual(expect.arrayContaining([...clusterBy]));
    }
  });

  it("of derived topics inherit type and meaning from the raw field that a column passes through", () => {
    const column = (table: string, name: string) =>
      readTables()
        .find((shape) => shape.name === table)!
        .columns.find((candidate) => candidate.name === name)!;
    expect(column("coinbase_trades", "received_at")).toMatchObject({
      type: "TIMESTAMP",
      description: column("coinbase_full", "received_at").description,
    });
    expect(column("coinbase_trades", "side").description).toContain("taker");
    expect(column("coinbase_book_changes", "index")).toMatchObject({ type: "INT64", mode: "NULLABLE" });
  });
});

it("a value has the Confluent wire format: a zero byte, the schema's id in four, the fields in the schema's order", () => {
  const bytes = encoder(() => 0x01020304)("feed_quarantine", {
    time: 1,
    product_id: "A",
    session: "s",
    frame: 2,
    type: null,
    reason: null,
    raw: null,
    encoding: null,
    length: null,
    sha256: null,
  });
  // time 1, branch 1 "A", "s", frame 2, six nulls: Avro's zigzag and length prefixes, by hand.
  expect([...bytes]).toEqual([0, 1, 2, 3, 4, 2, 2, 2, 65, 2, 115, 4, 0, 0, 0, 0, 0, 0]);
});
