/** The statements in a deployment: ksqlDB's plan of them before anything is changed, and why they failed. */
import { readFileSync, statSync } from "node:fs";
import { redact, stopSignals, UserError } from "../../program/command.ts";
import { Environment } from "../../program/environment.ts";
import { runServerCommand } from "../../ksqldb/server/command.ts";
import { desiredStatements } from "../../ksqldb/server/desired.ts";
import { readScripts, readStatements } from "../../ksqldb/statements.ts";
import type { InfraConfig } from "../stack/config.ts";
import { statementsFiles } from "../stack/statements.ts";
import { outputsOf } from "../terraform/state.ts";

/** As far as it is read here: ksqldb/server/report.ts. */
interface Report {
  readonly steps: readonly { readonly action: string; readonly name: string; readonly notes: readonly string[] }[];
}

/**
 * Asks the server that the state names for its plan of the statements, as `npm run ksqldb -- plan` does, and shows it. Returns
 * what is dropped and recreated with `replace`, and what that does to rows, one text each; none if no server is deployed, or it does
 * not answer, which is reported. Throws UserError on a statement that it would refuse.
 */
export async function previewStatements(dir: string, replace: boolean): Promise<string[]> {
  const outputs = await outputsOf(dir);
  const [url, key, secret] = ["url", "api_key", "api_secret"].map((name) => outputs.get(`ksqldb_${name}`));
  if (url === undefined || key === undefined || secret === undefined) return [];
  const environment = new Environment({ KSQLDB_URL: url, KSQLDB_API_KEY: key, KSQLDB_API_SECRET: secret });
  const talk = (line: string) => void process.stderr.write(`${redact(line)}\n`);
  const stop = new AbortController();
  const end = () => stop.abort();
  let report = "";
  const surroundings = {
    environment,
    out: (text: string) => void (report = text),
    talk,
    stop: stop.signal,
    agrees: () => Promise.resolve(false),
  };
  const desired = desiredStatements(readScripts(), readStatements().sources);
  talk(`\nThe statements on ${url}:`);
  for (const signal of stopSignals) process.on(signal, end);
  try {
    await runServerCommand("plan", { replace }, desired, surroundings);
  } catch (error) {
    if (!(error instanceof UserError) || stop.signal.aborted) throw error;
    talk(`${error.message}\nThey are not checked before the rest.`);
    return [];
  } finally {
    for (const signal of stopSignals) process.off(signal, end);
  }
  const { steps } = JSON.parse(report) as Report;
  const stepsThat = (action: string) =>
    steps.flatMap(({ action: one, name, notes }) => (one === action ? `${name}: ${notes.join("; ")}` : []));
  const refused = stepsThat("refuse");
  if (refused.length > 0)
    throw new UserError(
      `nothing was done: ksqlDB cannot change these statements in place:${refused.map((text) => `\n  ${text}`).join("")}\n` +
        (replace
          ? "Drop by hand what no file names, if it is not needed, and run this again."
          : "Revert the change, or give it a new name (docs/schema-evolution.md). Or drop them, with what reads them, " +
            "and recreate them, once everything else is in place: npm run deploy -- --plan --replace-statements shows what that does to the rows; without --plan it does it."),
    );
  return stepsThat("recreate").map((text) => `statement ${text}`);
}

/**
 * Prints why the statements failed, if they failed since then (Unix milliseconds), and returns the next step: Terraform hides the
 * output of `npm run ksqldb`, because the command received secrets.
 */
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
