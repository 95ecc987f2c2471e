import { describe } from "vitest";
import { Log } from "../../../topics/log/log.ts";
import { newFolder } from "../../folder.ts";
import { describeSink, type KeptRecord } from "../sink-contract.ts";

const topic = "events";
const partitions = 6;

describe("the log as a sink", () => {
  let folder = "";
  const openLog = () => new Log(folder, [{ name: topic, writtenBy: "producer", partitions, retentionMs: Infinity }]);

  describeSink(() => ({
    partitions,
    async open() {
      folder = newFolder();
      return { sink: openLog(), topic };
    },
    async read() {
      const log = openLog();
      const records: KeptRecord[] = [];
      for (let partition = 0; partition < partitions; partition++)
        for (let from = 0; from < log.partitions(topic)[partition]!.end;) {
          const batch = log.read(topic, partition, from, 1_000_000);
          from = batch.at(-1)!.offset + 1;
          for (const { key, value, ...rest } of batch)
            records.push({ ...rest, partition, key: key && key.toString(), value: value! });
        }
      await log.close();
      return records;
    },
  }));
});
