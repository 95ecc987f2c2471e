/** Before any test: the Kafka client that some of them load, and the commands that they start. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { ensureBinding } from "../topics/kafka/native.ts";
import { bundleCommands } from "./commands.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the bundled commands. */
    readonly commands: string;
  }
}

/** Programs that only tests start. */
const programs = ["test/local/follow-process.ts", "test/program/stopping-process.ts"];

export default async function setup(project: TestProject): Promise<() => void> {
  await ensureBinding((line) => void process.stderr.write(`${line}\n`));
  const folder = mkdtempSync(join(tmpdir(), "tapeline-commands-"));
  // A test starts a command as a user without rights.
  chmodSync(folder, 0o755);
  await bundleCommands(folder, programs);
  project.provide("commands", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
