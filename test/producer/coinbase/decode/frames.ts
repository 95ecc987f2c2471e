/** Frames for tests: as documented, one of each kind, to be changed a member at a time. */

export const received = {
  order_id: "145110f7-362c-48d2-a7d0-a407918775dd",
  order_type: "limit",
  size: "1.06548906",
  price: "1950.34",
  type: "received",
  side: "sell",
  product_id: "ETH-USD",
  time: "2022-05-25T13:29:58.006556Z",
  sequence: 29892914014,
};

export const match = {
  type: "match",
  trade_id: 1087540758,
  maker_order_id: "5b268d37-59d7-4b16-935c-3854d4cf956d",
  taker_order_id: "b281704b-3d2e-4631-bc49-75ca291b445b",
  side: "buy",
  size: "0.00000009",
  price: "77572.87",
  product_id: "BTC-USD",
  sequence: 135437581854,
  time: "2026-09-02T07:44:10.104422Z",
};

export const activate = {
  type: "activate",
  product_id: "BTC-USD",
  timestamp: "1483736448.299000",
  order_id: "7b52009b-64fd-0a2a-49e6-d8a939753077",
  stop_type: "entry",
  side: "buy",
  stop_price: "80",
  size: "2",
  funds: "50",
};

export const ticker = {
  type: "ticker",
  sequence: 38332655422,
  product_id: "BTC-USD",
  price: "29940.91",
  best_bid: "29940.90",
  best_ask: "29940.91",
  side: "buy",
  time: "2022-06-02T09:20:54.127011Z",
  trade_id: 347875517,
  last_size: "0.00061522",
};

export const l2update = {
  type: "l2update",
  product_id: "BTC-USD",
  changes: [["buy", "36944.35", "0.00000000"]],
  time: "2022-01-27T23:36:39.635854Z",
};

export const snapshot = {
  type: "snapshot",
  product_id: "BTC-USD",
  bids: [["10101.10", "0.45054140"]],
  asks: [["10102.55", "0.57753524"]],
  time: "2023-03-02T12:00:00.000001Z",
};
