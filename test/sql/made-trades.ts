/** Many trades in a warehouse, made by DuckDB itself: for what takes long. */
import type { DuckDBConnection } from "@duckdb/node-api";

/** Their views take seconds for every hundred thousand. */
export async function makeTrades(connection: DuckDBConnection, count: number): Promise<void> {
  await connection.run(`
    INSERT INTO coinbase_trades BY NAME
    SELECT 'P' || (i % 10) || '-USD' AS product_id, i AS trade_id, i AS sequence, to_timestamp(1790000000 + i / 20.0) AS time,
      to_timestamp(1790000000 + i / 20.0) AS received_at, CAST(60000 + i % 9973 AS VARCHAR) || '.25' AS price,
      '0.' || lpad(CAST(1 + i % 99991 AS VARCHAR), 8, '0') AS size, 'buy' AS side, md5(CAST(i AS VARCHAR)) AS maker_order_id
    FROM range(1, ${count + 1}) r(i)`);
}
