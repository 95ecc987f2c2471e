/** What a market publishes, as the exchange writes it: numbered events, and the frames of its channels. */
import type { Book, Order, Side } from "./book.ts";

export interface Product {
  readonly id: string;
  /** Digits after the point of prices and sizes. */
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
  /** The approximate price and the typical size of an order, in units of its currencies. */
  readonly price: number;
  readonly size: number;
}

/** A frame as the exchange sends it. The named members are those that number and date it. */
export interface Message {
  readonly [member: string]: unknown;
  readonly type: string;
  readonly product_id?: string;
  readonly sequence?: number;
  readonly trade_id?: number;
  readonly time?: string;
}

export interface Match extends Required<Message> {
  /** The maker's. */
  readonly side: Side;
  readonly price: string;
  readonly size: string;
}

export interface Ticker extends Required<Message> {
  readonly price: string;
  readonly last_size: string;
  readonly best_bid: string;
  readonly best_ask: string;
  readonly open_24h: string;
  readonly high_24h: string;
  readonly low_24h: string;
  readonly volume_24h: string;
  readonly volume_30d: string;
}

/** A level of the book, and the size that rests there now. */
export type Change = readonly [side: Side, price: string, size: string];

interface Level2Update extends Message {
  readonly changes: readonly Change[];
}

/** Receives what a market publishes, with the channel that carries it. */
export type Send = (...published: ["full", Message] | ["level2", Level2Update] | ["ticker", Ticker]) => void;

export function isMatch(message: Message): message is Match {
  return message.type === "match";
}

export class Tape {
  send: Send = () => {};
  /** The numbers of the last event and of the last trade. */
  sequence = 0;
  tradeId = 0;
  readonly #product: Product;
  readonly #now: () => string;
  #day = { open: 0, high: 0, low: 0, volume: 0 };
  #lastMatch: Match | undefined;
  /** The levels that the current step has touched. */
  readonly #touched = new Map<string, { side: Side; price: number }>();

  constructor(product: Product, now: () => string) {
    this.#product = product;
    this.#now = now;
  }

  /** Moves to a place in the tape and resets the statistics of the ticker. */
  startAt(sequence: number, tradeId: number, price: number): void {
    this.sequence = sequence;
    this.tradeId = tradeId;
    this.#day = { open: price, high: price, low: price, volume: 0 };
  }

  received({ id, side, price, remaining }: Order, type: "limit" | "market"): void {
    const terms = type === "limit" ? { price: this.#price(price) } : {};
    this.#event({ order_id: id, order_type: type, size: this.#size(remaining), ...terms, type: "received", side });
  }

  open(order: Order): void {
    const { id, side, price, remaining } = order;
    this.#event({
      price: this.#price(price),
      order_id: id,
      remaining_size: this.#size(remaining),
      type: "open",
      side,
    });
    this.touch(order);
  }

  /** A market order has neither a price nor a remaining size. */
  done({ id, side, price, remaining }: Order, reason: "filled" | "canceled", type: "limit" | "market" = "limit"): void {
    const terms = type === "limit" ? { price: this.#price(price), remaining_size: this.#size(remaining) } : {};
    this.#event({ order_id: id, reason, ...terms, type: "done", side });
  }

  change(order: Order, before: number): void {
    const price = this.#price(order.price);
    this.#event({
      reason: "modify_order",
      order_id: order.id,
      side: order.side,
      old_size: this.#size(before),
      new_size: this.#size(order.remaining),
      old_price: price,
      new_price: price,
      type: "change",
    });
    this.touch(order);
  }

  match(maker: Order, taker: Order, size: number): void {
    const day = this.#day;
    day.high = Math.max(day.high, maker.price);
    day.low = Math.min(day.low, maker.price);
    day.volume += size;
    const match = {
      type: "match",
      trade_id: ++this.tradeId,
      maker_order_id: maker.id,
      taker_order_id: taker.id,
      side: maker.side,
      size: this.#size(size),
      price: this.#price(maker.price),
      product_id: this.#product.id,
      sequence: ++this.sequence,
      time: this.#now(),
    };
    this.#lastMatch = match;
    this.send("full", match);
    this.touch(maker);
  }

  /** Publishes the taker's last match, if there is one, with the top of the book after it. */
  ticker(side: Side, book: Book): void {
    if (this.#lastMatch === undefined) return;
    const { sequence, price, size, time, trade_id } = this.#lastMatch;
    const { open, high, low, volume } = this.#day;
    const bid = book.best("buy");
    const ask = book.best("sell");
    this.#lastMatch = undefined;
    this.send("ticker", {
      type: "ticker",
      sequence,
      product_id: this.#product.id,
      price,
      open_24h: this.#price(open),
      volume_24h: this.#size(volume),
      low_24h: this.#price(low),
      high_24h: this.#price(high),
      volume_30d: this.#size(volume),
      best_bid: this.#price(bid?.price ?? 0),
      best_bid_size: this.#size(bid?.size ?? 0),
      best_ask: this.#price(ask?.price ?? 0),
      best_ask_size: this.#size(ask?.size ?? 0),
      side,
      time,
      trade_id,
      last_size: size,
    });
  }

  /** The first frame of level2. */
  snapshot(book: Book): Message {
    const levels = (side: Side) => book[side].map(({ price, size }) => [this.#price(price), this.#size(size)]);
    const message = { product_id: this.#product.id, asks: levels("sell"), bids: levels("buy"), time: this.#now() };
    return { type: "snapshot", ...message };
  }

  /** The book as REST returns it: the best prices on level 1, all prices on level 2, every order on level 3. */
  describe(book: Book, level: 1 | 2 | 3): object {
    const rows = (side: Side) =>
      book[side]
        .slice(0, level === 1 ? 1 : undefined)
        .flatMap(({ price, size, orders }) =>
          level === 3
            ? orders.map(({ remaining, id }) => [this.#price(price), this.#size(remaining), id])
            : [[this.#price(price), this.#size(size), orders.length]],
        );
    const { sequence } = this;
    return { bids: rows("buy"), asks: rows("sell"), sequence, auction_mode: false, auction: null, time: this.#now() };
  }

  /** Marks a level whose size has changed for the next update. */
  touch({ side, price }: Order): void {
    this.#touched.set(`${side}${price}`, { side, price });
  }

  /** Sends one update with the new size of every level touched since the last update. */
  update(book: Book): void {
    if (this.#touched.size === 0) return;
    const changes = [...this.#touched.values()].map(({ side, price }): Change => [
      side,
      this.#price(price),
      this.#size(book.sizeAt(side, price)),
    ]);
    this.#touched.clear();
    this.send("level2", { type: "l2update", product_id: this.#product.id, changes, time: this.#now() });
  }

  #event(event: Message): void {
    this.sequence++;
    this.send("full", { ...event, product_id: this.#product.id, time: this.#now(), sequence: this.sequence });
  }

  #price(ticks: number): string {
    return decimal(ticks, this.#product.priceDecimals);
  }

  #size(steps: number): string {
    return decimal(steps, this.#product.sizeDecimals);
  }
}

/** Writes `units` × 10^-decimals exactly. */
function decimal(units: number, decimals: number): string {
  if (decimals === 0) return String(units);
  const digits = String(units).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The wall clock in microseconds, strictly increasing. */
function wallClock(): () => number {
  let last = 0;
  return () => (last = Math.max(last + 1, Date.now() * 1000));
}

/** Returns a function that writes microseconds since 1970 as the exchange does: ISO 8601 with six decimals and `Z`. */
export function timeWriter(): (micros: number) => string {
  // Many events share a millisecond, and formatting one costs more than the rest of an event.
  let written = { millis: Number.NaN, text: "" };
  return (micros) => {
    const millis = Math.floor(micros / 1000);
    if (millis !== written.millis) written = { millis, text: new Date(millis).toISOString().slice(0, -1) };
    return `${written.text}${String(micros % 1000).padStart(3, "0")}Z`;
  };
}

/** Returns a clock that reads the wall time as the exchange writes it, never the same twice. */
export function exchangeTime(): () => string {
  const now = wallClock();
  const write = timeWriter();
  return () => write(now());
}
