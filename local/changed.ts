/** Which statements are others than those that made the rows of a data directory: those rows stay as they are. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../ksqldb/analysis/plan.ts";

/** Files of statements that mean something else than when the directory was opened last; keeps what they mean now. */
export function changedStatements(dir: string, plans: readonly Plan[]): string[] {
  const path = join(dir, "statements.json");
  // A file that a crash has left empty says nothing.
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const before = (text === "" ? {} : JSON.parse(text)) as Readonly<Record<string, string>>;
  const now = Object.fromEntries(plans.map((plan) => [plan.sink.topic, meaning(plan)]));
  writeFileSync(path, `${JSON.stringify(now, undefined, 1)}\n`);
  const changed = plans.filter(({ sink: { topic } }) => before[topic] !== undefined && before[topic] !== now[topic]);
  return changed.map(({ file }) => file);
}

/** The statement without its layout and its comments. */
function meaning({ statement }: Plan): string {
  return JSON.stringify(statement, (name, value: unknown) => (name === "at" || name === "end" ? undefined : value));
}
