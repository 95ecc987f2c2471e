/** A recording of the simulated exchange, with malformed frames in between: for tests that need no recording of the real one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { simulatedFrames } from "../../exchange/simulator.ts";
import { newFolder } from "../folder.ts";

export interface SimulatedRecording {
  readonly file: string;
  readonly lines: readonly string[];
}

/** In a folder for the test that is running. */
export const simulatedRecording = (count: number) => writeRecording(newFolder(), count);

export function writeRecording(folder: string, count: number): SimulatedRecording {
  let micros = 1_790_000_000_000_000;
  const frames = simulatedFrames({ seed: 3, ends: new Map(), now: () => (micros += 1_037) });
  const lines = Array.from({ length: count }, (_, i) => {
    const text = frames.next().value as string;
    const frame = i % 500 === 499 ? text.replace('"type":"', '"type":"un') : text;
    return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, "0")} ${frame}`;
  });
  const file = join(folder, "simulated.txt");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { file, lines };
}
