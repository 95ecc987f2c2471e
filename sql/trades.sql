-- Trades, one row each, with exact types. `side` is the taker's; `value` is price × size in quote currency.
-- view
SELECT
  product_id,
  trade_id,
  time,
  side,
  CAST(price AS NUMERIC) AS price,
  CAST(size AS NUMERIC) AS size,
  CAST(price AS BIGNUMERIC) * CAST(size AS BIGNUMERIC) AS value,
  maker_order_id,
  taker_order_id,
  sequence,
  received_at
FROM coinbase_trades
-- A trade may arrive twice. `time` is in the key so that a filter on it reaches the partitions.
QUALIFY ROW_NUMBER() OVER (PARTITION BY product_id, trade_id, time ORDER BY received_at, sequence) = 1
