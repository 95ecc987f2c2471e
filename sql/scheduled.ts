/**
 * Queries that BigQuery runs on a schedule, one per file of `sql/scheduled/`: a description in comment lines, a line
 * `-- every 15 minutes`, and the statement, which writes its result itself (INSERT, MERGE, ASSERT).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { UserError } from "../program/command.ts";
import { objectName, splitHead } from "./objects.ts";

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
  const head = splitHead(text, /^-- every \d+ (minutes|hours)$/);
  const [, count, unit] = /^-- every (\d+) (\w+)$/.exec(head?.marker ?? "") ?? [];
  if (head === undefined || head.body.trim() === "" || Number(count) < (unit === "minutes" ? 5 : 1))
    throw new UserError(
      `sql/scheduled/${file}: a description, a line "-- every N minutes" (5 or more) or "-- every N hours", and the statement are expected`,
    );
  const { description, marker, body } = head;
  return { name: objectName("sql/scheduled", file), description, schedule: marker.slice(3), body };
}
