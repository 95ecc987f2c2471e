/**
 * What a connection asks the exchange for, request after request, and what becomes of each: confirmed, refused, or not
 * answered. The exchange's answers name no request, so that one is out at a time; what they say of a product is kept in the roster.
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/overview#subscribe
 */
import type { Roster } from "./roster.ts";
import { briefly, confirmedBy, isAboutProducts, keyOf, type Complaint, type Pair } from "./subscription.ts";

/** Waits, in milliseconds. */
export interface AskingPatience {
  /** For an answer; a fifth of it for the rest of one that began with an error. */
  readonly answer: number;
  /** Between two requests: the exchange takes ten a second of an address. */
  readonly spacing: number;
}

/** So many heartbeats of each other product, and none of one, are a product that the exchange has forgotten. */
const mostBeats = 30;

export interface AskingListener {
  send(type: "subscribe" | "unsubscribe", pairs: readonly Pair[]): void;
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
  /** What the exchange has refused of it by name: products, channels. */
  readonly named: Set<string>;
  /** An error that names neither product nor channel. */
  complaint: string | undefined;
}

export class Asking {
  /** All that the exchange does not refuse was confirmed. */
  confirmed = false;
  readonly #roster: Roster;
  readonly #patience: AskingPatience;
  readonly #listener: AskingListener;
  /** What the exchange says the connection has. */
  #held = new Set<string>();
  /** Products of which nothing comes, whatever it says. */
  readonly #silent = new Set<string>();
  /** Heartbeats of all products, and how many there were at the last of each. */
  #beats = 0;
  readonly #beatAt = new Map<string, number>();
  #request: Request | undefined;
  #queue: (readonly Pair[])[] = [];
  #isOpen = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Will ask for what is next. */
  #later: NodeJS.Timeout | undefined;

  constructor(roster: Roster, patience: AskingPatience, listener: AskingListener) {
    this.#roster = roster;
    this.#patience = patience;
    this.#listener = listener;
  }

  /** Asks for all that is not refused; where everything is, for the product whose turn it is. */
  open(): void {
    const [first = [], ...rest] = this.#roster.requests;
    this.#isOpen = true;
    this.#queue.push(...rest);
    if (first.length > 0) this.#ask(first, false);
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
    const hasErrors = request.named.size > 0 || request.complaint !== undefined;
    if (hasErrors || this.#missing(request).length === 0) this.#settle(request);
  }

  /** The exchange refuses something, or complains. False where the roster does not tell of it. */
  complain({ text, product, channel }: Complaint): boolean {
    const request = this.#request;
    const name = product ?? channel;
    // One error for each channel, or one that comes after its request was settled.
    if (name !== undefined && request?.named.has(name) === true) return true;
    const about = (pair: Pair) => pair.product === product || pair.channel === channel;
    const refused = (request?.pairs ?? this.#roster.wanted).filter((pair) => about(pair) && !this.#has(pair));
    if (refused.length === 0 && product !== undefined && this.#roster.refused.has(product)) return true;
    if (refused.length > 0) this.#roster.refuse(refused, text);
    if (request === undefined) return refused.length > 0;
    if (name !== undefined && refused.length > 0) request.named.add(name);
    else request.complaint = text;
    request.deadline = Math.min(request.deadline, performance.now() + this.#patience.answer / 5);
    if (this.#missing(request).length === 0) this.#settle(request);
    return refused.length > 0;
  }

  /** A heartbeat of a product has come. */
  beat(product: string): void {
    this.#beatAt.set(product, ++this.#beats);
    if (!this.#silent.delete(product)) return;
    this.#roster.accept((pair) => this.#has(pair));
    if (this.#request !== undefined && this.#missing(this.#request).length === 0) this.#settle(this.#request);
  }

  /** To be called from time to time: for answers that do not come, and for what is to be asked for again. */
  tick(): void {
    const request = this.#request;
    if (this.confirmed) this.#listen();
    if (request === undefined) this.#next();
    else if (performance.now() >= request.deadline) this.#settle(request);
  }

  /** The connection is no more; `how` it ended. */
  close(how: string): void {
    const request = this.#request;
    const missing = request === undefined ? [] : this.#missing(request);
    if (this.#isOpen && missing.length > 0)
      if (request!.isTrial) this.#roster.refuse(missing, "the connection ended when it was asked for");
      else this.#roster.cut(missing, request!.complaint ?? how, this.#held.size > 0);
    this.#isOpen = false;
    clearTimeout(this.#later);
  }

  #ask(pairs: readonly Pair[], isTrial: boolean): void {
    this.#askedAt = performance.now();
    const deadline = this.#askedAt + this.#patience.answer;
    this.#request = { pairs, isTrial, deadline, named: new Set(), complaint: undefined };
    // The exchange takes it for one that is subscribed to.
    if (pairs.some(({ product }) => this.#silent.has(product))) this.#listener.send("unsubscribe", pairs);
    this.#listener.send("subscribe", pairs);
  }

  #has(pair: Pair): boolean {
    return this.#held.has(keyOf(pair)) && !this.#silent.has(pair.product);
  }

  /** Finds products that have fallen silent while the others have not: what has no other is found by the connection. */
  #listen(): void {
    const heard = this.#roster.wanted.filter((pair) => pair.channel === "heartbeat" && this.#has(pair));
    if (heard.length < 2) return;
    for (const { product } of heard) {
      const at = this.#beatAt.get(product);
      if (at === undefined) this.#beatAt.set(product, this.#beats);
      else if (this.#beats - at > mostBeats * (heard.length - 1)) {
        this.#silent.add(product);
        this.#beatAt.delete(product);
        const pairs = this.#roster.wanted.filter((pair) => pair.product === product);
        this.#roster.refuse(pairs, `no heartbeat of it while each other product had ${mostBeats}`);
      }
    }
  }

  #missing({ pairs, isTrial, named }: Request): Pair[] {
    // What a trial is about is refused until it is confirmed, or refused again.
    const refusals = isTrial && named.size === 0 ? undefined : this.#roster;
    return pairs.filter((pair) => !this.#has(pair) && refusals?.isRefused(pair) !== true);
  }

  /** A request is over: decides on what is missing of it. */
  #settle(request: Request): void {
    this.#request = undefined;
    const missing = this.#missing(request);
    const products = new Set(missing.map(({ product }) => product));
    if (missing.length === 0) return this.#next();
    const { named, complaint, isTrial } = request;
    const isSure = complaint !== undefined && isAboutProducts(complaint);
    const lacksAgain = !isTrial && this.#roster.lacksAgain(missing);
    // The exchange may have dropped the whole request for what it has named.
    if (named.size > 0) this.#queue.unshift(missing);
    // One of the products may be at fault, and is not named: each is asked for alone.
    else if (complaint !== undefined && products.size > 1 && (isSure || lacksAgain))
      this.#queue.unshift(...[...products].map((product) => missing.filter((pair) => pair.product === product)));
    else if (isSure || isTrial || !this.#isAll(products) || (lacksAgain && this.#held.size > 0))
      this.#roster.refuse(missing, complaint ?? "the exchange does not confirm it");
    else return this.#end("unconfirmed", this.#whatIsMissing(missing, complaint));
    this.#next();
  }

  #whatIsMissing(missing: readonly Pair[], complaint: string | undefined): string {
    const text = `the exchange has not confirmed ${briefly(missing, this.#roster.pairs)}`;
    return complaint === undefined ? text : `${text} (${complaint})`;
  }

  /** Whether it is the connection that lacks something, and not one of its products. */
  #isAll(lacking: ReadonlySet<string>): boolean {
    return this.#roster.wanted.every(({ product }) => lacking.has(product));
  }

  #next(): void {
    if (!this.#isOpen || this.#request !== undefined) return;
    const wait = this.#askedAt + this.#patience.spacing - performance.now();
    clearTimeout(this.#later);
    if (this.#queue.length > 0 && wait > 0) {
      this.#later = setTimeout(() => this.#next(), wait);
      return;
    }
    const queued = this.#queue.shift();
    if (queued !== undefined) return this.#ask(queued, false);
    if (this.#held.size === 0) {
      const reasons = [...this.#roster.refused].map(([product, reason]) => `${product}: ${reason}`);
      return this.#end("rejected", reasons.slice(0, 3).join("; "));
    }
    if (!this.confirmed) {
      this.confirmed = true;
      this.#roster.confirmed();
      this.#listener.confirmed();
    }
    const due = wait > 0 ? undefined : this.#roster.due(performance.now());
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
