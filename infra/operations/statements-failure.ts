/** The log of `npm run ksqldb` as Terraform ran it. Terraform hides that output because the command received secrets. */
import { readFileSync, statSync } from "node:fs";
import { redact } from "../../program/command.ts";
import type { InfraConfig } from "../stack/config.ts";
import { statementsFiles } from "../stack/statements.ts";

/** Prints why the statements failed, if they failed since then (Unix milliseconds), and returns the next step. */
export function reportStatementsFailure(config: InfraConfig, since: number): string | undefined {
  const { log, report } = statementsFiles(config);
  const { mtimeMs = 0 } = statSync(log, { throwIfNoEntry: false }) ?? {};
  if (mtimeMs < since || isGood(report)) return undefined;
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-40);
  process.stderr.write(redact(`\n${log}, the log of npm run ksqldb, ends with:\n${lines.join("\n")}\n\n`));
  return "A statement failed: see the fix above.";
}

/** Whether a report exists and records no failure. */
function isGood(report: string): boolean {
  try {
    return (JSON.parse(readFileSync(report, "utf8")) as { error?: string }).error === undefined;
  } catch {
    return false;
  }
}
