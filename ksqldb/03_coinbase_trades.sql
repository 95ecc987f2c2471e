-- Trades, one row a match. A `last_match` repeats a trade of the past: an anchor of continuity, no trade of its own.
CREATE STREAM coinbase_trades WITH (
  KAFKA_TOPIC = 'coinbase_trades',
  KEY_FORMAT = 'KAFKA',
  VALUE_FORMAT = 'AVRO',
  VALUE_SCHEMA_FULL_NAME = 'tapeline.coinbase_trades',
  PARTITIONS = 6,
  RETENTION_MS = 604800000
) AS
SELECT
  product_key,
  AS_VALUE(product_key) AS `product_id`, -- Product, for example BTC-USD.
  `trade_id`,
  `sequence`,
  `time`,
  `received_at`,
  `price`,
  `size`,
  CASE WHEN `side` = 'buy' THEN 'sell' WHEN `side` = 'sell' THEN 'buy' END AS `side`, -- Side of the taker (the incoming order): buy or sell. The feed tells the maker's.
  `maker_order_id`,
  `taker_order_id`
FROM coinbase_full
WHERE `type` = 'match'
EMIT CHANGES;
