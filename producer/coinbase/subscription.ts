/**
 * What a connection asks for, and how the exchange's answer compares with it.
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/overview#subscribe
 */
import { redact } from "../../program/command.ts";

type Message = Readonly<Record<string, unknown>>;

export interface Subscription {
  readonly channels: readonly string[];
  readonly products: readonly string[];
}

/** The channels that a run takes: with keys everything, without those that need no signature. */
export const signedChannels = ["full", "level2", "heartbeat"];
export const keylessChannels = ["matches", "ticker", "level2_batch", "heartbeat"];

/** The answer names the older alias of a channel. */
const newer: Readonly<Record<string, string>> = { level2_50: "level2_batch", ticker_1000: "ticker_batch" };

/** One thing that is asked for. */
export interface Pair {
  readonly channel: string;
  readonly product: string;
}

/** All pairs of a subscription. */
export function pairsOf({ channels, products }: Subscription): Pair[] {
  return channels.flatMap((channel) => products.map((product) => ({ channel, product })));
}

export function keyOf({ channel, product }: Pair): string {
  return `${channel} ${product}`;
}

/** The members of a subscribe that ask for these pairs: each channel with products of its own. */
export function channelsOf(pairs: readonly Pair[]): { name: string; product_ids: string[] }[] {
  const products = new Map<string, string[]>();
  for (const { channel, product } of pairs) {
    const mine = products.get(channel);
    if (mine === undefined) products.set(channel, [product]);
    else mine.push(product);
  }
  return [...products].map(([name, product_ids]) => ({ name, product_ids }));
}

/** The keys of the pairs that a `subscriptions` message confirms: all that the connection has. */
export function confirmedBy(answer: Message): Set<string> {
  const confirmed = new Set<string>();
  for (const entry of listOf(answer["channels"]) as { name?: unknown; product_ids?: unknown }[]) {
    const name = String(entry?.name);
    for (const product of listOf(entry?.product_ids))
      confirmed.add(keyOf({ channel: newer[name] ?? name, product: String(product) }));
  }
  return confirmed;
}

/** Pairs in a few words: a product by its id where it is there with all channels of `whole`. */
export function briefly(pairs: readonly Pair[], whole: readonly Pair[] = []): string {
  const count = (list: readonly Pair[], product: string) => list.filter((pair) => pair.product === product).length;
  const words = new Set(
    pairs.map(({ channel, product }) =>
      count(pairs, product) === count(whole, product) ? product : `${channel} of ${product}`,
    ),
  );
  const shown = [...words].slice(0, 3).join(", ");
  return words.size > 3 ? `${shown} and ${words.size - 3} more` : shown;
}

/** What an `error` message says, and what it is about. */
export interface Complaint {
  readonly text: string;
  /** The product that the exchange does not know, or no longer knows. */
  readonly product: string | undefined;
  /** The channel that it does not know. */
  readonly channel: string | undefined;
  /** The signature, the key or its rights are at fault. */
  readonly credentials: boolean;
  /** The signature came too late, or with a wrong clock: another may do. */
  readonly expired: boolean;
}

export function readComplaint(message: Message): Complaint {
  const text = redact([message["message"], message["reason"]].filter((part) => typeof part === "string").join(": "));
  return {
    text: text === "" ? "an error without a message" : text.slice(0, 500),
    product: /(?:^|: )(\S+) is not a valid product$/.exec(text)?.[1],
    channel: /(?:^|: )(\S+) is not a valid channel$/.exec(text)?.[1],
    credentials: /authenticat|signature|whitelist|passphrase|api key/i.test(text),
    expired: /timestamp expired/i.test(text),
  };
}

/** Whether an error is about products, though it may not name one. */
export function isAboutProducts(text: string): boolean {
  return /\bproducts?\b/i.test(text);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
