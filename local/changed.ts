/** Which statements are others than those that made the rows of a data directory: those rows stay as they are. */
import { join } from "node:path";
import { UserError } from "../program/command.ts";
import type { Outline } from "../ksqldb/outline.ts";
import { readState, writeState } from "../program/state-file.ts";

/**
 * Files of statements that mean something else than when the directory was opened last; keeps what they mean now. `talk` is
 * given what there is to say of a file that cannot be read.
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
    talk(`${error.message} It is written again: there is nothing to do`);
    return {};
  }
}

/** The statement without its layout and its comments. */
function meaning({ statement }: Outline): string {
  return JSON.stringify(statement, (name, value: unknown) => (name === "at" || name === "end" ? undefined : value));
}
