/**
 * What one socket is to have, and what the exchange refuses of it. It outlives the connections: what one of them has learnt
 * of a product, the next need not learn by its own end. What is refused is asked for again, a product at a time, after
 * pauses that grow.
 */
import { briefly, isAboutProducts, keyOf, pairsOf, type Pair, type Subscription } from "./subscription.ts";

export interface RosterPatience {
  /** Before a product that is refused is asked for again: at first, and at most, in milliseconds. */
  readonly firstTry: number;
  readonly lastTry: number;
}

/** What is refused of one product. */
interface Refusal {
  pairs: readonly Pair[];
  readonly reason: string;
  readonly tries: number;
  /** When it is asked for again, by `performance.now()`. */
  readonly again: number;
}

export interface RosterListener {
  /** Something is refused for the first time, or still; it is asked for again after `wait` milliseconds. */
  refused(what: string, reason: string, wait: number, first: boolean): void;
  /** A product is confirmed that was refused before. */
  accepted(product: string): void;
}

export class Roster {
  readonly pairs: readonly Pair[];
  readonly #patience: RosterPatience;
  readonly #listener: RosterListener;
  readonly #refusals = new Map<string, Refusal>();
  /** What the connection before lacked, though the exchange had not refused it. */
  #lacked: readonly Pair[] = [];
  /** Connections, one after the other, that ended while the exchange owed them an answer. */
  #cuts = 0;
  /** Products that were asked for, alone, when that happened. */
  readonly #suspects = new Set<string>();

  constructor(subscription: Subscription, patience: RosterPatience, listener: RosterListener) {
    this.pairs = pairsOf(subscription);
    this.#patience = patience;
    this.#listener = listener;
  }

  /** What a connection asks for at once: all that is not refused. */
  get wanted(): readonly Pair[] {
    return this.pairs.filter((pair) => !this.isRefused(pair));
  }

  /**
   * What is wanted, by request: all in one; or, where the exchange has ended connections over a product without saying which,
   * one for each product, those last that were asked for when it did.
   */
  get requests(): readonly (readonly Pair[])[] {
    const { wanted } = this;
    if (this.#cuts < 2) return [wanted];
    const products = [...new Set(wanted.map(({ product }) => product))];
    const last = (product: string) => Number(this.#suspects.has(product));
    return products
      .toSorted((a, b) => last(a) - last(b))
      .map((product) => wanted.filter((pair) => pair.product === product));
  }

  /** The products of which something is refused, and why. */
  get refused(): ReadonlyMap<string, string> {
    return new Map([...this.#refusals].map(([product, { reason }]) => [product, reason]));
  }

  /** When a product is next asked for again, by `performance.now()`; Infinity where none is refused. */
  get nextTry(): number {
    return Math.min(...[...this.#refusals.values()].map(({ again }) => again));
  }

  isRefused({ channel, product }: Pair): boolean {
    return this.#refusals.get(product)?.pairs.some((pair) => pair.channel === channel) === true;
  }

  /** The refused pairs of the product whose turn it is to be asked for again; undefined where it is none's. */
  due(now: number): readonly Pair[] | undefined {
    return [...this.#refusals.values()].toSorted((a, b) => a.again - b.again).find(({ again }) => again <= now)?.pairs;
  }

  /** Remembers that the exchange refuses these pairs. */
  refuse(pairs: readonly Pair[], reason: string): void {
    let wait = Infinity;
    let first = false;
    for (const product of new Set(pairs.map((pair) => pair.product))) {
      const known = this.#refusals.get(product);
      const tries = (known?.tries ?? 0) + 1;
      const pause = this.#pause(tries);
      const mine = pairs.filter((pair) => pair.product === product);
      const others = (known?.pairs ?? []).filter(({ channel }) => !mine.some((pair) => pair.channel === channel));
      this.#refusals.set(product, { pairs: [...others, ...mine], reason, tries, again: performance.now() + pause });
      first ||= known === undefined;
      wait = Math.min(wait, pause);
    }
    if (pairs.length > 0) this.#listener.refused(briefly(pairs, this.pairs), reason, wait, first);
  }

  /** Forgets what was refused of what `confirms` says to be confirmed now. */
  accept(confirms: (pair: Pair) => boolean): void {
    for (const [product, refusal] of this.#refusals) {
      refusal.pairs = refusal.pairs.filter((pair) => !confirms(pair));
      if (refusal.pairs.length > 0) continue;
      this.#refusals.delete(product);
      this.#listener.accepted(product);
    }
  }

  /**
   * Remembers that a connection ended before it had an answer to these pairs. A product that was asked for alone counts as
   * refused where the exchange says that it is about products, or does it again though others are confirmed.
   */
  cut(pairs: readonly Pair[], reason: string, othersAreConfirmed: boolean): void {
    const [product = "", ...others] = new Set(pairs.map((pair) => pair.product));
    const isSure = isAboutProducts(reason);
    if (others.length === 0 && (isSure || (othersAreConfirmed && this.#suspects.has(product))))
      return this.refuse(pairs, reason);
    if (others.length === 0) this.#suspects.add(product);
    this.#cuts += isSure ? 2 : 1;
  }

  /** All that is wanted was confirmed: what ended connections early is over. */
  confirmed(): void {
    this.#cuts = 0;
    this.#suspects.clear();
  }

  /** Whether the connection before has lacked the same; remembers it for the next. */
  lacksAgain(missing: readonly Pair[]): boolean {
    const before = new Set(this.#lacked.map((pair) => keyOf(pair)));
    this.#lacked = missing;
    return missing.every((pair) => before.has(keyOf(pair)));
  }

  /** Grows with each try, the upper half of it at random: products that were refused together are not tried together. */
  #pause(tries: number): number {
    const { firstTry, lastTry } = this.#patience;
    return Math.min(lastTry, firstTry * 2 ** (tries - 1)) * (0.5 + Math.random() / 2);
  }
}
