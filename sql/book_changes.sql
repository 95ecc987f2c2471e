-- Changes of order books, one row a price level: the new size at a price, 0 for a level that is gone.
-- view
SELECT
  product_id,
  time,
  type,
  side,
  CAST(price AS NUMERIC) AS price,
  CAST(size AS NUMERIC) AS size,
  session,
  frame,
  part,
  `index`,
  received_at
FROM coinbase_book_changes
-- Level 2 has no numbers of the exchange: a change is known by its place in its frame.
QUALIFY ROW_NUMBER() OVER (PARTITION BY product_id, time, session, frame, part, `index` ORDER BY received_at) = 1
