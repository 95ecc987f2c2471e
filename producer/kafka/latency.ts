/** How long records take from the socket to their acknowledgement: every sixteenth is timed. */
import { microseconds } from "../clock.ts";

const every = 16;

/** Upper ends of the classes, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60];

export class Latency {
  /** Timed records in each class, not in those before it; the last is beyond all bounds. */
  readonly classes: number[] = Array.from({ length: bounds.length + 1 }, () => 0);
  readonly bounds: readonly number[] = bounds;
  /** Seconds, of all that were timed. */
  sum = 0;
  count = 0;
  /** Numbers and receive times of records that are under way. */
  #numbers: number[] = [];
  #times: number[] = [];
  #first = 0;

  /** Record number `number` (from 1) has been sent; `receivedAt` in microseconds since 1970. */
  sent(number: number, receivedAt: number | undefined): void {
    if (number % every !== 0 || receivedAt === undefined) return;
    this.#numbers.push(number);
    this.#times.push(receivedAt);
  }

  /**
   * So many records are acknowledged. Partitions overtake each other, so which ones is not known: the first ones are
   * taken, which leaves the mean as it is.
   */
  acknowledged(count: number): void {
    const now = microseconds();
    while (this.#first < this.#numbers.length && this.#numbers[this.#first]! <= count) {
      const seconds = Math.max(0, now - this.#times[this.#first]!) / 1e6;
      const at = bounds.findIndex((bound) => seconds <= bound);
      this.classes[at === -1 ? bounds.length : at]!++;
      this.sum += seconds;
      this.count++;
      this.#first++;
    }
    if (this.#first > 4096) {
      this.#numbers = this.#numbers.slice(this.#first);
      this.#times = this.#times.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The bound below which a share of the timed records were; Infinity beyond the last. */
  quantile(share: number): number {
    let seen = 0;
    for (const [i, count] of this.classes.entries()) {
      seen += count;
      if (seen >= share * this.count) return bounds[i] ?? Infinity;
    }
    return Infinity;
  }
}
