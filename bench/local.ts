/**
 * Frames of the full channel from memory to rows in DuckDB, through all of the platform: decode, Avro, log, statements,
 * log, tables. The frames are the simulated exchange's, made before the clock starts. Fails when a row is missing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulatedFrames } from "../exchange/simulator.ts";
import { Platform } from "../local/platform.ts";
import { coinbaseDecoder } from "../producer/coinbase/decoder.ts";
import type { Frame, Session, Source } from "../producer/source.ts";
import { profiled, type Share } from "./profile.ts";

const frameCount = 500_000;
const rounds = 5;
const batchLength = 500;

export async function benchLocal(): Promise<object> {
  const frames = makeFrames();
  const mix = new Map<string, number>();
  for (const { bytes } of frames) {
    const { type } = JSON.parse(bytes.toString()) as { type: string };
    mix.set(type, (mix.get(type) ?? 0) + 1);
  }
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
  process.stdout.write(
    `${frameCount} frames of the full channel, 5 products, mean ${Math.round(bytes / frameCount)} bytes: `,
  );
  process.stdout.write(
    `${[...mix].map(([type, count]) => `${type} ${((count / frameCount) * 100).toFixed(1)} %`).join(", ")}\n`,
  );
  process.stdout.write(
    `one process, node ${process.version}; each round into a new data directory, until the last row is committed\n\n`,
  );

  await round(frames.slice(0, 50_000)); // warms up
  const results = [];
  for (let i = 0; i < rounds; i++) {
    const result = await round(frames);
    process.stdout.write(
      `round ${i + 1}   ${Math.round(result.framesPerSecond).toLocaleString("en-US").padStart(8)} frames/s   ${result.cpu.toFixed(1)} CPU s per million\n`,
    );
    results.push(result);
  }
  let shares: Share[] = [];
  await round(frames, async (work) => void (shares = await profiled(work)));
  process.stdout.write("\nwhere the main thread's time goes (another round, under the profiler)\n");
  for (const { part, share } of shares.filter((entry) => entry.share >= 0.01)) {
    process.stdout.write(`  ${(share * 100).toFixed(1).padStart(5)} %  ${part}\n`);
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  return {
    frames_per_s: Math.round(median(results.map((result) => result.framesPerSecond))),
    cpu_s_per_million: Number(median(results.map((result) => result.cpu)).toFixed(2)),
    frames: frameCount,
    bytes_per_frame: Math.round(bytes / frameCount),
    lost: results.reduce((sum, result) => sum + result.lost, 0),
  };
}

function makeFrames(): Frame[] {
  let micros = 1_790_000_000_000_000;
  const frames: Frame[] = [];
  for (const text of simulatedFrames({ seed: 1, ends: new Map(), now: () => (micros += 100) })) {
    if (/"type":"(snapshot|l2update|ticker)"/.test(text)) continue;
    frames.push({ bytes: Buffer.from(text), number: frames.length + 1, receivedAt: micros });
    if (frames.length === frameCount) break;
  }
  return frames;
}

async function round(frames: readonly Frame[], run = (work: () => Promise<void>) => work()) {
  const dir = mkdtempSync(join(tmpdir(), "tapeline-bench-"));
  try {
    const platform = await Platform.open(dir, "simulator", () => {});
    const cpu = process.cpuUsage();
    const start = performance.now();
    await run(() => platform.run(sourceOf(frames), new AbortController().signal));
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const lost = await lostRows(platform, frames);
    await platform.close();
    return { framesPerSecond: frames.length / seconds, cpu: (user + system) / frames.length, lost };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function sourceOf(frames: readonly Frame[]): Omit<Source, "watch"> {
  const session: Session = { id: "bench", live: true, startsAt: 0 };
  return {
    id: session.id,
    decoder: (of, output) => coinbaseDecoder(of, output, "drop"),
    async *batches() {
      for (let at = 0; at < frames.length; at += batchLength)
        yield { session, frames: frames.slice(at, at + batchLength) };
    },
  };
}

/** Events that are not in the table. Throws when a row is missing or there twice. */
async function lostRows(platform: Platform, frames: readonly Frame[]): Promise<number> {
  const matches = frames.filter(({ bytes }) => bytes.includes('"type":"match"')).length;
  const connection = await platform.warehouse.connect();
  const result = await connection.runAndReadAll(
    "SELECT (SELECT count(*) FROM coinbase_full), (SELECT count(*) FROM coinbase_trades)",
  );
  const [[events, trades]] = result.getRows() as [[bigint, bigint]];
  if (Number(events) !== frames.length || Number(trades) !== matches) {
    throw new Error(`${events} of ${frames.length} events and ${trades} of ${matches} trades are in the tables`);
  }
  return frames.length - Number(events);
}
