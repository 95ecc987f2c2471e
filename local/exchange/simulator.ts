/** The simulated exchange as a source: the markets of several products on one connection. */
import { randomUUID } from "node:crypto";
import type { Frame, Session, Source } from "../../producer/frame.ts";
import { timeWriter, wallClock } from "./clock.ts";
import { Market, type End } from "./market.ts";
import { listProducts } from "./products.ts";
import { Random } from "./random.ts";

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
