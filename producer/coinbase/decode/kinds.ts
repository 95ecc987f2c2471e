/** The messages of the exchange, by type: where each goes, and what it must have beside `type` and `product_id`. */

export interface Kind {
  readonly topic: "coinbase_full" | "coinbase_ticker" | "coinbase_level2";
  readonly required: readonly string[];
  /** The member that holds its time, and whether the frame must have it. */
  readonly time: { readonly member: "time" | "timestamp"; readonly required: boolean };
  /** Members that go into no field of their own name: the time, and the lists of a book. */
  readonly apart: readonly string[];
}

const timed = { member: "time", required: true } as const;
const perhapsTimed = { member: "time", required: false } as const;
const apart = ["time"];
const order: Kind = { topic: "coinbase_full", required: ["sequence", "order_id"], time: timed, apart };
const match: Kind = { ...order, required: ["sequence", "trade_id", "price", "size", "side"] };
const stop = { member: "timestamp", required: true } as const;

export const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["received", order],
  ["open", order],
  ["done", order],
  ["change", order],
  ["match", match],
  ["last_match", match],
  ["activate", { topic: "coinbase_full", required: ["order_id"], time: stop, apart: ["timestamp"] }],
  ["ticker", { topic: "coinbase_ticker", required: ["sequence"], time: perhapsTimed, apart }],
  ["snapshot", { topic: "coinbase_level2", required: [], time: perhapsTimed, apart: ["time", "bids", "asks"] }],
  ["l2update", { topic: "coinbase_level2", required: [], time: perhapsTimed, apart: ["time", "changes"] }],
]);

/** How far (microseconds) the exchange's clock may be ahead of ours before we believe ours. */
export const mostAhead = 10 * 60 * 1e6;
