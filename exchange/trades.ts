/** The most recent trades of one product. Their ids are dense, so an index finds a trade. */
import type { Match } from "./tape.ts";

export interface Trade {
  readonly time: string;
  readonly trade_id: number;
  readonly price: string;
  readonly size: string;
  /** The maker's. */
  readonly side: string;
}

export type Candle = [time: number, low: number, high: number, open: number, close: number, volume: number];

const most = 1_000_000;

export class Trades {
  /** Oldest first. */
  readonly #kept: Trade[] = [];

  add({ time, trade_id, price, size, side }: Match): void {
    this.#kept.push({ time, trade_id, price, size, side });
    // A tenth at a time: removing the first element of an array moves all the others.
    if (this.#kept.length > most * 1.1) this.#kept.splice(0, most / 10);
  }

  get oldestId(): number | undefined {
    return this.#kept[0]?.trade_id;
  }

  /** Returns at most `limit` trades between two ids, both exclusive, newest first. */
  page(limit: number, before = -Infinity, after = Infinity): Trade[] {
    const first = this.oldestId ?? 0;
    const end = Math.max(0, Math.min(this.#kept.length, after - first));
    const start = Math.max(0, before + 1 - first, end - limit);
    return this.#kept.slice(start, end).toReversed();
  }

  /** Returns the candles of `width` seconds, from the bucket of `start` to that of `end`, newest first. */
  candles(width: number, start: number, end: number): Candle[] {
    const bucketOf = (seconds: number) => Math.floor(seconds / width) * width;
    const candles: Candle[] = [];
    for (let i = this.#kept.length - 1; i >= 0; i--) {
      const trade = this.#kept[i]!;
      const time = bucketOf(Date.parse(trade.time) / 1000);
      if (time > end) continue;
      if (time < bucketOf(start)) break;
      const price = Number(trade.price);
      if (candles.at(-1)?.[0] !== time) candles.push([time, price, price, price, price, 0]);
      const candle = candles.at(-1)!;
      candle[1] = Math.min(candle[1], price);
      candle[2] = Math.max(candle[2], price);
      candle[3] = price;
      // Sizes have at most eight digits after the point: rounding removes the error of adding floats.
      candle[5] = Number((candle[5] + Number(trade.size)).toFixed(8));
    }
    return candles;
  }
}
