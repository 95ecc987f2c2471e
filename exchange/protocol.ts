/**
 * The requests of a client on the socket, and the exchange's errors for invalid ones: parses the text of a request into
 * a plan, without side effects.
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/overview, …/channels, …/errors
 */

/** The channels that are simulated, by their documented names. */
export const channelNames = [
  "full",
  "level2",
  "level2_batch",
  "matches",
  "ticker",
  "ticker_batch",
  "heartbeat",
  "status",
] as const;

export type Channel = (typeof channelNames)[number];

/** Older names. A request may use either name; the reply uses the older one. */
const aliases: ReadonlyMap<string, Channel> = new Map([
  ["level2_50", "level2_batch"],
  ["ticker_1000", "ticker_batch"],
]);

/** The product of a subscription to status, which covers all products. */
const allProducts = "";

const needSignature: ReadonlySet<Channel> = new Set<Channel>(["full", "level2"]);

export interface ErrorMessage {
  readonly type: "error";
  readonly message: string;
  readonly reason?: string;
}

export interface Signature {
  readonly signature: string;
  readonly key: string;
  readonly passphrase: string;
  readonly timestamp: string;
}

export interface Rules {
  isProduct(id: string): boolean;
  /** The frame that refuses a signature, or undefined if it is valid. */
  refuse(signature: Signature): ErrorMessage | undefined;
  /** Whether every subscribe must be signed. */
  readonly signedOnly: boolean;
}

export interface Plan {
  /** Undefined if the text is not a request. */
  readonly operation: "subscribe" | "unsubscribe" | undefined;
  /** The products of each channel; empty if nothing can be done. Unsubscribing from no product leaves the channel. */
  readonly products: ReadonlyMap<Channel, ReadonlySet<string>>;
  /** The errors to send before the operation. */
  readonly refusals: readonly (ErrorMessage | string)[];
}

/** Plans a request: one error for each invalid part, and the operation on the valid ones. */
export function planRequest(text: string, rules: Rules): Plan {
  const request = parseObject(text);
  const { type } = request;
  if (type !== "subscribe" && type !== "unsubscribe") {
    return refusal(undefined, failed("subscribe", "Type has to be either subscribe or unsubscribe"));
  }
  const { channels, product_ids: shared = [] } = request;
  const signature = type === "subscribe" ? readSignature(request) : undefined;
  if (signature === "mistyped") return refusal(type, "\u0003invalid (un)subscribe msg");
  const refused = signature && rules.refuse(signature);
  if (refused !== undefined) return refusal(type, refused);
  if (!Array.isArray(channels) || channels.length === 0) return refusal(type, failed(type, "No channels provided"));
  if (!isTexts(shared)) return refusal(type, failed(type, "Invalid product ID provided"));

  const errors = new Map<string, ErrorMessage>();
  const refuse = (reason: string, once = reason) => void errors.set(once, failed(type, reason));
  const products = new Map<Channel, Set<string>>();
  for (const entry of channels as readonly unknown[]) {
    const { name, ids } = readChannel(entry, shared);
    const channel = channelNames.find((known) => known === name) ?? aliases.get(name);
    if (channel === undefined) refuse(`${name} is not a valid channel`);
    else if (ids === undefined) refuse("Invalid product ID provided");
    else if (channel === "status") products.set(channel, new Set([allProducts]));
    else if (type === "unsubscribe" && ids.length === 0) products.set(channel, new Set());
    else {
      if (ids.length === 0) refuse(" is not a valid product", name);
      for (const id of ids) if (!rules.isProduct(id)) refuse(`${id} is not a valid product`);
      const valid = ids.filter((id) => rules.isProduct(id));
      if (valid.length > 0) products.set(channel, new Set([...(products.get(channel) ?? []), ...valid]));
    }
  }
  if (type === "subscribe" && signature === undefined) {
    for (const channel of [...products.keys()].filter((name) => rules.signedOnly || needSignature.has(name))) {
      products.delete(channel);
      refuse(signatureNeeded);
    }
  }
  return { operation: type, products, refusals: [...errors.values()] };
}

const signatureNeeded =
  "level2, level3, and full channels now require authentication. https://docs.cloud.coinbase.com/exchange/docs/websocket-auth";

/** The reply to a request: every subscription of the connection, its products unordered. */
export function describeSubscriptions(products: ReadonlyMap<Channel, Iterable<string>>): object {
  const channels = [...products].map(([channel, ids]) => ({
    name: [...aliases].find(([, name]) => name === channel)?.[0] ?? channel,
    product_ids: shuffled([...ids].filter((id) => id !== allProducts)),
    account_ids: null,
  }));
  return { type: "subscriptions", channels };
}

/** The error that refuses an operation. */
export function failed(operation: "subscribe" | "unsubscribe", reason: string): ErrorMessage {
  return { type: "error", message: `Failed to ${operation}`, reason };
}

function refusal(operation: Plan["operation"], refused: ErrorMessage | string): Plan {
  return { operation, products: new Map(), refusals: [refused] };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Reads a channel: a name, with the request's products, or an object, whose own products are added to them. */
function readChannel(entry: unknown, shared: readonly string[]): { name: string; ids: readonly string[] | undefined } {
  if (typeof entry !== "object" || entry === null) return { name: String(entry), ids: shared };
  const { name, product_ids: own } = entry as Record<string, unknown>;
  if (own === undefined) return { name: String(name), ids: shared };
  if (!isTexts(own)) return { name: String(name), ids: undefined };
  // An empty list of its own does not inherit.
  return { name: String(name), ids: own.length === 0 ? [] : [...shared, ...own] };
}

/** Returns undefined if a request has none of the four fields. */
function readSignature(request: Record<string, unknown>): Signature | "mistyped" | undefined {
  const { signature, key, passphrase, timestamp } = request;
  const given = [signature, key, passphrase, timestamp].filter((field) => field !== undefined);
  if (given.length === 0) return undefined;
  if (!isTexts(given)) return "mistyped";
  return { signature: "", key: "", passphrase: "", timestamp: "", ...(request as Partial<Signature>) };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
