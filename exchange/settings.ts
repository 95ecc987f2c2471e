/** Everything that can be set, and what it is if nobody does: the documented behaviour of the exchange. */
import { publicCredentials, type Credentials } from "./credentials.ts";
import type { Fault } from "./faults.ts";
import type { Limit } from "./limits.ts";
import type { End } from "./market.ts";

export interface Settings {
  /** The port on 127.0.0.1; 0 is any free one. */
  readonly port: number;
  readonly seed: number;
  /** How many products there are. */
  readonly products: number;
  /** Events of the full channel a second, of all products together. */
  readonly rate: number;
  /** Where tapes end that go on. */
  readonly ends: ReadonlyMap<string, End>;
  /** Whether a market stands still while nobody listens to its full or matches. */
  readonly wait: boolean;
  /** The file that the ground truth is appended to. */
  readonly truth: string | undefined;
  readonly faults: readonly Fault[];
  readonly credentials: Credentials;
  /** How many seconds a signature may be off the clock. */
  readonly signatureWindow: number;
  /** Of one address. https://docs.cdp.coinbase.com/exchange/websocket-feed/rate-limits, …/rest-api/rate-limits */
  readonly limits: { readonly handshakes: Limit; readonly messages: Limit; readonly requests: Limit };
  /** A request on the socket with more bytes is refused with close code 1009. The exchange's limit is not published. */
  readonly longestMessage: number;
  /** The most bytes that may wait for a client that reads too slowly. The exchange's limit is not published. */
  readonly backlog: number;
  /** In milliseconds, how often the markets move and the channels speak that go by the clock; status' is not published. */
  readonly every: {
    readonly step: number;
    readonly heartbeat: number;
    readonly level2Batch: number;
    readonly tickerBatch: number;
    readonly status: number;
  };
  /** In milliseconds, how long is waited for the first subscribe, for one again, and for what a client should still get. */
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
