/** The status channel: all products and currencies, at once and then at an interval. */
import { Frame } from "./frame.ts";
import type { Board, Subscription } from "./subscription.ts";
import type { Message } from "./tape.ts";

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
