/**
 * The exchange as a source: the products spread over sockets, each of which comes back by itself when it fails, alone
 * and inside the exchange's limits (8 connections a second, https://docs.cdp.coinbase.com/exchange/websocket-feed/rate-limits).
 */
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../program/command.ts";
import type { Logger } from "../../program/logger.ts";
import type { Batch, Decode, Health, Output, Session, Source } from "../source.ts";
import type { Continuity } from "./continuity.ts";
import { coinbaseDecoder } from "./decoder.ts";
import type { OwnFields } from "./decode/decode.ts";
import { healthOf } from "./health.ts";
import { Connection, type Cause, type Ending, type Listener, type Patience } from "./connection.ts";
import { Inbox } from "./inbox.ts";
import { Roster, type RosterPatience } from "./roster.ts";
import type { Credentials } from "./signature.ts";
import { isAboutProducts } from "./subscription.ts";

export interface FeedOptions {
  /** WebSocket URLs: the first is preferred, the next is tried after a failure. */
  readonly endpoints: readonly string[];
  readonly channels: readonly string[];
  readonly products: readonly string[];
  readonly productsPerSocket: number;
  readonly credentials?: Credentials | undefined;
  /** What watches over its numbers. */
  readonly continuity: Continuity;
  /** What becomes of the members of the account's own orders. */
  readonly ownFields: OwnFields;
  readonly log: Logger;
  readonly patience?: FeedPatience;
}

export interface FeedPatience extends Patience, RosterPatience {
  /** Between two connections of this process too, in milliseconds. */
  readonly spacing: number;
  /** The first wait after a failure, and the longest, in milliseconds. */
  readonly firstRetry: number;
  readonly lastRetry: number;
  /** A connection that has lived so long is no failure, in milliseconds. */
  readonly healthy: number;
}

const usualPatience: FeedPatience = {
  answer: 5_000,
  silence: 5_000,
  spacing: 150,
  firstRetry: 1_000,
  lastRetry: 30_000,
  healthy: 30_000,
  firstTry: 30_000,
  lastTry: 900_000,
};

export class CoinbaseFeed implements Source {
  readonly id = randomUUID();
  readonly watch: Continuity;
  readonly health: Health;
  /** Connections that are confirmed now, made in all, and ended, by cause. */
  open = 0;
  connects = 0;
  readonly endings: Partial<Record<Cause, number>> = {};
  /** Error frames. */
  complaints = 0;
  readonly sockets: number;
  readonly #options: FeedOptions;
  readonly #patience: FeedPatience;
  /** Of each socket. */
  readonly #rosters: readonly Roster[];
  readonly #connections = new Set<Connection>();
  readonly #inbox: Inbox;
  #everConfirmed = false;
  #fatal: unknown;
  #nextConnect = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.watch = options.continuity;
    this.#patience = options.patience ?? usualPatience;
    this.sockets = Math.ceil(options.products.length / options.productsPerSocket);
    this.#inbox = new Inbox(this.#connections, options.log);
    this.#rosters = Array.from({ length: this.sockets }, (_, socket) => this.#newRoster(socket));
    this.health = healthOf(this);
  }

  decoder(session: Session, output: Output): Decode {
    return coinbaseDecoder(session, output, this.#options.ownFields, (message) => {
      if (session instanceof Connection) session.control(message);
      if (message["type"] === "heartbeat") output.notice(message);
    });
  }

  /** Frames that have come. */
  get received(): number {
    return this.#inbox.received;
  }

  /** How often the sockets were paused because the sink was full. */
  get pauses(): number {
    return this.#inbox.pauses;
  }

  /** Products of which the exchange refuses something. */
  get refused(): number {
    return this.#rosters.reduce((sum, roster) => sum + roster.refused.size, 0);
  }

  /** Sockets all of whose products the exchange refuses: they are connected only to ask again. */
  get idle(): number {
    return this.#rosters.filter((roster) => roster.wanted.length === 0).length;
  }

  /**
   * Frames as they come. Ends when `signal` aborts, after the last frame that had come by then. Throws UserError where
   * trying again cannot help: the exchange rejects the credentials, or every product, of a feed that never worked.
   */
  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const stop = new AbortController();
    const over = this.#keepAll(AbortSignal.any([signal, stop.signal]));
    try {
      yield* this.#inbox.batches();
      if (this.#fatal !== undefined) throw this.#fatal;
    } finally {
      stop.abort();
      await over;
    }
  }

  /** Keeps all sockets connected until `signal` aborts; one that cannot work ends them all. */
  async #keepAll(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const stopped = AbortSignal.any([signal, failed.signal]);
    // Every socket listens to it.
    setMaxListeners(0, stopped);
    const running = Array.from({ length: this.sockets }, (_, socket) =>
      this.#keep(socket, stopped).catch((error: unknown) => {
        this.#fatal ??= error;
        failed.abort();
      }),
    );
    await Promise.all(running);
    this.#inbox.close();
  }

  /** Keeps one socket connected until `signal` aborts. */
  async #keep(socket: number, signal: AbortSignal): Promise<void> {
    const { endpoints, credentials } = this.#options;
    const roster = this.#rosters[socket]!;
    for (let failures = 0; !signal.aborted;) {
      await this.#turn(signal);
      if (signal.aborted) return;
      const endpoint = endpoints[failures % endpoints.length]!;
      const start = performance.now();
      const { ending, confirmed } = await this.#connect(endpoint, socket, signal);
      if (signal.aborted) return;
      const { host } = new URL(endpoint);
      const isIdle = roster.wanted.length === 0;
      if (isIdle && !this.#everConfirmed && this.#isNothingLeft()) throw this.#nothingLeft(host);
      if (!isIdle && ending.cause === "rejected" && !this.#everConfirmed)
        throw new UserError(`${host} rejects the subscription: ${ending.detail}. ${cureOf(credentials)}`);
      failures = confirmed && performance.now() - start > this.#patience.healthy ? 0 : failures + 1;
      const wait = Math.max(this.#backOff(failures), isIdle ? roster.nextTry - performance.now() : 0);
      this.#tell(socket, ending, endpoint, wait);
      await pause(wait, signal);
    }
  }

  #tell(socket: number, { cause, detail }: Ending, endpoint: string, wait: number): void {
    const products = this.#productsOf(socket).length;
    const fields = { socket: socket + 1, cause, endpoint, products };
    this.#options.log("warn", `${this.#nameOf(socket)}: ${detail}; again in ${seconds(wait)}`, fields);
  }

  /** Whether the exchange knows none of the products; another error may pass. */
  #isNothingLeft(): boolean {
    const reasons = this.#rosters.flatMap((roster) => [...roster.refused.values()]);
    return this.idle === this.sockets && reasons.every((reason) => isAboutProducts(reason));
  }

  /** The exchange refuses every product of a feed that never worked. */
  #nothingLeft(host: string): UserError {
    const reasons = this.#rosters.flatMap((roster) => [...roster.refused]);
    const [first] = reasons.map(([product, reason]) => `${product} (${reason})`);
    const which = reasons.length === 1 ? `${first}, the only product` : `all ${reasons.length} products, as ${first}`;
    return new UserError(
      `${host} refuses ${which}. npm run producer -- --list-products shows what there is; COINBASE_PRODUCTS, or --products, chooses.`,
    );
  }

  async #connect(
    endpoint: string,
    socket: number,
    signal: AbortSignal,
  ): Promise<{ ending: Ending; confirmed: boolean }> {
    const { channels, credentials, log } = this.#options;
    const roster = this.#rosters[socket]!;
    const name = this.#nameOf(socket);
    const listener: Listener = {
      arrived: (session, frame) => this.#inbox.add(session, frame),
      confirmed: () => {
        this.open++;
        this.#everConfirmed = true;
        const products = new Set(roster.wanted.map(({ product }) => product)).size;
        log(
          "info",
          `${name}: connected to ${new URL(endpoint).host}, ${channels.join(" + ")} of ${products} product${products === 1 ? "" : "s"}`,
        );
      },
      complained: (text, refusal) => {
        this.complaints++;
        if (!refusal) log("warn", `${name}: the exchange says: ${text}`);
      },
    };
    const connection = new Connection(endpoint, roster, credentials, this.#patience, listener);
    this.connects++;
    this.#connections.add(connection);
    const stop = () => connection.stop();
    signal.addEventListener("abort", stop, { once: true });
    const ending = await connection.ended;
    signal.removeEventListener("abort", stop);
    this.#connections.delete(connection);
    this.endings[ending.cause] = (this.endings[ending.cause] ?? 0) + 1;
    if (connection.confirmed) this.open--;
    return { ending, confirmed: connection.confirmed };
  }

  #newRoster(socket: number): Roster {
    const { channels, log } = this.#options;
    const name = () => this.#nameOf(socket);
    return new Roster({ channels, products: this.#productsOf(socket) }, this.#patience, {
      refused: (what, reason, wait, first) =>
        log(
          first ? "warn" : "info",
          first
            ? `${name()}: the exchange refuses ${what} (${reason}); the rest is taken without it, and it is asked for again, alone, in ${seconds(wait)}`
            : `${name()}: the exchange still refuses ${what}; again in ${seconds(wait)}`,
          { socket: socket + 1, refused: what, reason },
        ),
      accepted: (product) => log("info", `${name()}: the exchange accepts ${product}, which it had refused`),
    });
  }

  #nameOf(socket: number): string {
    return this.sockets === 1 ? "socket" : `socket ${socket + 1}/${this.sockets}`;
  }

  #productsOf(socket: number): string[] {
    return this.#options.products.filter((_, i) => i % this.sockets === socket);
  }

  /** Waits until this process may connect again. */
  async #turn(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#nextConnect);
    this.#nextConnect = at + this.#patience.spacing;
    await pause(at - now, signal);
  }

  /** Exponential, with the upper half of each wait at random: sockets that fail together do not come back together. */
  #backOff(failures: number): number {
    const { firstRetry, lastRetry } = this.#patience;
    const longest = Math.min(lastRetry, firstRetry * 2 ** Math.max(0, failures - 1));
    return longest * (0.5 + Math.random() / 2);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
}

function cureOf(credentials: Credentials | undefined): string {
  return credentials === undefined
    ? "This endpoint, or one of the channels, wants keys: COINBASE_KEY, COINBASE_SECRET and COINBASE_PASSPHRASE."
    : "Look at COINBASE_KEY, COINBASE_SECRET, COINBASE_PASSPHRASE and this machine's clock.";
}
