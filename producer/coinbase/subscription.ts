/**
 * What a connection asks for, and how the exchange's answer compares with it.
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/overview#subscribe
 */
import { redact } from "../../command.ts";

type Message = Readonly<Record<string, unknown>>;

export interface Subscription {
  readonly channels: readonly string[];
  readonly products: readonly string[];
}

/** The channels that a run takes: with keys everything, without those that need no signature. */
export const signedChannels = ["full", "level2", "heartbeat"];
export const keylessChannels = ["matches", "ticker", "level2_batch", "heartbeat"];

/** The answer names the older alias of a channel. */
const older: Readonly<Record<string, string>> = { level2_batch: "level2_50", ticker_batch: "ticker_1000" };

/** One thing that is asked for. */
export interface Pair {
  readonly channel: string;
  readonly product: string;
}

/** All that was asked for and that a `subscriptions` message does not confirm. */
export function unconfirmed(asked: Subscription, answer: Message): Pair[] {
  const confirmed = new Set<string>();
  for (const channel of listOf(answer["channels"]) as { name?: unknown; product_ids?: unknown }[])
    for (const product of listOf(channel?.product_ids)) confirmed.add(`${String(channel.name)} ${String(product)}`);
  return asked.channels.flatMap((channel) =>
    asked.products
      .filter((product) => ![channel, older[channel]].some((name) => confirmed.has(`${name} ${product}`)))
      .map((product) => ({ channel, product })),
  );
}

/** What an `error` message says, and what it is about. */
export interface Complaint {
  readonly text: string;
  /** The product that the exchange does not know, or no longer knows. */
  readonly product: string | undefined;
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
    credentials: /authenticat|signature|whitelist|passphrase|api key/i.test(text),
    expired: /timestamp expired/i.test(text),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
