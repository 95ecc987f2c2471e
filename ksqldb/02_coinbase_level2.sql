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
