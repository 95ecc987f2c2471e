/** What one connection gets of one channel of one product, and what it has got so far. */
import type { Frame } from "./frame.ts";
import type { End } from "./market.ts";
import type { Channel } from "./protocol.ts";
import { Stretch } from "./truth.ts";

export interface Receiver {
  deliver(subscription: Subscription, frame: Frame): void;
}

/** What a subscription is to: one product, or, for status, all of them. */
export interface Board {
  /** The last event before whatever comes next; status has none. */
  readonly end: End | undefined;
  /** Adds a subscription and sends it what its channel starts with. */
  join(subscription: Subscription): void;
  leave(subscription: Subscription): void;
}

export class Subscription {
  readonly channel: Channel;
  readonly productId: string;
  readonly sent = new Stretch();
  readonly #receiver: Receiver;

  constructor(receiver: Receiver, channel: Channel, productId: string) {
    this.#receiver = receiver;
    this.channel = channel;
    this.productId = productId;
  }

  deliver(frame: Frame): void {
    this.#receiver.deliver(this, frame);
  }
}
