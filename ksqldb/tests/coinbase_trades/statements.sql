-- The events of the full channel and the matches, as the producer writes them.
CREATE STREAM coinbase_full (
  product_key STRING KEY,
  `type` STRING,
  `product_id` STRING,
  `sequence` BIGINT,
  `time` BIGINT,
  `received_at` BIGINT,
  `side` STRING,
  `order_id` STRING,
  `order_type` STRING,
  `price` STRING,
  `size` STRING,
  `remaining_size` STRING,
  `funds` STRING,
  `client_oid` STRING,
  `reason` STRING,
  `cancel_reason` STRING,
  `trade_id` BIGINT,
  `maker_order_id` STRING,
  `taker_order_id` STRING,
  `old_size` STRING,
  `new_size` STRING,
  `old_price` STRING,
  `new_price` STRING,
  `old_funds` STRING,
  `new_funds` STRING,
  `stop_type` STRING,
  `stop_price` STRING,
  `extra` STRING
) WITH (
  KAFKA_TOPIC = 'coinbase_full',
  KEY_FORMAT = 'KAFKA',
  VALUE_FORMAT = 'AVRO'
);
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
