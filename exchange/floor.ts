/** Every market, and its pace: the rate of events and the channels that send at an interval. */
import { Listing } from "./listing.ts";
import { Market } from "./market.ts";
import { describeStatus, listProducts } from "./products.ts";
import type { Channel } from "./protocol.ts";
import { Random } from "./random.ts";
import type { Settings } from "./settings.ts";
import { StatusBoard, type Board } from "./subscription.ts";
import type { Truth } from "./truth.ts";

/** A connection that many frames are written to at once. */
interface Corked {
  cork(): void;
  uncork(): void;
}

export class Floor {
  readonly listings: ReadonlyMap<string, Listing>;
  readonly #settings: Settings;
  readonly #connections: ReadonlySet<Corked>;
  readonly #status: StatusBoard;
  readonly #random: Random;
  /** The listings with a running market. */
  #running: readonly Listing[];
  #timers: NodeJS.Timeout[] = [];

  constructor(settings: Settings, connections: ReadonlySet<Corked>, truth: Truth, now: () => string) {
    const { seed, ends, wait } = settings;
    const products = listProducts(settings.products, seed);
    const listings = products.map(
      (product) => new Listing(product, new Market(product, seed, now, ends.get(product.id)), truth, now),
    );
    this.listings = new Map(listings.map((listing) => [listing.product.id, listing]));
    this.#settings = settings;
    this.#connections = connections;
    this.#status = new StatusBoard(describeStatus(products));
    this.#random = new Random(seed, 0, 0);
    this.#running = wait ? [] : listings;
    for (const listing of this.#running) listing.open();
  }

  start(): void {
    const { rate, every } = this.#settings;
    const repeat = (milliseconds: number, act: () => void) => this.#timers.push(setInterval(act, milliseconds));
    const forAll = (milliseconds: number, act: (listing: Listing) => void) =>
      repeat(milliseconds, () => this.listings.forEach((listing) => act(listing)));
    let last = performance.now();
    let owed = 0;
    repeat(every.step, () => {
      const now = performance.now();
      // A machine that slept does not catch up in full: such a burst would overwhelm the clients.
      owed = this.#run(Math.min(owed + (rate * (now - last)) / 1000, rate / 4));
      last = now;
    });
    forAll(every.heartbeat, (listing) => listing.sendHeartbeat());
    forAll(every.level2Batch, (listing) => listing.sendBatch());
    forAll(every.tickerBatch, (listing) => listing.sendTickerBatch());
    repeat(every.status, () => this.#status.send());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Returns the board of a channel and a product, which must exist. */
  board(channel: Channel, productId: string): Board {
    return channel === "status" ? this.#status : this.listings.get(productId)!;
  }

  /** Selects the markets that run, after subscriptions have changed. */
  regroup(): void {
    if (!this.#settings.wait) return;
    this.#running = [...this.listings.values()].filter((listing) => listing.isFollowed);
    for (const listing of this.#running) listing.open();
  }

  /** Makes at least `events` events. Returns what is still owed: zero or, after a step of several events, less. */
  #run(events: number): number {
    if (this.#running.length === 0) return 0;
    for (const connection of this.#connections) connection.cork();
    let owed = events;
    // The first products are the busiest.
    while (owed > 0) owed -= this.#running[Math.floor(this.#random.fraction() ** 2 * this.#running.length)]!.step();
    for (const connection of this.#connections) connection.uncork();
    return owed;
  }
}
