/**
 * What a connection asks the exchange for, request after request, and what becomes of each: confirmed, refused, or not
 * answered. The exchange's answers name no request, so that one is out at a time; what they say of a product is kept in the roster.
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/overview#subscribe
 */
import type { Roster } from "./roster.ts";
import { briefly, confirmedBy, keyOf, type Complaint, type Pair } from "./subscription.ts";

export interface AskingListener {
  send(pairs: readonly Pair[]): void;
  /** The exchange has confirmed all that it does not refuse. */
  confirmed(): void;
  end(cause: "unconfirmed" | "rejected", detail: string): void;
}

interface Request {
  readonly pairs: readonly Pair[];
  /** Of a product that was refused before: it must not disturb the others. */
  readonly isTrial: boolean;
  /** By when it is to be answered. */
  deadline: number;
  /** Something of it was refused by name. */
  named: boolean;
  /** An error that names neither product nor channel. */
  complaint: string | undefined;
}

export class Asking {
  /** All that the exchange does not refuse was confirmed. */
  confirmed = false;
  readonly #roster: Roster;
  /** How long is waited for an answer; after an error, for the rest of it, in milliseconds. */
  readonly #patience: number;
  readonly #rest: number;
  readonly #listener: AskingListener;
  #held = new Set<string>();
  #request: Request | undefined;
  #queue: (readonly Pair[])[] = [];
  #isOpen = false;

  constructor(roster: Roster, patience: number, listener: AskingListener) {
    this.#roster = roster;
    this.#patience = patience;
    this.#rest = patience / 5;
    this.#listener = listener;
  }

  /** Asks for all that is not refused; where everything is, for the product whose turn it is. */
  open(): void {
    const { wanted } = this.#roster;
    this.#isOpen = true;
    if (wanted.length > 0) this.#ask(wanted, false);
    else this.#ask(this.#roster.due(Infinity) ?? [], true);
  }

  /** Whether a channel of any product is confirmed. */
  holds(channel: string): boolean {
    return this.#roster.pairs.some((pair) => pair.channel === channel && this.#has(pair));
  }

  /** The exchange says what the connection has. */
  answer(message: Readonly<Record<string, unknown>>): void {
    const before = this.#held;
    this.#held = confirmedBy(message);
    this.#roster.accept((pair) => this.#has(pair));
    const lost = this.#roster.wanted.filter((pair) => before.has(keyOf(pair)) && !this.#has(pair));
    if (lost.length > 0) this.#lose(lost);
    if (!this.#isOpen) return;
    const request = this.#request;
    if (request === undefined) return this.#next();
    // Errors come before the answer.
    if (this.#missing(request).length === 0 || request.named || request.complaint !== undefined) this.#settle(request);
  }

  /** The exchange refuses something, or complains. False where that is about nothing that was asked for. */
  complain({ text, product, channel }: Complaint): boolean {
    const request = this.#request;
    const about = (pair: Pair) => pair.product === product || pair.channel === channel;
    const refused = (request?.pairs ?? this.#roster.wanted).filter((pair) => about(pair) && !this.#has(pair));
    if (refused.length > 0) this.#roster.refuse(refused, text);
    if (request === undefined) return refused.length > 0;
    if (refused.length > 0) request.named = true;
    else request.complaint = text;
    request.deadline = Math.min(request.deadline, performance.now() + this.#rest);
    if (this.#missing(request).length === 0) this.#settle(request);
    return refused.length > 0;
  }

  /** To be called from time to time: for answers that do not come, and for what is to be asked for again. */
  tick(): void {
    const request = this.#request;
    if (request === undefined) this.#next();
    else if (performance.now() >= request.deadline) this.#settle(request);
  }

  /** The connection is no more. */
  close(): void {
    if (this.#isOpen && this.#request?.isTrial === true)
      this.#roster.refuse(this.#missing(this.#request), "the connection ended when it was asked for");
    this.#isOpen = false;
  }

  #ask(pairs: readonly Pair[], isTrial: boolean): void {
    this.#request = {
      pairs,
      isTrial,
      deadline: performance.now() + this.#patience,
      named: false,
      complaint: undefined,
    };
    this.#listener.send(pairs);
  }

  #has(pair: Pair): boolean {
    return this.#held.has(keyOf(pair));
  }

  #missing({ pairs, isTrial, named }: Request): Pair[] {
    return pairs.filter((pair) => !this.#has(pair) && !((named || !isTrial) && this.#roster.isRefused(pair)));
  }

  /** A request is over: decides on what is missing of it. */
  #settle(request: Request): void {
    this.#request = undefined;
    const missing = this.#missing(request);
    const products = new Set(missing.map(({ product }) => product));
    if (missing.length === 0) return this.#next();
    // The exchange may have dropped the whole request for what it has named.
    if (request.named) this.#queue.unshift(missing);
    else if (request.complaint !== undefined && products.size > 1)
      this.#queue.unshift(...[...products].map((product) => missing.filter((pair) => pair.product === product)));
    else if (request.complaint !== undefined) this.#roster.refuse(missing, request.complaint);
    else if (request.isTrial || !this.#isAll(products) || (this.#held.size > 0 && this.#roster.lacksAgain(missing)))
      this.#roster.refuse(missing, "the exchange does not confirm it");
    else return this.#end("unconfirmed", `the exchange has not confirmed ${briefly(missing, this.#roster.pairs)}`);
    this.#next();
  }

  /** Whether it is the connection that lacks something, and not one of its products. */
  #isAll(lacking: ReadonlySet<string>): boolean {
    return this.#roster.wanted.every(({ product }) => lacking.has(product));
  }

  #next(): void {
    if (!this.#isOpen) return;
    const queued = this.#queue.shift();
    if (queued !== undefined) return this.#ask(queued, false);
    if (this.#held.size === 0) {
      const reasons = [...this.#roster.refused].map(([product, reason]) => `${product}: ${reason}`);
      return this.#end("rejected", reasons.slice(0, 3).join("; "));
    }
    if (!this.confirmed) {
      this.confirmed = true;
      this.#listener.confirmed();
    }
    const due = this.#roster.due(performance.now());
    if (due !== undefined) this.#ask(due, true);
  }

  /** The exchange no longer sends what it sent: that is asked for again, alone. */
  #lose(lost: readonly Pair[]): void {
    if (this.#held.size === 0)
      return this.#end("unconfirmed", `the exchange no longer sends ${briefly(lost, this.#roster.pairs)}`);
    this.#queue.push(lost);
  }

  #end(cause: "unconfirmed" | "rejected", detail: string): void {
    this.#isOpen = false;
    this.#listener.end(cause, detail);
  }
}
