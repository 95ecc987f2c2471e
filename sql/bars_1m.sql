-- Bars of one minute: per product the first, the highest, the lowest and the last price, and what was traded, by the side of the
-- taker. Windows without a trade are absent. `candles` gives any width, from the trades themselves.
-- view
SELECT
  product_id,
  time,
  CAST(open AS NUMERIC) AS open,
  CAST(high AS NUMERIC) AS high,
  CAST(low AS NUMERIC) AS low,
  CAST(close AS NUMERIC) AS close,
  CAST(volume AS NUMERIC) AS volume,
  CAST(value AS BIGNUMERIC) AS value,
  CAST(buy_volume AS NUMERIC) AS buy_volume,
  CAST(buy_value AS BIGNUMERIC) AS buy_value,
  CAST(volume AS NUMERIC) - CAST(buy_volume AS NUMERIC) AS sell_volume,
  CAST(value AS BIGNUMERIC) - CAST(buy_value AS BIGNUMERIC) AS sell_value,
  trades,
  buys,
  trades - buys AS sells
FROM coinbase_bars_1m
-- A window is written again whenever a trade joins it: the row with the most trades is the fullest.
QUALIFY ROW_NUMBER() OVER (PARTITION BY product_id, time ORDER BY trades DESC) = 1
