/** Rate limits per address. */

export interface Limit {
  /** Tokens per second, and the most that accumulate. */
  readonly rate: number;
  readonly burst: number;
}

/** A token bucket for each address, refilled when a token is taken: tokens = min(burst, before + elapsed × rate). */
export class Buckets {
  readonly #limit: Limit;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /** Takes a token and returns true, or returns false if there is none. `now` in milliseconds. */
  take(address: string, now = performance.now()): boolean {
    const { rate, burst } = this.#limit;
    const { tokens, at } = this.#buckets.get(address) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + ((now - at) / 1000) * rate);
    this.#buckets.set(address, { tokens: filled < 1 ? filled : filled - 1, at: now });
    return filled >= 1;
  }
}
