-- Snapshots and updates of order books, as the producer writes them: the changes of a frame in one nested list.
CREATE STREAM coinbase_level2 (
  product_key STRING KEY,
  `type` STRING,
  `product_id` STRING,
  `time` BIGINT,
  `received_at` BIGINT,
  `session` STRING,
  `frame` BIGINT,
  `part` INTEGER,
  `changes` ARRAY<ARRAY<STRING>>,
  `extra` STRING
) WITH (
  KAFKA_TOPIC = 'coinbase_level2',
  KEY_FORMAT = 'KAFKA',
  VALUE_FORMAT = 'AVRO'
);
-- Changes of order books, one row a price level: the nested list of a snapshot or an update, flattened.
CREATE STREAM coinbase_book_changes WITH (
  KAFKA_TOPIC = 'coinbase_book_changes',
  KEY_FORMAT = 'KAFKA',
  VALUE_FORMAT = 'AVRO',
  VALUE_SCHEMA_FULL_NAME = 'tapeline.coinbase_book_changes',
  PARTITIONS = 6,
  RETENTION_MS = 604800000
) AS
SELECT
  product_key,
  AS_VALUE(product_key) AS `product_id`, -- Product, for example BTC-USD.
  `time`,
  `received_at`,
  `type`,
  `session`,
  `frame`,
  `part`,
  EXPLODE(GENERATE_SERIES(1, ARRAY_LENGTH(`changes`))) AS `index`, -- Position of the change in its frame's part, from 1.
  EXPLODE(`changes`)[1] AS `side`, -- Side of the book: buy (bids) or sell (asks).
  EXPLODE(`changes`)[2] AS `price`, -- Price of the level, in quote currency.
  EXPLODE(`changes`)[3] AS `size` -- New size at that price, in base currency; 0 for a level that is gone.
FROM coinbase_level2
WHERE ARRAY_LENGTH(`changes`) > 0
EMIT CHANGES;
