/** The settings, and their defaults: the documented behaviour of the exchange. */
import { publicCredentials, type Credentials } from "./credentials.ts";
import type { Fault } from "./faults.ts";
import type { Limit } from "./limits.ts";
import type { End } from "./market.ts";

export interface Settings {
  /** The port on 127.0.0.1; 0 is any free one. */
  readonly port: number;
  readonly seed: number;
  /** The number of products. */
  readonly products: number;
  /** Events of the full channel per second, all products together. */
  readonly rate: number;
  /** The ends of the tapes to continue. */
  readonly ends: ReadonlyMap<string, End>;
  /** Whether a market pauses while no client is subscribed to its full or matches channel. */
  readonly wait: boolean;
  /** The file that the truth log is appended to. */
  readonly truth: string | undefined;
  readonly faults: readonly Fault[];
  readonly credentials: Credentials;
  /** The most seconds between a signature's timestamp and the clock. */
  readonly signatureWindow: number;
  /** Limits per address. https://docs.cdp.coinbase.com/exchange/websocket-feed/rate-limits, …/rest-api/rate-limits */
  readonly limits: { readonly handshakes: Limit; readonly messages: Limit; readonly requests: Limit };
  /** A request on the socket with more bytes closes the connection with code 1009. The exchange's limit is not published. */
  readonly longestMessage: number;
  /** The most bytes that may wait for a client that reads too slowly. The exchange's limit is not published. */
  readonly backlog: number;
  /** Intervals in milliseconds, of the markets' steps and of the timed channels. That of status is not published. */
  readonly every: {
    readonly step: number;
    readonly heartbeat: number;
    readonly level2Batch: number;
    readonly tickerBatch: number;
    readonly status: number;
  };
  /** Timeouts in milliseconds: for the first subscribe, for another after the last unsubscribe, and for pending data at the end. */
  readonly patience: { readonly subscribe: number; readonly idle: number; readonly linger: number };
}

export const usual: Settings = {
  port: 0,
  seed: 1,
  products: 5,
  rate: 2000,
  ends: new Map(),
  wait: false,
  truth: undefined,
  faults: [],
  credentials: publicCredentials,
  signatureWindow: 30,
  limits: {
    handshakes: { rate: 8, burst: 20 },
    messages: { rate: 100, burst: 100 },
    requests: { rate: 10, burst: 15 },
  },
  longestMessage: 256 * 1024,
  backlog: 16 * 1024 * 1024,
  every: { step: 10, heartbeat: 1000, level2Batch: 50, tickerBatch: 5000, status: 5000 },
  patience: { subscribe: 5000, idle: 60_000, linger: 2000 },
};
