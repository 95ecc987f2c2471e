/** Reads a topic of a log from outside: while a platform writes it, and without cutting off what a crash has torn. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../program/command.ts";
import type { PlacedRecord, ReadOptions } from "../port.ts";
import { Partition } from "./partition.ts";

/** How often a growing file is looked at, in milliseconds, and how much of it is read at once. */
const lookEvery = 100;
const stepBytes = 1024 * 1024;

/** The records of a topic, as TopicStream has them. Throws UserError for a topic that is not there. */
export async function* readLog(
  dir: string,
  topic: string,
  { last, follow }: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<PlacedRecord[]> {
  if (!existsSync(dir))
    throw new UserError(`there is no log in ${dir}. Name a data directory of npm start with --data, or add --kafka.`);
  const folder = join(dir, topic);
  if (!/^\w+$/.test(topic) || !existsSync(folder)) {
    const topics = readdirSync(dir).filter((name) => !name.includes("."));
    throw new UserError(`the log has no topic ${topic}. There are ${topics.join(", ")}.`);
  }
  // By their names: a file that was lost does not shift the others.
  const numbers = readdirSync(folder).flatMap((name) => (name.endsWith(".log") ? Number.parseInt(name, 10) : []));
  numbers.sort((a, b) => a - b);
  const partitions = new Map(numbers.map((number) => [number, new Partition(join(folder, `${number}.log`), true)]));
  try {
    const next = new Map([...partitions].map(([partition, file]) => [partition, file.offsetOfLast(last)]));
    for (let present = true; !signal.aborted;) {
      let busy = false;
      for (const [partition, file] of partitions) {
        const records = file.read(next.get(partition)!, stepBytes);
        if (records.length === 0) continue;
        busy = true;
        next.set(partition, records.at(-1)!.offset + 1);
        yield records.map((record) => ({ ...record, partition }));
      }
      if (busy) continue;
      if (present) yield [];
      present = false;
      if (!follow) return;
      await sleep(lookEvery, undefined, { signal }).catch(() => {});
      for (const file of partitions.values()) file.refresh();
    }
  } finally {
    for (const file of partitions.values()) file.close();
  }
}
