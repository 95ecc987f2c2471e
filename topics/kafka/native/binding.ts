/** The native binding of the Kafka client, as files: a folder like the package's `build/` with what loading it takes. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

export const packageName = "@confluentinc/kafka-javascript";

/** The binding itself; a dynamic build has librdkafka beside it, in `deps/`. */
export const addon = "Release/confluent-kafka-javascript.node";

/** What librdkafka can do there, by its own names; nothing if the binding is not there or does not load. */
export function features(binding: string): readonly string[] {
  const path = join(binding, addon);
  if (!existsSync(path)) return [];
  // In a process of its own: a binding that does not fit may end the process that loads it.
  const script = `require(${JSON.stringify(path)}).features()`;
  const { status, stdout } = spawnSync(process.execPath, ["-p", script], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.trim().split(",") : [];
}

/** What Confluent Cloud asks for and `found` does not have. */
export function lacking(found: readonly string[]): string[] {
  const lacks = ["ssl", "sasl_plain", "sasl_scram"].filter((feature) => !found.includes(feature));
  return found.includes("lz4") || found.includes("zstd") ? lacks : [...lacks, "lz4"];
}

/** Puts a copy at `to` in one step: a binding is there as a whole or not at all. */
export function copyBinding(from: string, to: string): void {
  const aside = `${to}.${process.pid}`;
  rmSync(aside, { recursive: true, force: true });
  for (const part of ["Release", "deps"]) {
    if (!existsSync(join(from, part))) continue;
    mkdirSync(join(aside, part), { recursive: true });
    // A build leaves a hundred megabytes of objects beside them.
    const files = readdirSync(join(from, part)).filter((file) => /\.node$|\.so\.1$/.test(file));
    for (const file of files) copyFileSync(join(from, part, file), join(aside, part, file));
  }
  rmSync(to, { recursive: true, force: true });
  renameSync(aside, to);
}
