/** What faults do: to the frames of a connection, and to what a client subscribes to. */
import type { AwaitedKind, Fault } from "./faults.ts";
import { failed, type Channel, type ErrorMessage, type Plan } from "./protocol.ts";
import { Frame, type Subscription } from "./subscription.ts";
import { Stretch, type Truth } from "./truth.ts";

/** A frame on its way to a client. A fault makes the frames that belong to no subscription. */
export interface Delivery {
  readonly subscription: Subscription | undefined;
  readonly frame: Frame;
}

/** A fault at work on the frames of one connection. */
export class Hit {
  readonly fault: Fault;
  #left: number;
  /** Frames held back to be sent in reverse order. */
  readonly #held: Delivery[] = [];
  readonly #stretches = new Map<Subscription, Stretch>();

  constructor(fault: Fault) {
    this.fault = fault;
    const lasts = fault.kind === "stall" || fault.kind === "freeze";
    this.#left = lasts ? Infinity : (fault.count ?? (fault.kind === "reorder" ? 2 : 1));
  }

  get isSpent(): boolean {
    return this.#left === 0;
  }

  /** Whether it holds back everything, replies included. */
  get silences(): boolean {
    const { kind, channel, product } = this.fault;
    return (kind === "stall" || kind === "freeze") && channel === undefined && product === undefined;
  }

  /** Returns what is sent instead of a frame. */
  through(delivery: Delivery): readonly Delivery[] {
    const { subscription, frame } = delivery;
    const { channel, product } = this.fault;
    if (subscription === undefined || this.isSpent) return [delivery];
    const hits = channel === undefined ? this.#means(subscription.channel) : channel === subscription.channel;
    if (!hits) return [delivery];
    if ((product ?? subscription.productId) !== subscription.productId) return [delivery];
    this.#left--;
    const stretch = this.#stretches.get(subscription) ?? new Stretch();
    this.#stretches.set(subscription, stretch);
    stretch.add(frame.message);
    return this.#instead(delivery, subscription.productId);
  }

  /** Whether a fault that names no channel hits this one: numbered channels if the numbers reveal the fault, otherwise all data. */
  #means(channel: Channel): boolean {
    const { kind } = this.fault;
    if (kind === "stall" || kind === "freeze") return true;
    if (kind === "drop" || kind === "duplicate" || kind === "reorder")
      return channel === "full" || channel === "matches";
    return channel !== "heartbeat" && channel !== "status";
  }

  #instead(delivery: Delivery, product_id: string): readonly Delivery[] {
    const { subscription, frame } = delivery;
    const { kind } = this.fault;
    const before = (made: Frame) => [{ subscription: undefined, frame: made }, delivery];
    if (kind === "duplicate") return [delivery, delivery];
    if (kind === "zero-time") {
      return [{ subscription, frame: new Frame({ ...frame.message, time: "0001-01-01T00:00:00.000000Z" }) }];
    }
    if (kind === "malformed") return before(new Frame({ type: kind }, frame.text.slice(0, frame.text.length / 2)));
    if (kind === "unknown") return before(new Frame({ type: "unheard_of", product_id }));
    if (kind === "error")
      return before(new Frame({ type: "error", message: "Internal error", reason: "a fault on demand" }));
    if (kind === "reorder") {
      this.#held.push(delivery);
      return this.isSpent ? this.#held.toReversed() : [];
    }
    return [];
  }

  /** Logs what it has hit. */
  report(truth: Truth, connection: number): void {
    const { kind } = this.fault;
    if (this.#stretches.size === 0) truth.note("fault", { kind, connection });
    for (const [{ channel, productId }, hit] of this.#stretches) {
      truth.note("fault", { kind, connection, channel, product_id: productId, hit });
    }
  }
}

/**
 * Removes from a plan what a fault refuses: a product by name, as today's servers do, which subscribe to the rest; or by name or
 * without one, as older ones did, which then subscribe to nothing. `takes` consumes such a fault for a product.
 */
export function refuseOnDemand(plan: Plan, takes: (kind: AwaitedKind, product: string) => boolean): Plan {
  if (plan.operation !== "subscribe") return plan;
  const asked = new Set([...plan.products.values()].flatMap((products) => [...products]));
  const errors: ErrorMessage[] = [];
  const refused = new Set<string>();
  let nothing = false;
  for (const product of asked) {
    const named = takes("refuse-product", product);
    const whole = !named && takes("refuse-request", product);
    const nameless = !named && !whole && takes("invalid-id", product);
    if (!named && !whole && !nameless) continue;
    refused.add(product);
    nothing ||= whole || nameless;
    errors.push(failed("subscribe", nameless ? "Invalid product ID provided" : `${product} is not a valid product`));
  }
  if (errors.length === 0) return plan;
  const products = new Map<Channel, ReadonlySet<string>>();
  for (const [channel, ids] of nothing ? [] : plan.products) {
    const rest = new Set([...ids].filter((id) => !refused.has(id)));
    if (rest.size > 0) products.set(channel, rest);
  }
  return { ...plan, products, refusals: [...plan.refusals, ...errors] };
}
