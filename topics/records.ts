// Written from the .avsc files by `npm run ksqldb -- describe --write`; do not edit. What each field means is said there.

/** One event of the Coinbase Exchange full channel, or a match of the matches channel. Decimals are the text that the exchange sent. */
export interface CoinbaseFull {
  readonly type: string;
  readonly product_id: string;
  readonly sequence: number | null;
  readonly time: number;
  readonly received_at: number;
  readonly side: string | null;
  readonly order_id: string | null;
  readonly order_type: string | null;
  readonly price: string | null;
  readonly size: string | null;
  readonly remaining_size: string | null;
  readonly funds: string | null;
  readonly client_oid: string | null;
  readonly reason: string | null;
  readonly cancel_reason: string | null;
  readonly trade_id: number | null;
  readonly maker_order_id: string | null;
  readonly taker_order_id: string | null;
  readonly old_size: string | null;
  readonly new_size: string | null;
  readonly old_price: string | null;
  readonly new_price: string | null;
  readonly old_funds: string | null;
  readonly new_funds: string | null;
  readonly stop_type: string | null;
  readonly stop_price: string | null;
  readonly extra: string | null;
}

/** One snapshot (in parts of at most 1,000 changes) or update of an order book aggregated by price. */
export interface CoinbaseLevel2 {
  readonly type: string;
  readonly product_id: string;
  readonly time: number;
  readonly received_at: number;
  readonly session: string;
  readonly frame: number;
  readonly part: number | null;
  readonly changes: readonly (readonly (string)[])[] | null;
  readonly extra: string | null;
}

/** The last trade of a product with the top of its book and its 24 hours, from the channels ticker and ticker_batch. */
export interface CoinbaseTicker {
  readonly type: string;
  readonly product_id: string;
  readonly sequence: number | null;
  readonly time: number;
  readonly received_at: number;
  readonly trade_id: number | null;
  readonly side: string | null;
  readonly price: string | null;
  readonly last_size: string | null;
  readonly best_bid: string | null;
  readonly best_bid_size: string | null;
  readonly best_ask: string | null;
  readonly best_ask_size: string | null;
  readonly open_24h: string | null;
  readonly high_24h: string | null;
  readonly low_24h: string | null;
  readonly volume_24h: string | null;
  readonly volume_30d: string | null;
  readonly extra: string | null;
}

/** A frame that could not be read: kept whole, never guessed at. */
export interface FeedQuarantine {
  readonly time: number;
  readonly product_id: string | null;
  readonly session: string;
  readonly frame: number;
  readonly type: string | null;
  readonly reason: string | null;
  readonly raw: string | null;
  readonly encoding: string | null;
  readonly length: number | null;
  readonly sha256: string | null;
}
