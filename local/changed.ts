/** Finds statements that have changed since they made the rows of a data directory, which stay as they are. */
import { join } from "node:path";
import { UserError } from "../program/command.ts";
import type { Outline } from "../ksqldb/outline.ts";
import { readState, writeState } from "../program/state-file.ts";

/**
 * The files of statements whose meaning has changed since the directory was last opened; stores their present meaning. `talk` is
 * given a line if the stored one cannot be read.
 */
export function changedStatements(dir: string, plans: readonly Outline[], talk: (line: string) => void): string[] {
  const path = join(dir, "statements.json");
  const before = readMeanings(path, talk);
  const now = Object.fromEntries(plans.map((plan) => [plan.sink.topic, meaning(plan)]));
  writeState(path, now);
  const changed = plans.filter(({ sink: { topic } }) => before[topic] !== undefined && before[topic] !== now[topic]);
  return changed.map(({ file }) => file);
}

function readMeanings(path: string, talk: (line: string) => void): Readonly<Record<string, string>> {
  const isMeanings = (value: unknown): value is Record<string, string> =>
    !Array.isArray(value) && Object.values(value as object).every((text) => typeof text === "string");
  try {
    return readState(path, isMeanings, "Whether statements have changed since the last start is not known.") ?? {};
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    talk(`${error.message} It is written again; nothing needs to be done`);
    return {};
  }
}

/** The statement without layout and comments. */
function meaning({ statement }: Outline): string {
  return JSON.stringify(statement, (name, value: unknown) => (name === "at" || name === "end" ? undefined : value));
}
