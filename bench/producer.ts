/**
 * Frames of the full channel from a socket to their acknowledgement by Kafka, beside the documented idiom of the Kafka
 * package on the same frames. Exchange, broker (librdkafka's mock cluster) and contender are a process each; a round
 * fails when the broker does not hold every record. Rounds are interleaved, so that a busy machine hits all alike.
 */
import { end, round, startScript, type Result } from "./producer/round.ts";

const frameCount = 1_000_000;
const rounds = 5;
const contenders = ["lz4", "zstd", "receive", "produce", "idiom"] as const;
const paced = [5_000, 20_000];

export async function benchProducer(): Promise<object> {
  process.stdout.write(
    `${frameCount.toLocaleString("en-US")} events of the full channel, five products, as fast as the socket takes them; ` +
      `three processes, node ${process.version}; linger 50 ms, idempotent, acks=all; ${rounds} interleaved rounds, medians\n\n`,
  );
  const exchange = await startScript("exchange.ts", String(frameCount));
  const results = Object.fromEntries(contenders.map((mode) => [mode, [] as Result[]]));
  try {
    for (let i = 0; i < rounds; i++)
      for (const mode of contenders) {
        const result = await round(mode, `ws://127.0.0.1:${exchange.line}/0`, frameCount);
        results[mode]!.push(result);
        process.stdout.write(`round ${i + 1}   ${describe(mode, result)}\n`);
      }
    process.stdout.write("\n");
    for (const mode of contenders) process.stdout.write(`median    ${describe(mode, medianOf(results[mode]!))}\n`);
    const latencies: Record<string, number> = {};
    for (const rate of paced) {
      const result = await round("lz4", `ws://127.0.0.1:${exchange.line}/${rate}`, rate * 15);
      const [p50, p99] = [result.p50! * 1000, result.p99! * 1000];
      process.stdout.write(
        `${rate.toLocaleString("en-US")} frames/s for 15 s: received to acknowledged p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, peak ${result.rss_mb.toFixed(0)} MB\n`,
      );
      latencies[`p50_ms_at_${rate}`] = Math.round(p50);
      latencies[`p99_ms_at_${rate}`] = Math.round(p99);
    }
    return { ...figures(results), ...latencies };
  } finally {
    await end(exchange.child);
  }
}

function figures(results: Readonly<Record<string, readonly Result[]>>): object {
  const [lz4, zstd, receive, produce, idiom] = contenders.map((mode) => medianOf(results[mode]!)) as [
    Result,
    Result,
    Result,
    Result,
    Result,
  ];
  // One thread does both, one after the other; librdkafka's own threads can at best keep up with it.
  const serial = 1 / (1 / receive.per_s + 1 / produce.per_s);
  const bound = Math.min(serial, produce.per_s);
  const round2 = (value: number) => Number(value.toFixed(2));
  return {
    frames_per_s: Math.round(lz4.per_s),
    cpu_s_per_million: round2(lz4.cpu_s_per_million),
    idiom_cpu_s_per_million: round2(idiom.cpu_s_per_million),
    idiom_ratio: round2(idiom.cpu_s_per_million / lz4.cpu_s_per_million),
    share_of_bound: round2(lz4.per_s / bound),
    bytes_per_record_lz4: round2(lz4.bytes_per_record!),
    bytes_per_record_zstd: round2(zstd.bytes_per_record!),
    rss_mb: Math.round(lz4.rss_mb),
    // A round that misses a record throws.
    lost: 0,
  };
}

function describe(mode: string, { per_s, cpu_s_per_million, rss_mb, bytes_per_record }: Result): string {
  const bytes = bytes_per_record === undefined ? "" : `   ${bytes_per_record.toFixed(1)} B a record`;
  return `${mode.padEnd(8)} ${Math.round(per_s).toLocaleString("en-US").padStart(8)} /s   ${cpu_s_per_million.toFixed(2).padStart(6)} CPU s per million   peak ${rss_mb.toFixed(0).padStart(4)} MB${bytes}`;
}

function medianOf(results: readonly Result[]): Result {
  const names = Object.keys(results[0]!) as (keyof Result)[];
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  return Object.fromEntries(
    names.map((name) => [name, median(results.map((result) => result[name] ?? 0))]),
  ) as unknown as Result;
}
