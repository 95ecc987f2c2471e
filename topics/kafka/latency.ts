/** How long records take from the socket to their acknowledgement: every sixteenth is timed. */
import { microseconds } from "../../program/clock.ts";

const every = 16;

export class Latency {
  /** Numbers and receive times of timed records that are under way, oldest first. */
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
   * So many records are acknowledged: `observe` is given the seconds that the timed ones among them took. Partitions
   * overtake each other, so which ones they are is not known: the first ones are taken, which keeps the mean.
   */
  acknowledged(count: number, observe: (seconds: number) => void): void {
    const now = microseconds();
    while (this.#first < this.#numbers.length && this.#numbers[this.#first]! <= count)
      observe(Math.max(0, now - this.#times[this.#first++]!) / 1e6);
    if (this.#first < 4096) return;
    this.#numbers = this.#numbers.slice(this.#first);
    this.#times = this.#times.slice(this.#first);
    this.#first = 0;
  }
}
