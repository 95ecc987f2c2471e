/** The frames of a round: full-channel events of the simulated exchange, the same in every process that makes them. */
import { simulatedFrames } from "../../exchange/simulator.ts";

/** Made before the clock starts; times are microseconds since 1970. */
export function fullChannelFrames(count: number): string[] {
  let micros = 1_790_000_000_000_000;
  const frames: string[] = [];
  for (const text of simulatedFrames({ seed: 1, ends: new Map(), now: () => (micros += 100) })) {
    if (/"type":"(snapshot|l2update|ticker)"/.test(text)) continue;
    frames.push(text);
    if (frames.length === count) break;
  }
  return frames;
}
