/** What every sink promises (topics/sink.ts), for whatever keeps its records. */
import { expect, it } from "vitest";
import { partitionOf } from "../../topics/partitioner.ts";
import type { Sink } from "../../topics/sink.ts";

export interface KeptRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: Buffer;
}

export interface Keeper {
  /** A sink with a topic that is new and empty. */
  open(): Promise<{ readonly sink: Sink; readonly topic: string }>;
  /** How many partitions the topic has. */
  readonly partitions: number;
  /** What is kept, in each partition in the order of offsets; to be asked when the sink is flushed. */
  read(topic: string): Promise<KeptRecord[]>;
}

const products = ["BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD", "DOGE-USD", "ADA-EUR"];

/** Sends `count` records of the products in turn, waiting where the sink asks for it; returns how often it did. */
export async function sendNumbered(sink: Sink, topic: string, count: number, from = 0): Promise<number> {
  let waits = 0;
  for (let i = from; i < from + count; i++) {
    sink.frame(i + 1, undefined);
    const value = Buffer.alloc(100, 7);
    value.writeUInt32BE(i);
    if (!sink.send(topic, products[i % products.length]!, 1_790_000_000_000 + i, value)) {
      waits++;
      await sink.drained();
    }
    if (i % 1000 === 0) await new Promise(setImmediate);
  }
  return waits;
}

/** Numbers of the records, by key, in the order of their offsets. */
function numbersOf(records: readonly KeptRecord[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>();
  for (const { key, value } of records.toSorted((a, b) => a.offset - b.offset)) {
    const list = numbers.get(key!) ?? [];
    numbers.set(key!, list);
    list.push(value.readUInt32BE());
  }
  return numbers;
}

/** What of the numbers from 0 to below `count` is missing, there twice or out of order, a text for each product. */
export function faultsIn(records: readonly KeptRecord[], count: number): string[] {
  const found = numbersOf(records);
  return products.flatMap((product, at) => {
    const numbers = found.get(product) ?? [];
    const wanted = Array.from(
      { length: Math.ceil((count - at) / products.length) },
      (_, i) => at + i * products.length,
    );
    const place = wanted.findIndex((number, i) => number !== numbers[i]);
    if (place < 0 && numbers.length === wanted.length) return [];
    const kinds = new Set(numbers).size;
    const around = numbers.slice(Math.max(place - 2, 0), place + 3).join(" ");
    return `${product}: ${wanted.length - kinds} missing, ${numbers.length - kinds} twice; at ${place}: … ${around} …`;
  });
}

export function describeSink(keeper: () => Keeper): void {
  it("keeps key, timestamp and bytes of a record as they were sent", async () => {
    const { sink, topic } = await keeper().open();
    sink.begin("keeps");
    sink.frame(1, undefined);
    const value = Buffer.from([0, 0, 0, 0, 7, 255, 128]);
    sink.send(topic, "BTC-USD", 1_790_000_000_123, value);
    value.fill(1); // What was sent is a copy.
    sink.send(topic, "São-€", 1_456_789_012_345, Buffer.from("x"));
    sink.send(topic, null, 1_790_000_000_124, Buffer.from("no key"));
    await sink.flush();
    const records = (await keeper().read(topic)).toSorted((a, b) => a.value.length - b.value.length);
    expect(
      records.map(({ key, timestamp, value: bytes }) => ({ key, timestamp, bytes: bytes.toString("hex") })),
    ).toEqual([
      { key: "São-€", timestamp: 1_456_789_012_345, bytes: "78" },
      { key: null, timestamp: 1_790_000_000_124, bytes: Buffer.from("no key").toString("hex") },
      { key: "BTC-USD", timestamp: 1_790_000_000_123, bytes: "0000000007ff80" },
    ]);
    await sink.close();
  });

  it("keeps the records of a key in their order, in the partition that Kafka's Java clients choose", async () => {
    const { sink, topic } = await keeper().open();
    sink.begin("order");
    await sendNumbered(sink, topic, 6_000);
    await sink.flush();
    const records = await keeper().read(topic);
    expect(faultsIn(records, 6_000)).toEqual([]);
    const wrong = records.filter(
      ({ key, partition }) => partition !== partitionOf(Buffer.from(key!), keeper().partitions),
    );
    expect(wrong).toEqual([]);
    await sink.close();
  });

  it("loses nothing, and nothing of the order, when more is sent than it holds at once", async () => {
    const { sink, topic } = await keeper().open();
    sink.begin("more");
    await sendNumbered(sink, topic, 40_000);
    await sink.flush();
    expect(faultsIn(await keeper().read(topic), 40_000)).toEqual([]);
    await sink.close();
  });

  it("may be closed twice, and flushed when nothing was sent", async () => {
    const { sink } = await keeper().open();
    sink.begin("idle");
    await sink.flush();
    await sink.close();
    await sink.close();
  });
}
