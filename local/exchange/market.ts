/**
 * The market of one product: a small matching engine with made-up traders. What it sends is legal: contiguous sequences,
 * dense trade ids, every order's life whole and in order, a book that is never crossed.
 *
 * Its state is a function of (seed, product, sequence), so that a tape can go on where it ended without a record of the
 * book: life is cut into epochs of a fixed number of events, at whose end the book is empty, and each epoch has its own
 * seed. To go on, the epoch is lived again in silence up to the last event.
 */
import { Book, type Order } from "./book.ts";
import { Random } from "./random.ts";

export interface Product {
  readonly id: string;
  /** Digits after the point of prices and sizes. */
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
  /** About where it trades, and how much at a time, in units of its currencies. */
  readonly price: number;
  readonly size: number;
}

/** Takes a frame as the exchange would send it, of the channel full, level2 or ticker. */
export type Send = (channel: "full" | "level2" | "ticker", frame: object) => void;

/** The last event of a tape. */
export interface End {
  readonly sequence: number;
  readonly tradeId: number;
}

type Side = "buy" | "sell";

/** What a ticker repeats of the last match of a taker. */
interface Match {
  readonly sequence: number;
  readonly price: string;
  readonly size: string;
  readonly time: string;
  readonly trade_id: number;
}

const epochEvents = 50_000;

export class Market {
  readonly product: Product;
  readonly #seed: number;
  readonly #now: () => string;
  #send: Send = () => {};
  #random!: Random;
  #book = new Book();
  #sequence = 0;
  #tradeId = 0;
  #day!: { open: number; high: number; low: number; volume: number };
  /** Levels that the present step has touched, each once. */
  readonly #touched = new Map<string, { side: Side; price: number }>();
  /** What was left to send of the step in which the tape ended. */
  readonly #rest: Parameters<Send>[] = [];

  /** A market whose tape ends at `end`; `now` gives the time of each event as the exchange writes it. */
  constructor(product: Product, seed: number, now: () => string, end: End = { sequence: 0, tradeId: 0 }) {
    this.product = product;
    this.#seed = seed;
    this.#now = now;
    // Once to count the trades that the epoch has had, once more with the ids that they had.
    let trades = 0;
    this.#live(end.sequence, 0, (_, frame) => {
      if ("maker_order_id" in frame && this.#sequence <= end.sequence) trades++;
    });
    this.#live(end.sequence, end.tradeId - trades, (channel, frame) => {
      if ("sequence" in frame && Number(frame.sequence) > end.sequence) this.#rest.push([channel, frame]);
    });
  }

  /** What a subscriber gets first: what was left of the last step, and the book. */
  open(send: Send): void {
    for (const rest of this.#rest.splice(0)) send(...rest);
    const levels = (side: Side) => this.#book[side].map(({ price, size }) => [this.#price(price), this.#size(size)]);
    send("level2", {
      type: "snapshot",
      product_id: this.product.id,
      asks: levels("sell"),
      bids: levels("buy"),
      time: this.#now(),
    });
  }

  /** Lets one thing happen: an order, a cancellation, a change. */
  step(send: Send): void {
    this.#send = send;
    const left = epochEvents - (this.#sequence % epochEvents);
    const { orders } = this.#book;
    const choice = this.#random.fraction();
    // A step makes at most two events for each resting order, and two more: what is left must then do for the rest.
    if (left < 3 * orders.length + 8) this.#close(left);
    else if (orders.length > 300 || (choice < 0.44 && orders.length > 40)) this.#cancel(this.#anyOrder());
    else if (choice > 0.99 && orders.length > 0) this.#change(this.#anyOrder());
    else this.#place();
    this.#sendLevels();
    if (this.#sequence % epochEvents === 0) this.#startEpoch();
  }

  /** Lives the epoch of `sequence` from its start until that event is past. */
  #live(sequence: number, tradeId: number, send: Send): void {
    this.#sequence = Math.floor(sequence / epochEvents) * epochEvents;
    this.#tradeId = tradeId;
    this.#startEpoch();
    while (this.#sequence < sequence) this.step(send);
  }

  #startEpoch(): void {
    const name = Array.from(this.product.id).reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), 7);
    this.#random = new Random(this.#seed, name, this.#sequence / epochEvents);
    this.#book = new Book();
    const open = this.#target();
    this.#day = { open, high: open, low: open, volume: 0 };
  }

  /** Near the end of an epoch every order is cancelled, then orders that rest for no time fill it up exactly. */
  #close(left: number): void {
    const [order] = this.#book.orders;
    if (order !== undefined) return this.#cancel(order);
    const { id, side, price, remaining } = this.#newOrder(this.#random.fraction() < 0.5 ? "buy" : "sell", 0);
    this.#receive(id, side, { order_type: "limit", size: this.#size(remaining), price: this.#price(price) });
    if (left === 3)
      this.#full({
        price: this.#price(price),
        order_id: id,
        remaining_size: this.#size(remaining),
        type: "open",
        side,
      });
    this.#done({ id, side, price, remaining }, "canceled");
  }

  #place(): void {
    const target = this.#target();
    const bid = this.#book.best("buy")?.price ?? target - 1;
    const ask = this.#book.best("sell")?.price ?? target + 1;
    // Who sees the price elsewhere takes what is left here; else one order in thirty takes.
    const wanted: Side | undefined = target >= ask ? "buy" : target <= bid ? "sell" : undefined;
    const side = wanted ?? (this.#random.fraction() < 0.5 ? "buy" : "sell");
    const takes = this.#random.fraction() < (wanted === undefined ? 0.035 : 0.3);
    const opposite = this.#book.best(side === "buy" ? "sell" : "buy");
    if (takes && opposite !== undefined) {
      if (this.#random.fraction() < 0.4) return this.#market(side);
      return this.#limit(this.#newOrder(side, opposite.price));
    }
    const distance = 1 + Math.floor(-Math.log(1 - this.#random.fraction()) * Math.max(3, target / 5000));
    const price = side === "buy" ? Math.min(target - distance, ask - 1) : Math.max(target + distance, bid + 1);
    this.#limit(this.#newOrder(side, Math.max(price, 1)));
  }

  #newOrder(side: Side, price: number): Order {
    const typical = this.product.size * 10 ** this.product.sizeDecimals;
    const remaining = Math.max(1, Math.floor(typical * 3 * this.#random.fraction() * this.#random.fraction()));
    return { id: this.#random.uuid(), side, price: price === 0 ? Math.max(this.#target(), 1) : price, remaining };
  }

  #limit(order: Order): void {
    const { id, side, price } = order;
    this.#receive(id, side, { order_type: "limit", size: this.#size(order.remaining), price: this.#price(price) });
    this.#match(order);
    if (order.remaining === 0) return this.#done(order, "filled");
    this.#full({
      price: this.#price(price),
      order_id: id,
      remaining_size: this.#size(order.remaining),
      type: "open",
      side,
    });
    this.#book.add(order);
    this.#touch(order);
  }

  #market(side: Side): void {
    const order = this.#newOrder(side, side === "buy" ? Number.MAX_SAFE_INTEGER : 1);
    this.#receive(order.id, side, { order_type: "market", size: this.#size(order.remaining) });
    this.#match(order);
    // What the book can not fill is cancelled; a market order has no price and no rest.
    this.#full({ order_id: order.id, reason: order.remaining === 0 ? "filled" : "canceled", type: "done", side });
  }

  #match(taker: Order): void {
    const makers: Side = taker.side === "buy" ? "sell" : "buy";
    let last: Match | undefined;
    while (taker.remaining > 0) {
      const maker = this.#book.best(makers)?.orders[0];
      if (maker === undefined || (makers === "sell" ? maker.price > taker.price : maker.price < taker.price)) break;
      const size = Math.min(taker.remaining, maker.remaining);
      this.#book.reduce(maker, size);
      taker.remaining -= size;
      last = this.#trade(maker, taker, size);
      this.#touch(maker);
      if (maker.remaining === 0) {
        this.#book.remove(maker);
        this.#done(maker, "filled");
      }
    }
    if (last !== undefined) this.#ticker(last, taker.side);
  }

  #trade(maker: Order, taker: Order, size: number): Match {
    this.#tradeId++;
    const day = this.#day;
    day.high = Math.max(day.high, maker.price);
    day.low = Math.min(day.low, maker.price);
    day.volume += size;
    this.#sequence++;
    const match = {
      type: "match",
      trade_id: this.#tradeId,
      maker_order_id: maker.id,
      taker_order_id: taker.id,
      side: maker.side,
      size: this.#size(size),
      price: this.#price(maker.price),
      product_id: this.product.id,
      sequence: this.#sequence,
      time: this.#now(),
    };
    this.#send("full", match);
    return match;
  }

  #ticker({ sequence, price, size, time, trade_id }: Match, side: Side): void {
    const { open, high, low, volume } = this.#day;
    const bid = this.#book.best("buy");
    const ask = this.#book.best("sell");
    this.#send("ticker", {
      type: "ticker",
      sequence,
      product_id: this.product.id,
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

  #cancel(order: Order): void {
    this.#book.remove(order);
    this.#touch(order);
    this.#done(order, "canceled");
  }

  /** Makes an order smaller: its place in the queue stays. */
  #change(order: Order): void {
    if (order.remaining < 2) return this.#cancel(order);
    const before = order.remaining;
    this.#book.reduce(order, 1 + this.#random.below(before - 1));
    this.#touch(order);
    const price = this.#price(order.price);
    this.#full({
      reason: "modify_order",
      order_id: order.id,
      side: order.side,
      old_size: this.#size(before),
      new_size: this.#size(order.remaining),
      old_price: price,
      new_price: price,
      type: "change",
    });
  }

  #receive(id: string, side: Side, terms: object): void {
    this.#full({ order_id: id, ...terms, type: "received", side });
  }

  #done({ id, side, price, remaining }: Order, reason: "filled" | "canceled"): void {
    this.#full({
      order_id: id,
      reason,
      price: this.#price(price),
      remaining_size: this.#size(remaining),
      type: "done",
      side,
    });
  }

  #full(event: object): void {
    this.#sequence++;
    this.#send("full", { ...event, product_id: this.product.id, time: this.#now(), sequence: this.#sequence });
  }

  #touch({ side, price }: Order): void {
    this.#touched.set(`${side}${price}`, { side, price });
  }

  /** One update with the new size of every level that the step has touched. */
  #sendLevels(): void {
    if (this.#touched.size === 0) return;
    const changes = [...this.#touched.values()].map(({ side, price }) => [
      side,
      this.#price(price),
      this.#size(this.#book.sizeAt(side, price)),
    ]);
    this.#touched.clear();
    this.#send("level2", { type: "l2update", product_id: this.product.id, changes, time: this.#now() });
  }

  #anyOrder(): Order {
    return this.#book.orders[this.#random.below(this.#book.orders.length)]!;
  }

  /** Where the price is elsewhere, in ticks: two waves, so that it depends on the sequence alone. */
  #target(): number {
    const wave =
      0.02 * Math.sin(this.#sequence / 61_000 + this.product.price) + 0.003 * Math.sin(this.#sequence / 2_900);
    return Math.round(this.product.price * 10 ** this.product.priceDecimals * (1 + wave));
  }

  #price(ticks: number): string {
    return decimal(ticks, this.product.priceDecimals);
  }

  #size(steps: number): string {
    return decimal(steps, this.product.sizeDecimals);
  }
}

/** `units` × 10^-decimals as text, exactly. */
function decimal(units: number, decimals: number): string {
  if (decimals === 0) return String(units);
  const digits = String(units).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
