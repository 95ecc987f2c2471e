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
  const files = readdirSync(folder).filter((name) => name.endsWith(".log"));
  const partitions = files.map((_, i) => new Partition(join(folder, `${i}.log`), true));
  try {
    const next = partitions.map((partition) => partition.offsetOfLast(last));
    for (let present = true; !signal.aborted;) {
      let busy = false;
      for (const [partition, file] of partitions.entries()) {
        const records = file.read(next[partition]!, stepBytes);
        if (records.length === 0) continue;
        busy = true;
        next[partition] = records.at(-1)!.offset + 1;
        yield records.map((record) => ({ ...record, partition }));
      }
      if (busy) continue;
      if (present) yield [];
      present = false;
      if (!follow) return;
      await sleep(lookEvery, undefined, { signal }).catch(() => {});
      for (const file of partitions) file.refresh();
    }
  } finally {
    for (const file of partitions) file.close();
  }
}
