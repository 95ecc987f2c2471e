/** The simulated exchange as a source: the markets of several products on one connection. */
import { randomUUID } from "node:crypto";
import type { Frame, Session, Source } from "../../producer/frame.ts";
import { Market, type End } from "./market.ts";
import { Random } from "./random.ts";
import type { Product } from "./tape.ts";

const products: readonly Product[] = [
  { id: "BTC-USD", priceDecimals: 2, sizeDecimals: 8, price: 64_000, size: 0.05 },
  { id: "ETH-USD", priceDecimals: 2, sizeDecimals: 8, price: 3_100, size: 0.8 },
  { id: "SOL-USD", priceDecimals: 2, sizeDecimals: 6, price: 145, size: 12 },
  { id: "XRP-USD", priceDecimals: 4, sizeDecimals: 6, price: 0.54, size: 900 },
  { id: "DOGE-USD", priceDecimals: 5, sizeDecimals: 1, price: 0.15, size: 3_000 },
];

export interface SimulatorOptions {
  readonly seed: number;
  /** Where each product's tape ends, to go on from there. */
  readonly ends: ReadonlyMap<string, End>;
  /** Microseconds since 1970; never the same twice. */
  readonly now: () => number;
}

/** Frames without end, each a JSON text, as one connection to full, level2 and ticker of all products would bring them. */
export function* simulatedFrames({ seed, ends, now }: SimulatorOptions): Generator<string> {
  const random = new Random(seed, 0, 0);
  const time = () => isoMicros(now());
  const markets = products.map((product) => new Market(product, seed, time, ends.get(product.id)));
  const frames: string[] = [];
  const send = (_: unknown, frame: object) => void frames.push(JSON.stringify(frame));
  for (const market of markets) market.open(send);
  for (;;) {
    yield* frames.splice(0);
    // The first products are the busiest.
    markets[Math.floor(random.fraction() ** 2 * markets.length)]!.step(send);
  }
}

/** A source of simulated frames at about `rate` a second, until it is aborted. */
export function simulator(ends: ReadonlyMap<string, End>, rate: number): Source {
  const now = wallClock();
  const frames = simulatedFrames({ seed: 1, ends, now });
  const session: Session = { id: randomUUID(), live: true, startsAt: 0 };
  return {
    id: session.id,
    async *batches(signal) {
      const start = performance.now();
      for (let number = 0; !signal.aborted;) {
        const due = ((performance.now() - start) / 1000) * rate;
        const batch: Frame[] = [];
        while (number < due) {
          const { value } = frames.next() as { value: string };
          batch.push({ bytes: Buffer.from(value), number: ++number, receivedAt: now() });
        }
        yield { session, frames: batch };
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** Microseconds of the wall clock, made strictly increasing. */
function wallClock(): () => number {
  let last = 0;
  return () => (last = Math.max(last + 1, Date.now() * 1000));
}

function isoMicros(micros: number): string {
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, "0")}Z`;
}
