/** One round: a fresh broker, the exchange, and one contender, each in a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import RdKafka from "@confluentinc/kafka-javascript";

export interface Result {
  /** Events that the broker must hold in the end. */
  readonly events: number;
  readonly per_s: number;
  /** Of all its threads. */
  readonly cpu_s_per_million: number;
  readonly rss_mb: number;
  /** Bytes on the wire to the broker, the protocol's included. */
  readonly bytes_per_record?: number;
  /** Seconds from receiving a frame to the acknowledgement of its record. */
  readonly p50?: number;
  readonly p99?: number;
  /** Memory (RSS) at the start and at the end of a long run. */
  readonly first_mb?: number;
  readonly last_mb?: number;
  readonly missed?: number;
  readonly repeated?: number;
  readonly quarantined?: number;
}

const topic = "coinbase_full";

/** Starts a script of this folder; resolves with the first line that it prints. */
export async function startScript(name: string, ...args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface(child.stdout)) return { child, line };
  throw new Error(`${name} ended without a word`);
}

/** Ends a process that waits for the end of its stdin. */
export async function end(child: ChildProcess): Promise<void> {
  child.stdin!.end();
  if (child.exitCode === null) await once(child, "exit");
}

/** Runs a contender; throws when the broker does not hold every record. */
export async function round(mode: string, url: string, count: number): Promise<Result> {
  const broker = await startScript("broker.ts");
  try {
    const { line, child } = await startScript("contender.ts", mode, url, broker.line, String(count));
    if (child.exitCode === null) await once(child, "exit");
    const result = JSON.parse(line) as Result;
    if (mode !== "receive") {
      const stored = await countRecords(broker.line);
      if (result.events < count || stored !== result.events)
        throw new Error(`${mode}: ${result.events} of ${count} events came, the broker holds ${stored} records`);
    }
    for (const name of ["missed", "repeated", "quarantined"] as const)
      if ((result[name] ?? 0) !== 0) throw new Error(`${mode}: ${result[name]} events ${name}`);
    return result;
  } finally {
    await end(broker.child);
  }
}

async function countRecords(broker: string): Promise<number> {
  const client = new RdKafka.Producer({ "bootstrap.servers": broker });
  const metadata = await new Promise<RdKafka.Metadata>((resolve, reject) =>
    client.connect({ topic }, (error, data) => (error ? reject(error) : resolve(data))),
  );
  const partitions = metadata.topics.find(({ name }) => name === topic)!.partitions;
  let records = 0;
  for (const { id } of partitions)
    records += await new Promise<number>((resolve, reject) => {
      client.queryWatermarkOffsets(topic, id, 5000, (error, offsets: RdKafka.WatermarkOffsets) => {
        if (error) reject(error);
        else resolve(offsets.highOffset);
      });
    });
  await new Promise((resolve) => client.disconnect(0, resolve));
  return records;
}
