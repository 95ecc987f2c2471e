import { DuckDBDataChunk, DuckDBInstance, BIGINT, BOOLEAN, DOUBLE, TIMESTAMPTZ, VARCHAR } from "@duckdb/node-api";
import bindings from "@duckdb/node-bindings";
import avsc from "avsc";
import { expect, it } from "vitest";
import type { AvroRecord } from "../../schemas/avro.ts";
import { rowReader } from "../../sql/duckdb/avro-rows.ts";
import { BooleanColumn, NumberColumn, TextColumn } from "../../sql/duckdb/columns.ts";

const nullable = (name: string, type: string) => ({ name, type: ["null", type] as ["null", string], default: null });
const schema: AvroRecord = {
  type: "record",
  name: "sample",
  namespace: "test",
  fields: [
    nullable("text", "string"),
    nullable("skipped", "string"),
    nullable("whole", "long"),
    { name: "time", type: { type: "long", logicalType: "timestamp-micros" } },
    nullable("real", "double"),
    nullable("flag", "boolean"),
  ],
};

/** What DuckDB holds of rows that were written with avsc and read by our reader. */
async function throughDuckDb(rows: readonly object[]) {
  const columns = {
    text: new TextColumn(),
    whole: new NumberColumn(),
    time: new NumberColumn(),
    real: new NumberColumn(),
    flag: new BooleanColumn(),
  };
  const read = rowReader(schema, new Map(Object.entries(columns)));
  const type = avsc.Type.forSchema(schema as avsc.Schema);
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("CREATE TABLE t (text VARCHAR, whole BIGINT, time TIMESTAMPTZ, real DOUBLE, flag BOOLEAN)");
  const appender = await connection.createAppender("t");
  // Two chunks from the same columns: what the first left behind must not show in the second.
  const half = Math.ceil(rows.length / 2);
  for (const part of [rows.slice(0, half), rows.slice(half)]) {
    part.forEach((row, i) => read(Buffer.concat([Buffer.alloc(5), type.toBuffer(row)]), i));
    const chunk = DuckDBDataChunk.create([VARCHAR, BIGINT, TIMESTAMPTZ, DOUBLE, BOOLEAN], part.length);
    Object.values(columns).forEach((column, i) =>
      column.moveTo(bindings.data_chunk_get_vector(chunk.chunk, i), part.length),
    );
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  const result = await connection.runAndReadAll("SELECT text, whole, epoch_us(time), real, flag FROM t");
  const values = result.getRows().map(([text, whole, time, real, flag]) => ({
    text,
    whole: whole === null ? null : Number(whole),
    time: Number(time),
    real,
    flag,
  }));
  connection.closeSync();
  return values;
}

const withoutSkipped = (row: object) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== "skipped"));

it("values come through Avro and DuckDB as they were, short and long texts, nulls, numbers up to 2^53", async () => {
  const texts = [
    null,
    "",
    "a",
    "twelve bytes",
    "thirteen byte",
    "é".repeat(6),
    "é".repeat(7),
    "x".repeat(70_000),
    "\u0000nul",
  ];
  const wholes = [null, 0, -1, 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53 - 2, -(2 ** 52), 1_700_000_000_000_001];
  const rows = Array.from({ length: 2000 }, (_, i) => ({
    text: texts[i % texts.length]!,
    skipped: i % 3 === 0 ? null : "of no column",
    whole: wholes[i % wholes.length]!,
    time: 1_457_759_316_803_603 + i,
    real: i % 5 === 0 ? null : i / 7,
    flag: i % 4 === 0 ? null : i % 2 === 0,
  }));
  expect(await throughDuckDb(rows)).toEqual(rows.map(withoutSkipped));
});

it("a number beyond 2^53 is refused, and so are bytes that end early or late", () => {
  const read = rowReader({ ...schema, fields: [nullable("whole", "long")] }, new Map([["whole", new NumberColumn()]]));
  const value = (...bytes: number[]) => Buffer.from([0, 0, 0, 0, 1, ...bytes]);
  expect(() => read(value(2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), 0)).toThrow("beyond 2^53");
  expect(() => read(value(2, 0xff), 0)).toThrow("has 7 bytes, but its schema ends at 8");
  expect(() => read(value(0, 0), 0)).toThrow("has 7 bytes, but its schema ends at 6");
});

it("a schema with a type that no column holds is refused", () => {
  const list = { ...schema, fields: [{ name: "list", type: { type: "array" as const, items: "string" } }] };
  expect(() => rowReader(list, new Map())).toThrow("a column cannot hold the Avro type array of the field list");
});
