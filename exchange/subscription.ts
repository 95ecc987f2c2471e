/** Who receives which frames: a frame, one connection's subscription to one channel of a product, and what it subscribes to. */
import type { End } from "./market.ts";
import type { Channel } from "./protocol.ts";
import type { Message } from "./tape.ts";
import { Stretch } from "./truth.ts";

/** A frame on its way to the clients, serialized at most once for all of them, and only if it is sent. */
export class Frame {
  readonly message: Message;
  #text: string | undefined;
  #bytes: Buffer | undefined;

  /** `text` is given if it differs from the JSON of the message. */
  constructor(message: Message, text?: string) {
    this.message = message;
    this.#text = text;
  }

  get text(): string {
    return (this.#text ??= JSON.stringify(this.message));
  }

  get bytes(): Buffer {
    return (this.#bytes ??= Buffer.from(this.text));
  }
}

export interface Receiver {
  deliver(subscription: Subscription, frame: Frame): void;
}

/** The target of a subscription: one product or, for status, all of them. */
export interface Board {
  /** The last event so far; status has none. */
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

/** The status channel: all products and currencies, on subscribing and then at an interval. */
export class StatusBoard implements Board {
  readonly end = undefined;
  readonly #frame: Frame;
  readonly #subscriptions = new Set<Subscription>();

  constructor(status: Message) {
    this.#frame = new Frame(status);
  }

  join(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
    subscription.deliver(this.#frame);
  }

  leave(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
  }

  send(): void {
    for (const subscription of this.#subscriptions) subscription.deliver(this.#frame);
  }
}
