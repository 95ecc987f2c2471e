-- What takers bought and sold: per product, bucket of `in_seconds` and side of the taker the base currency (volume), the
-- quote currency (value) and the number of trades. Arguments as of candles.
-- table function: in_product STRING, in_start TIMESTAMP, in_stop TIMESTAMP, in_seconds INT64
-- The bucketing of candles, written again: whether BigQuery prunes partitions through one table function inside another can be
-- seen on BigQuery only, and a query that is not pruned is refused.
WITH bucketed AS (
  SELECT
    product_id,
    TIMESTAMP_BUCKET(time, INTERVAL (in_seconds) SECOND, TIMESTAMP '1970-01-01 00:00:00+00') AS bucket,
    side,
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
  side,
  SUM(size) AS volume,
  SUM(value) AS value,
  COUNT(*) AS trades
FROM bucketed
GROUP BY product_id, bucket, side
