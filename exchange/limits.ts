/** How often an address may do something. */

export interface Limit {
  /** Tokens a second, and the most that can be saved up. */
  readonly rate: number;
  readonly burst: number;
}

/** A token bucket for each address, filled when it is asked: tokens = min(burst, before + elapsed × rate). */
export class Buckets {
  readonly #limit: Limit;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /** Takes a token, if there is one. `now` in milliseconds. */
  take(address: string, now = performance.now()): boolean {
    const { rate, burst } = this.#limit;
    const { tokens, at } = this.#buckets.get(address) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + ((now - at) / 1000) * rate);
    this.#buckets.set(address, { tokens: filled < 1 ? filled : filled - 1, at: now });
    return filled >= 1;
  }
}
