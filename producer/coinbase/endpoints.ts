/**
 * Where Coinbase Exchange answers.
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/overview, .../introduction/systems-operations
 */
import { UsageError, secret } from "../../program/command.ts";
import { isLoopback } from "../../program/this-machine.ts";

/** Direct market data: every subscription must be signed. */
export const direct = "wss://ws-direct.exchange.coinbase.com";
/** Market data: only some channels need a signature. */
export const feed = "wss://ws-feed.exchange.coinbase.com";

const rest = "https://api.exchange.coinbase.com";
const sandboxRest = "https://api-public.sandbox.exchange.coinbase.com";

const restOf: Readonly<Record<string, string>> = {
  "ws-direct.exchange.coinbase.com": rest,
  "ws-feed.exchange.coinbase.com": rest,
  "ws-direct.sandbox.exchange.coinbase.com": sandboxRest,
  "ws-feed-public.sandbox.exchange.coinbase.com": sandboxRest,
  "ws-us-direct.dma.prime.coinbase.com": "https://api-us.dma.prime.coinbase.com",
  "ws-us.dma.prime.coinbase.com": "https://api-us.dma.prime.coinbase.com",
};

/** A WebSocket URL that a user named. Throws UsageError when it is none, or holds credentials. */
export function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^wss?:$/.test(url.protocol))
    throw new UsageError("--source: a URL as wss://ws-feed.exchange.coinbase.com or ws://127.0.0.1:9465 is expected.");
  if (url.username !== "" || url.password !== "")
    throw new UsageError(
      `--source: ${url.host} has credentials in its URL. Set COINBASE_KEY, COINBASE_SECRET and COINBASE_PASSPHRASE instead.`,
    );
  // A key among its parameters would be in every line that names the endpoint.
  for (const value of url.searchParams.values()) secret(value);
  return url;
}

/** The REST base URL that belongs to a WebSocket endpoint: of the same host where it is none of Coinbase's. */
export function restBase(endpoint: string): string {
  const url = new URL(endpoint);
  if (Object.hasOwn(restOf, url.host)) return restOf[url.host]!;
  return `${url.protocol === "wss:" ? "https:" : "http:"}//${url.host}`;
}

/** Whether what is sent to an endpoint can be read on its way: without TLS, to another machine. */
export function sendsInTheClear(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === "ws:" && !isLoopback(hostname);
}

/** Whether what an endpoint sends happened in a market. In a sandbox it did not. */
export function isReal(endpoint: string): boolean {
  const { host } = new URL(endpoint);
  return Object.hasOwn(restOf, host) && !host.includes("sandbox");
}
