/**
 * The market of one product: a small matching engine with simulated traders. Its tape is valid: contiguous sequences,
 * dense trade ids, the whole life of every order in order, a book that is never crossed.
 *
 * Its state is a function of (seed, product, sequence), so that a tape can continue where it ended without a record of
 * the book: the tape is divided into epochs of a fixed number of events, each with its own seed, and the book is empty at
 * the end of each. To continue, the market replays the epoch up to the last event without sending it.
 */
import { Book, type Order, type Side } from "./book.ts";
import { Random } from "./random.ts";
import { isMatch, Tape, type Message, type Product, type Send } from "./tape.ts";

/** The last event of a tape. */
export interface End {
  readonly sequence: number;
  readonly tradeId: number;
}

const epochEvents = 50_000;

export class Market {
  readonly #product: Product;
  readonly #seed: number;
  readonly #tape: Tape;
  #random!: Random;
  #book!: Book;
  /** The events still to send of the step in which the tape ended, and that end. */
  readonly #rest: Parameters<Send>[] = [];
  readonly #start: End;

  /** Continues the tape that ends at `end`; `now` gives the time of each event as the exchange writes it. */
  constructor(product: Product, seed: number, now: () => string, end: End = { sequence: 0, tradeId: 0 }) {
    this.#product = product;
    this.#seed = seed;
    this.#tape = new Tape(product, now);
    // The first replay counts the trades of the epoch, the second gives them their ids.
    let trades = 0;
    this.#replay(end.sequence, 0, (_, message) => {
      if (isMatch(message) && message.sequence <= end.sequence) trades++;
    });
    this.#replay(end.sequence, end.tradeId - trades, (...published) => {
      if ((published[1].sequence ?? 0) > end.sequence) this.#rest.push(published);
    });
    this.#start = end;
  }

  /** The last event that was sent. */
  get end(): End {
    const { sequence, tradeId } = this.#tape;
    return this.#rest.length > 0 ? this.#start : { sequence, tradeId };
  }

  /** Sends the rest of the step in which the tape ended. */
  open(send: Send): void {
    for (const published of this.#rest.splice(0)) send(...published);
  }

  /** The first frame of level2. */
  snapshot(): Message {
    return this.#tape.snapshot(this.#book);
  }

  /** The book of level 1, 2 or 3 as REST returns it. */
  book(level: 1 | 2 | 3): object {
    return this.#tape.describe(this.#book, level);
  }

  /** Runs one step: an order, a cancellation or a change. */
  step(send: Send): void {
    this.#tape.send = send;
    const left = epochEvents - (this.#tape.sequence % epochEvents);
    const { orders } = this.#book;
    const choice = this.#random.fraction();
    // A step makes at most two events for each resting order, and two more: the epoch must have room for them.
    if (left < 3 * orders.length + 8) this.#close(left);
    else if (orders.length > 300 || (choice < 0.44 && orders.length > 40)) this.#cancel(this.#anyOrder());
    else if (choice > 0.99 && orders.length > 0) this.#change(this.#anyOrder());
    else this.#place();
    this.#tape.update(this.#book);
    if (this.#tape.sequence % epochEvents === 0) this.#startEpoch(this.#tape.sequence, this.#tape.tradeId);
  }

  /** Replays the epoch of `sequence` from its start until at least that event. */
  #replay(sequence: number, tradeId: number, send: Send): void {
    this.#startEpoch(Math.floor(sequence / epochEvents) * epochEvents, tradeId);
    while (this.#tape.sequence < sequence) this.step(send);
  }

  #startEpoch(sequence: number, tradeId: number): void {
    const name = Array.from(this.#product.id).reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), 7);
    this.#random = new Random(this.#seed, name, sequence / epochEvents);
    this.#book = new Book();
    this.#tape.startAt(sequence, tradeId, this.#target(sequence));
  }

  /** Near the end of an epoch, cancels every order, then fills it exactly with orders that are cancelled at once. */
  #close(left: number): void {
    const [resting] = this.#book.orders;
    if (resting !== undefined) return this.#cancel(resting);
    const order = this.#newOrder(this.#anySide(), Math.max(this.#target(), 1));
    this.#tape.received(order, "limit");
    if (left === 3) this.#tape.open(order);
    this.#tape.done(order, "canceled");
  }

  #place(): void {
    const target = this.#target();
    const bid = this.#book.best("buy")?.price ?? target - 1;
    const ask = this.#book.best("sell")?.price ?? target + 1;
    // A trader who sees a better price elsewhere often takes what is left here; otherwise one order in thirty takes.
    const wanted: Side | undefined = target >= ask ? "buy" : target <= bid ? "sell" : undefined;
    const side = wanted ?? this.#anySide();
    const takes = this.#random.fraction() < (wanted === undefined ? 0.035 : 0.3);
    const opposite = this.#book.best(side === "buy" ? "sell" : "buy");
    if (takes && opposite !== undefined) {
      return this.#random.fraction() < 0.4 ? this.#market(side) : this.#limit(this.#newOrder(side, opposite.price));
    }
    const distance = 1 + Math.floor(-Math.log(1 - this.#random.fraction()) * Math.max(3, target / 5000));
    const price = side === "buy" ? Math.min(target - distance, ask - 1) : Math.max(target + distance, bid + 1);
    this.#limit(this.#newOrder(side, Math.max(price, 1)));
  }

  #limit(order: Order): void {
    this.#tape.received(order, "limit");
    this.#match(order);
    if (order.remaining === 0) return this.#tape.done(order, "filled");
    this.#book.add(order);
    this.#tape.open(order);
  }

  #market(side: Side): void {
    const order = this.#newOrder(side, side === "buy" ? Number.MAX_SAFE_INTEGER : 1);
    this.#tape.received(order, "market");
    this.#match(order);
    // What the book cannot fill is cancelled.
    this.#tape.done(order, order.remaining === 0 ? "filled" : "canceled", "market");
  }

  #match(taker: Order): void {
    const makers: Side = taker.side === "buy" ? "sell" : "buy";
    while (taker.remaining > 0) {
      const maker = this.#book.best(makers)?.orders[0];
      if (maker === undefined || (makers === "sell" ? maker.price > taker.price : maker.price < taker.price)) break;
      const size = Math.min(taker.remaining, maker.remaining);
      this.#book.reduce(maker, size);
      taker.remaining -= size;
      this.#tape.match(maker, taker, size);
      if (maker.remaining > 0) break;
      this.#book.remove(maker);
      this.#tape.done(maker, "filled");
    }
    this.#tape.ticker(taker.side, this.#book);
  }

  #cancel(order: Order): void {
    this.#book.remove(order);
    this.#tape.touch(order);
    this.#tape.done(order, "canceled");
  }

  /** Makes an order smaller. It keeps its place in the queue. */
  #change(order: Order): void {
    const before = order.remaining;
    if (before < 2) return this.#cancel(order);
    this.#book.reduce(order, 1 + this.#random.below(before - 1));
    this.#tape.change(order, before);
  }

  #newOrder(side: Side, price: number): Order {
    const typical = this.#product.size * 10 ** this.#product.sizeDecimals;
    const remaining = Math.max(1, Math.floor(typical * 3 * this.#random.fraction() * this.#random.fraction()));
    return { id: this.#random.uuid(), side, price, remaining };
  }

  #anyOrder(): Order {
    return this.#book.orders[this.#random.below(this.#book.orders.length)]!;
  }

  #anySide(): Side {
    return this.#random.fraction() < 0.5 ? "buy" : "sell";
  }

  /** The price on other exchanges, in ticks: two waves, so that it depends only on the sequence. */
  #target(sequence = this.#tape.sequence): number {
    const wave = 0.02 * Math.sin(sequence / 61_000 + this.#product.price) + 0.003 * Math.sin(sequence / 2_900);
    return Math.round(this.#product.price * 10 ** this.#product.priceDecimals * (1 + wave));
  }
}
