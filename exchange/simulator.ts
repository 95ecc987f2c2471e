/** The markets of several products on one connection, without a socket: for benchmarks and tests. */
import { Market, type End } from "./market.ts";
import { listProducts } from "./products.ts";
import { Random } from "./random.ts";
import { timeWriter } from "./tape.ts";

export interface SimulatorOptions {
  readonly seed: number;
  /** The end of each product's tape, to continue after it. */
  readonly ends: ReadonlyMap<string, End>;
  /** Microseconds since 1970; never the same twice. */
  readonly now: () => number;
}

/** Generates frames without end, each a JSON text, as one connection to full, level2 and ticker of all products receives them. */
export function* simulatedFrames({ seed, ends, now }: SimulatorOptions): Generator<string> {
  const random = new Random(seed, 0, 0);
  const write = timeWriter();
  const time = () => write(now());
  const markets = listProducts().map((product) => new Market(product, seed, time, ends.get(product.id)));
  const frames: string[] = [];
  const send = (_: unknown, frame: object) => void frames.push(JSON.stringify(frame));
  for (const market of markets) {
    market.open(send);
    send("level2", market.snapshot());
  }
  for (;;) {
    yield* frames.splice(0);
    // The first products are the busiest.
    markets[Math.floor(random.fraction() ** 2 * markets.length)]!.step(send);
  }
}
