-- Candles: per product and bucket of `in_seconds` the prices of the first and the last trade (by trade id), the highest
-- and the lowest, and what was traded. Buckets start at multiples of their width since 1970; those without a trade are
-- absent. `in_start` is aligned down, `in_stop` up and exclusive; `in_product` NULL means all.
-- table function: in_product STRING, in_start TIMESTAMP, in_stop TIMESTAMP, in_seconds INT64
WITH bucketed AS (
  SELECT
    product_id,
    TIMESTAMP_BUCKET(time, INTERVAL (in_seconds) SECOND, TIMESTAMP '1970-01-01 00:00:00+00') AS bucket,
    trade_id,
    price,
    size,
    value
  FROM trades
  WHERE (in_product IS NULL OR product_id = in_product)
    AND in_start < in_stop
    -- Plain bounds, a bucket wider than the aligned ones: BigQuery prunes partitions by them for certain.
    AND time >= TIMESTAMP_SUB(in_start, INTERVAL (in_seconds) SECOND)
    AND time < TIMESTAMP_ADD(in_stop, INTERVAL (in_seconds) SECOND)
    AND time >= TIMESTAMP_BUCKET(in_start, INTERVAL (in_seconds) SECOND, TIMESTAMP '1970-01-01 00:00:00+00')
    AND time < TIMESTAMP_BUCKET(
      TIMESTAMP_ADD(TIMESTAMP_SUB(in_stop, INTERVAL 1 MICROSECOND), INTERVAL (in_seconds) SECOND),
      INTERVAL (in_seconds) SECOND,
      TIMESTAMP '1970-01-01 00:00:00+00'
    )
)
SELECT
  product_id,
  bucket AS time,
  MIN_BY(price, trade_id) AS open,
  MAX(price) AS high,
  MIN(price) AS low,
  MAX_BY(price, trade_id) AS close,
  SUM(size) AS volume,
  SUM(value) AS value,
  COUNT(*) AS trades
FROM bucketed
GROUP BY product_id, bucket
