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
-- Bars of one second, from the trades. A row is written whenever a window has changed: the one with the most trades is the
-- fullest, and the view `bars_1s` keeps it. A window takes trades for a day after its end, so a healed trade still counts.
CREATE TABLE coinbase_bars_1s WITH (
  KAFKA_TOPIC = 'coinbase_bars_1s',
  KEY_FORMAT = 'KAFKA',
  VALUE_FORMAT = 'AVRO',
  VALUE_SCHEMA_FULL_NAME = 'tapeline.coinbase_bars_1s',
  PARTITIONS = 6,
  RETENTION_MS = 604800000
) AS
SELECT
  product_key,
  AS_VALUE(product_key) AS `product_id`, -- Product, for example BTC-USD.
  WINDOWSTART * 1000 AS `time`, -- [timestamp] Start of the window.
  TOPK(0 - `trade_id`, `price`, 1)[1]->`col0` AS `open`, -- Price of the trade with the lowest id.
  CAST(MAX(CAST(`price` AS DECIMAL(38, 9))) AS STRING) AS `high`, -- Highest price.
  CAST(MIN(CAST(`price` AS DECIMAL(38, 9))) AS STRING) AS `low`, -- Lowest price.
  TOPK(`trade_id`, `price`, 1)[1]->`col0` AS `close`, -- Price of the trade with the highest id.
  CAST(SUM(CAST(`size` AS DECIMAL(38, 9))) AS STRING) AS `volume`, -- Amount traded, in base currency.
  CAST(SUM(CAST(`price` AS DECIMAL(38, 9)) * CAST(`size` AS DECIMAL(38, 9))) AS STRING) AS `value`, -- Sum of price × size, in quote currency.
  CAST(SUM(CASE WHEN `side` = 'sell' THEN CAST(`size` AS DECIMAL(38, 9)) ELSE CAST(0 AS DECIMAL(38, 9)) END) AS STRING) AS `buy_volume`, -- What takers bought of the volume.
  CAST(SUM(CASE WHEN `side` = 'sell' THEN CAST(`price` AS DECIMAL(38, 9)) * CAST(`size` AS DECIMAL(38, 9)) ELSE CAST(0 AS DECIMAL(77, 18)) END) AS STRING) AS `buy_value`, -- What takers bought of the value.
  COUNT(*) AS `trades`, -- Number of trades.
  COUNT(CASE WHEN `side` = 'sell' THEN 1 END) AS `buys` -- Number of trades in which the taker bought.
-- From the raw topic: a derived stream that is created again writes its rows again, and whoever aggregates it counts them twice.
-- The side there is the maker's: the taker bought where the maker sold.
FROM coinbase_full
WINDOW TUMBLING (SIZE 1 SECOND, RETENTION 2 DAYS, GRACE PERIOD 1 DAY)
WHERE `type` = 'match' AND `trade_id` IS NOT NULL
GROUP BY product_key
EMIT CHANGES;
