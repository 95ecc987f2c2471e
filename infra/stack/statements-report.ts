/** What `npm run ksqldb` said when Terraform ran it, which Terraform does not show: it was given secrets. */
import { readFileSync, statSync } from "node:fs";
import { redact } from "../../program/command.ts";
import type { InfraConfig } from "./config.ts";

/** Names of the files that each run leaves in the project's folder: what it said, and its report as JSON. */
export function statementsFiles({ environment }: Pick<InfraConfig, "environment">) {
  return { log: `ksqldb-${environment}.log`, report: `ksqldb-${environment}.json` };
}

/** Tells why the statements failed, if they did since then; returns what is to be done. */
export function tellStatements(config: InfraConfig, since: number): string | undefined {
  const { log, report } = statementsFiles(config);
  const { mtimeMs = 0 } = statSync(log, { throwIfNoEntry: false }) ?? {};
  if (mtimeMs < since || isGood(report)) return undefined;
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-40);
  process.stderr.write(
    redact(`\n${log}, where npm run ksqldb tells of the statements, ends with:\n${lines.join("\n")}\n\n`),
  );
  return "A statement failed: what to do about it stands above.";
}

/** Whether a report is there, and of no failure. */
function isGood(report: string): boolean {
  try {
    return (JSON.parse(readFileSync(report, "utf8")) as { error?: string }).error === undefined;
  } catch {
    return false;
  }
}
