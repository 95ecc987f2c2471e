/**
 * Queries that BigQuery runs on a schedule, one per file of `sql/scheduled/`: a description in comment lines, a line
 * `-- every 15 minutes`, and the statement, which writes its result itself (INSERT, MERGE, ASSERT).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { UserError } from "../program/command.ts";
import { objectName } from "./objects.ts";

export interface ScheduledQuery {
  readonly name: string;
  readonly description: string;
  /** As BigQuery takes it: `every 15 minutes`. At least 5 minutes. */
  readonly schedule: string;
  readonly body: string;
}

const folder = new URL("scheduled/", import.meta.url);

export function readScheduled(): ScheduledQuery[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return files.toSorted().map((file) => parseScheduled(file, readFileSync(new URL(file, folder), "utf8")));
}

/** Throws UserError if the head does not have this form. */
export function parseScheduled(file: string, text: string): ScheduledQuery {
  const lines = text.trim().split("\n");
  const at = lines.findIndex((line) => /^-- every \d+ (minutes|hours)$/.test(line));
  const [, count, unit] = /^-- every (\d+) (\w+)$/.exec(lines[at] ?? "") ?? [];
  const body = lines.slice(at + 1).join("\n");
  if (at < 1 || body.trim() === "" || Number(count) < (unit === "minutes" ? 5 : 1))
    throw new UserError(
      `sql/scheduled/${file}: a description, a line "-- every N minutes" (5 or more) or "-- every N hours", and the statement are expected`,
    );
  return {
    name: objectName("sql/scheduled", file),
    description: lines
      .slice(0, at)
      .map((line) => line.replace(/^--\s*/, ""))
      .join(" "),
    schedule: lines[at]!.slice(3),
    body,
  };
}
