// Written from the .avsc files by `npm run ksqldb -- describe --write`; do not edit.

/** One event of the Coinbase Exchange full channel, or a match of the matches channel. Decimals are the text that the exchange sent. */
export interface CoinbaseFull {
  /** Kind of event: received, open, done, match, last_match, change or activate. */
  readonly type: string;
  /** Product, for example BTC-USD. */
  readonly product_id: string;
  /** Position of the event in its product's stream: contiguous on the full channel. Activate events have none. */
  readonly sequence: number | null;
  /** When it happened, by the exchange's clock (the receive time where the exchange gave no usable time: see `extra`). */
  readonly time: number;
  /** When the frame was received. */
  readonly received_at: number;
  /** Side of the order: buy or sell. In a match the side of the maker (the resting order). */
  readonly side: string | null;
  /** Order that the event is about (all kinds but matches). */
  readonly order_id: string | null;
  /** Type of a received order: limit or market. */
  readonly order_type: string | null;
  /** Limit price of the order, or price of the match, in quote currency. */
  readonly price: string | null;
  /** Size of the received order or of the match, in base currency. */
  readonly size: string | null;
  /** Size still unfilled, in base currency: of an opened order, or left when it was done. */
  readonly remaining_size: string | null;
  /** Most quote currency that a market order may spend. */
  readonly funds: string | null;
  /** Identifier that the order's owner chose (seen by its owner only). */
  readonly client_oid: string | null;
  /** Why the order is done (filled, canceled) or was changed (STP, modify_order). */
  readonly reason: string | null;
  /** Why an order was cancelled, as code and words (seen by its owner only). */
  readonly cancel_reason: string | null;
  /** Number of the trade: dense and growing per product. */
  readonly trade_id: number | null;
  /** Resting order of a match. */
  readonly maker_order_id: string | null;
  /** Incoming order of a match. */
  readonly taker_order_id: string | null;
  /** Size before a change, in base currency. */
  readonly old_size: string | null;
  /** Size after a change, in base currency. */
  readonly new_size: string | null;
  /** Price before a change, in quote currency. */
  readonly old_price: string | null;
  /** Price after a change, in quote currency. */
  readonly new_price: string | null;
  /** Funds before a change, in quote currency. */
  readonly old_funds: string | null;
  /** Funds after a change, in quote currency. */
  readonly new_funds: string | null;
  /** Kind of an activated stop order: entry or loss. */
  readonly stop_type: string | null;
  /** Price that triggered an activated stop order, in quote currency. */
  readonly stop_price: string | null;
  /** Members of the frame that have no field of their own, or not the documented form, as one JSON object; also the original time (null where absent) when `time` had to be the receive time. */
  readonly extra: string | null;
}

/** One snapshot (in parts of at most 1,000 changes) or update of an order book aggregated by price. */
export interface CoinbaseLevel2 {
  /** snapshot or l2update. */
  readonly type: string;
  /** Product, for example BTC-USD. */
  readonly product_id: string;
  /** When the book had this state, by the exchange's clock (the receive time where the exchange gave no usable time: see `extra`). */
  readonly time: number;
  /** When the frame was received. */
  readonly received_at: number;
  /** Connection that the frame came over; for a recording a hash of the file. */
  readonly session: string;
  /** Number of the frame in its session, from 1; for a recording the line. */
  readonly frame: number;
  /** Part of a snapshot, from 0; null in an update. */
  readonly part: number | null;
  /** Changes in the order of the frame, each side (buy or sell), price and new size at that price, 0 for a level that is gone. A snapshot has its bids, then its asks. */
  readonly changes: readonly (readonly (string)[])[] | null;
  /** Members of the frame that have no field of their own, or not the documented form, as one JSON object; also the original time (null where absent) when `time` had to be the receive time. */
  readonly extra: string | null;
}

/** The last trade of a product with the top of its book and its 24 hours, from the channels ticker and ticker_batch. */
export interface CoinbaseTicker {
  /** Always ticker. */
  readonly type: string;
  /** Product, for example BTC-USD. */
  readonly product_id: string;
  /** Position of the trade's event in its product's stream. */
  readonly sequence: number | null;
  /** When the trade happened, by the exchange's clock (the receive time where the exchange gave no usable time: see `extra`). */
  readonly time: number;
  /** When the frame was received. */
  readonly received_at: number;
  /** Number of the last trade. */
  readonly trade_id: number | null;
  /** Side of the taker of the last trade: buy or sell. */
  readonly side: string | null;
  /** Price of the last trade, in quote currency. */
  readonly price: string | null;
  /** Size of the last trade, in base currency. */
  readonly last_size: string | null;
  /** Highest price bid. */
  readonly best_bid: string | null;
  /** Size at the highest bid, in base currency. */
  readonly best_bid_size: string | null;
  /** Lowest price asked. */
  readonly best_ask: string | null;
  /** Size at the lowest ask, in base currency. */
  readonly best_ask_size: string | null;
  /** Price 24 hours ago. */
  readonly open_24h: string | null;
  /** Highest price of the last 24 hours. */
  readonly high_24h: string | null;
  /** Lowest price of the last 24 hours. */
  readonly low_24h: string | null;
  /** Base currency traded in the last 24 hours. */
  readonly volume_24h: string | null;
  /** Base currency traded in the last 30 days. */
  readonly volume_30d: string | null;
  /** Members of the frame that have no field of their own, or not the documented form, as one JSON object; also the original time (null where absent) when `time` had to be the receive time. */
  readonly extra: string | null;
}

/** A frame that could not be read: kept whole, never guessed at. */
export interface FeedQuarantine {
  /** When the frame was received. */
  readonly time: number;
  /** Product of the frame, where one is readable. */
  readonly product_id: string | null;
  /** Connection that the frame came over; for a recording a hash of the file. */
  readonly session: string;
  /** Number of the frame in its session, from 1; for a recording the line. */
  readonly frame: number;
  /** Type of the frame, where one is readable. */
  readonly type: string | null;
  /** What is wrong with it. */
  readonly reason: string | null;
  /** The frame as it came, cut at 64 KiB, without what the exchange tells an order's owner alone (docs/data.md). */
  readonly raw: string | null;
  /** base64 where the frame is not valid UTF-8 and `raw` holds it so; else null. */
  readonly encoding: string | null;
  /** Length in bytes of the frame before it was cut. */
  readonly length: number | null;
  /** SHA-256 of the frame before it was cut, in hexadecimal. */
  readonly sha256: string | null;
}
