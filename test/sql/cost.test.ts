import { join } from "node:path";
import { expect, it } from "vitest";
import { costOf, formatCosts } from "../../sql/duckdb/cost.ts";
import { openWarehouse } from "../../sql/duckdb/warehouse.ts";
import { newFolder } from "../folder.ts";

/** A warehouse with one trade in each of three hours. */
async function threeHours() {
  const warehouse = await openWarehouse(join(newFolder(), "warehouse.duckdb"));
  const connection = await warehouse.connect();
  for (const hour of ["05", "06", "07"]) {
    await connection.run(
      `INSERT INTO coinbase_trades (product_id, trade_id, sequence, time, received_at, price, size, side, maker_order_id)
       VALUES ('BTC-USD', ${hour}, 1, '2016-03-12 ${hour}:30:00+00', '2016-03-12 ${hour}:30:01+00', '413.02', '0.1194é', 'buy', NULL)`,
    );
  }
  return { warehouse, connection };
}

// By BigQuery's table of sizes: product_id 2 + 7, trade_id, sequence, time, received_at 8 each, price 2 + 6, size 2 + 8 (é is two bytes).
const candleBytes = 9 + 4 * 8 + 8 + 10;

it("a query costs the columns it needs, in the hours it touches, by BigQuery's sizes", async () => {
  const { warehouse, connection } = await threeHours();
  const cost = async (name: string, parameters = {}) => (await costOf(connection, name, parameters))[0]!;
  expect(await cost("candles")).toMatchObject({ table: "coinbase_trades", rows: 3, processed: 3 * candleBytes });
  // The side is 2 + 3 bytes; the order ids are NULL, and cost nothing.
  expect(await cost("trades")).toMatchObject({ rows: 3, processed: 3 * (candleBytes + 5) });
  const of = (in_start: string, in_stop: string, in_seconds = "60") =>
    cost("candles", { in_start, in_stop, in_seconds });
  expect(await of("2016-03-12T06:00:00Z", "2016-03-12T07:00:00Z")).toMatchObject({ rows: 1, processed: candleBytes });
  expect(await of("2016-03-12T06:59:00Z", "2016-03-12T07:01:00Z")).toMatchObject({ rows: 2 });
  expect(await of("2016-03-12T06:59:00Z", "2016-03-12T07:00:00Z", "86400")).toMatchObject({ rows: 3 });
  warehouse.close();
});

it("is billed by the MiB, at least ten for a table", async () => {
  const { warehouse, connection } = await threeHours();
  expect((await costOf(connection, "trades", {}))[0]!.billed).toBe(10 * 1024 * 1024);
  expect(formatCosts([{ table: "t", columns: ["a"], rows: 1, processed: 11_000_000, billed: 11 * 1024 * 1024 }])).toBe(
    "t: 11,000,000 bytes in 1 rows (a)\nbilled: 11 MiB, $0.000066 on demand\n",
  );
  warehouse.close();
});
