-- Frames that could not be read, one row each, with the reason and the frame as it came.
-- view
SELECT
  time,
  product_id,
  type,
  reason,
  raw,
  encoding,
  length,
  sha256,
  session,
  frame
FROM feed_quarantine
QUALIFY ROW_NUMBER() OVER (PARTITION BY session, frame, time ORDER BY sha256) = 1
