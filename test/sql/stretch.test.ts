import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWarehouse, type Warehouse } from "../../sql/duckdb/warehouse.ts";
import { parseObject, readObjects } from "../../sql/objects.ts";
import { checkObject, checkObjects } from "../../sql/style/object.ts";

const times = ["05:59:59.999999", "06:00:00", "06:00:59.999999", "06:01:00", "06:01:30.5", "07:00:00"].map(
  (time) => `2016-03-12 ${time}`,
);

const folder = mkdtempSync(join(tmpdir(), "tapeline-test-"));
let warehouse: Warehouse;
let connection: DuckDBConnection;

beforeAll(async () => {
  warehouse = await openWarehouse(join(folder, "warehouse.duckdb"));
  connection = await warehouse.connect();
  for (const [i, time] of times.entries()) {
    await connection.run(
      `INSERT INTO coinbase_trades (product_id, trade_id, sequence, time, received_at, price, size, side)
       VALUES ('BTC-USD', ${i}, ${i}, '${time}+00', '${time}+00', '413.02', '0.1194', 'buy')`,
    );
  }
});

afterAll(() => {
  warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const micros = (time: string): bigint => {
  const [whole, fraction = ""] = time.split(".");
  return BigInt(Date.parse(`${whole!.replace(" ", "T")}Z`)) * 1000n + BigInt(fraction.padEnd(6, "0"));
};

/** The buckets with trades, by the definition: start aligned down, stop up and exclusive; none where stop is not behind start. */
function expectedBuckets(start: string, stop: string, seconds: number): bigint[] {
  const width = BigInt(seconds) * 1_000_000n;
  const [from, to] = [micros(start), micros(stop)];
  const buckets = times
    .map(micros)
    .filter((time) => from < to && time >= from - (from % width) && time < to + ((width - (to % width)) % width))
    .map((time) => time - (time % width));
  return [...new Set(buckets)];
}

const functions = readObjects().filter(({ kind }) => kind === "table function");

describe.each(functions.map(({ name }) => name))("%s", (name) => {
  const buckets = async (start: string, stop: string, seconds: number): Promise<bigint[]> => {
    const result = await connection.runAndReadAll(
      `SELECT DISTINCT epoch_us(time) FROM ${name}(NULL, TIMESTAMPTZ '${start}+00', TIMESTAMPTZ '${stop}+00', ${seconds}) ORDER BY 1`,
    );
    return result.getRows().map(([time]) => time as bigint);
  };

  it.each([
    ["empty", "2016-03-12 06:00:00", "2016-03-12 06:00:00"],
    ["empty, inside a bucket", "2016-03-12 06:00:30", "2016-03-12 06:00:30"],
    ["reversed", "2016-03-12 07:00:00", "2016-03-12 06:00:00"],
    ["reversed, inside one bucket", "2016-03-12 06:00:40", "2016-03-12 06:00:20"],
    ["reversed by a microsecond", "2016-03-12 06:00:00.000001", "2016-03-12 06:00:00"],
  ])("gives no row of a stretch that is %s", async (_, start, stop) => {
    for (const seconds of [1, 60, 3600, 86_400]) expect(await buckets(start, stop, seconds)).toEqual([]);
  });

  it("aligns the start down and the stop up, exclusively, whatever stands beside for the sake of partitions", async () => {
    const edges = [
      ...times,
      "2016-03-12 06:00:30",
      "2016-03-12 06:00:00.000001",
      "2016-03-11 00:00:00",
      "2016-03-13 00:00:00",
    ];
    for (const start of edges) {
      for (const stop of edges) {
        for (const seconds of [1, 7, 60, 3600]) {
          const expected = expectedBuckets(start, stop, seconds);
          expect([start, stop, seconds, await buckets(start, stop, seconds)]).toEqual([start, stop, seconds, expected]);
        }
      }
    }
  });
});

describe("a table function whose bounds are aligned to buckets", () => {
  const { file, body } = functions.find(({ name }) => name === "candles")!;
  const head =
    "-- Candles.\n-- table function: in_product STRING, in_start TIMESTAMP, in_stop TIMESTAMP, in_seconds INT64\n";
  const checked = (change: (body: string) => string) => () =>
    checkObject(parseObject("candles.sql", head + change(body)), checkObjects(readObjects()).relations);

  it("passes as it is", () => {
    expect(file).toBe("sql/candles.sql");
    expect(checked((text) => text)).not.toThrow();
  });

  it.each([
    [
      "without in_start < in_stop",
      "AND in_start < in_stop",
      "",
      /^sql\/candles\.sql:1\d:9: an empty or reversed stretch would give a bucket: write in_start < in_stop AND/,
    ],
    [
      "without a plain lower bound",
      "AND time >= TIMESTAMP_SUB(in_start, INTERVAL (in_seconds) SECOND)",
      "",
      /^sql\/candles\.sql:1\d:9: .* write time >= TIMESTAMP_SUB\(in_start, INTERVAL \(in_seconds\) SECOND\) AND/,
    ],
    [
      "without a plain upper bound",
      "AND time < TIMESTAMP_ADD(in_stop, INTERVAL (in_seconds) SECOND)",
      "",
      /^sql\/candles\.sql:1\d:9: .* write time < TIMESTAMP_ADD\(in_stop, INTERVAL \(in_seconds\) SECOND\) AND/,
    ],
    [
      "with a plain bound that is narrower than a bucket",
      "TIMESTAMP_SUB(in_start, INTERVAL (in_seconds) SECOND)",
      "TIMESTAMP_SUB(in_start, INTERVAL 1 SECOND)",
      /write time >= TIMESTAMP_SUB\(in_start, INTERVAL \(in_seconds\) SECOND\) AND/,
    ],
    [
      "with a plain bound that is one of two",
      "AND in_start < in_stop",
      "OR in_start < in_stop",
      /an empty or reversed stretch would give a bucket/,
    ],
  ])("is refused %s", (_, part, instead, message) => {
    expect(body).toContain(part);
    expect(checked((text) => text.replace(part, instead))).toThrow(message);
  });
});
