/** One product on the exchange: its market, its recent trades, and the subscriptions to each of its channels. */
import type { End, Market } from "./market.ts";
import type { Channel } from "./protocol.ts";
import { Frame, type Board, type Subscription } from "./subscription.ts";
import { isMatch, type Change, type Match, type Message, type Product, type Send, type Ticker } from "./tape.ts";
import { Trades } from "./trades.ts";
import type { Truth } from "./truth.ts";

export class Listing implements Board {
  readonly product: Product;
  readonly trades = new Trades();
  ticker: Ticker | undefined;
  readonly #market: Market;
  readonly #truth: Truth;
  readonly #now: () => string;
  #lastMatch: Match | undefined;
  readonly #subscriptions = new Map<Channel, Set<Subscription>>();
  /** The latest size of every level that has changed since the last batch, and the time of the last change. */
  readonly #batch = new Map<string, Change>();
  #batchTime: string | undefined;

  constructor(product: Product, market: Market, truth: Truth, now: () => string) {
    this.product = product;
    this.#market = market;
    this.#truth = truth;
    this.#now = now;
  }

  get end(): End {
    return this.#market.end;
  }

  /** Whether any client is subscribed to its trades. */
  get isFollowed(): boolean {
    return this.#has("full") || this.#has("matches");
  }

  book(level: 1 | 2 | 3): object {
    return this.#market.book(level);
  }

  /** Sends the rest of the step in which a continued tape ended. */
  open(): void {
    this.#market.open(this.#send);
  }

  /** Runs one step of the market. Returns the number of events it made on the full channel. */
  step(): number {
    const { sequence } = this.end;
    this.#market.step(this.#send);
    return this.end.sequence - sequence;
  }

  join(subscription: Subscription): void {
    const { channel } = subscription;
    const others = this.#subscriptions.get(channel) ?? new Set();
    this.#subscriptions.set(channel, others.add(subscription));
    const first = this.#firstOf(channel);
    if (first !== undefined) subscription.deliver(new Frame(first));
  }

  leave(subscription: Subscription): void {
    this.#subscriptions.get(subscription.channel)?.delete(subscription);
  }

  sendHeartbeat(): void {
    if (!this.#has("heartbeat")) return;
    const { sequence, tradeId } = this.end;
    const { id } = this.product;
    const beat = { type: "heartbeat", last_trade_id: tradeId, product_id: id, sequence, time: this.#now() };
    this.#publish("heartbeat", new Frame(beat));
  }

  /** Sends the changes of the book since the last batch. */
  sendBatch(): void {
    if (this.#batch.size === 0) return;
    const changes = [...this.#batch.values()];
    this.#batch.clear();
    const update = { type: "l2update", product_id: this.product.id, changes, time: this.#batchTime! };
    this.#publish("level2_batch", new Frame(update));
  }

  /** Sends the last ticker to the subscriptions that have not received it. */
  sendTickerBatch(): void {
    if (this.ticker === undefined || !this.#has("ticker_batch")) return;
    const frame = new Frame(this.ticker);
    for (const subscription of this.#subscriptions.get("ticker_batch")!) {
      if (subscription.sent.sequences?.[1] !== this.ticker.sequence) subscription.deliver(frame);
    }
  }

  readonly #send: Send = (channel, message) => {
    const frame = new Frame(message);
    if (channel === "full") {
      this.#truth.event(frame);
      if (isMatch(message)) {
        this.trades.add(message);
        this.#lastMatch = message;
        this.#publish("matches", frame);
      }
    } else if (channel === "ticker") {
      this.ticker = message;
    } else if (this.#has("level2_batch")) {
      for (const change of message.changes) this.#batch.set(`${change[0]} ${change[1]}`, change);
      this.#batchTime = message.time;
    }
    this.#publish(channel, frame);
  };

  #firstOf(channel: Channel): Message | undefined {
    if (channel === "level2" || channel === "level2_batch") return this.#market.snapshot();
    if (channel === "matches") return this.#lastMatch && { ...this.#lastMatch, type: "last_match" };
    return channel === "ticker" || channel === "ticker_batch" ? this.ticker : undefined;
  }

  #has(channel: Channel): boolean {
    return (this.#subscriptions.get(channel)?.size ?? 0) > 0;
  }

  #publish(channel: Channel, frame: Frame): void {
    const subscriptions = this.#subscriptions.get(channel);
    if (subscriptions !== undefined) for (const subscription of subscriptions) subscription.deliver(frame);
  }
}
