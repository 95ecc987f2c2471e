/** The time from the receipt of a frame to the acknowledgement of its record: every sixteenth is timed. */
import { microseconds } from "../../program/clock.ts";

const every = 16;

export class Latency {
  /** Numbers and receive times of the timed records in flight, oldest first. */
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
   * `count` records are acknowledged: `observe` is given the seconds of the timed ones among them. Partitions overtake each
   * other, so it is not known which ones these are: taking the oldest keeps the mean.
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
