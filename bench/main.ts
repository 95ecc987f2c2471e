/** `npm run bench`: everything that is measured. Each prints a table, then one last line of JSON with the figures. */
import { shown, UsageError } from "../program/command.ts";
import { command } from "../program/command-line.ts";
import { ensureBinding } from "../topics/kafka/native.ts";
import { benchKsqldb } from "./ksqldb.ts";
import { benchLocal } from "./local.ts";

/** Loaded only when run: some need the Kafka client's native part. */
const benches: Record<string, () => Promise<object>> = {
  ksqldb: benchKsqldb,
  local: benchLocal,
  producer: async () => (await import("./producer.ts")).benchProducer(),
  soak: async () => (await import("./soak.ts")).benchSoak(),
};

const usage = `
npm run bench [-- NAME...]

  ksqldb     Records of the log through the statements.
  local      Frames of the full channel from memory to rows in DuckDB.
  producer   Frames of the full channel from a socket into Kafka, beside the Kafka package's documented idiom.
  soak       The producer for ten minutes at 20,000 frames a second. Only when it is named.`;

await command({ usage, options: {}, lines: ["[NAME]…"] }, async (_, names) => {
  const unknown = names.find((name) => !(name in benches));
  if (unknown !== undefined) throw new UsageError(`there is no benchmark ${shown(unknown)}.\n${usage}`);
  await ensureBinding((line) => void process.stderr.write(`${line}\n`));
  for (const name of names.length > 0 ? names : Object.keys(benches).filter((bench) => bench !== "soak")) {
    process.stdout.write(`${JSON.stringify({ bench: name, ...(await benches[name]!()) })}\n`);
  }
});
