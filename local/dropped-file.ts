/**
 * What the statements and tables of a data directory have left out, in all its runs: kept in `dropped.json`, and reported with
 * the fix when it begins.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../program/command.ts";
import { replaceFile } from "../program/state-file.ts";
import { causes, Dropped, type Cause, type Counts, type FirstDrop } from "../topics/dropped.ts";

interface Meaning {
  /** In the summary. */
  readonly name: string;
  /** After the reader's name. */
  readonly what: string;
  readonly fix: (topic: string) => string;
}

const show = (topic: string) => `\`npm run tail -- ${topic}\` shows them`;

const meanings: Readonly<Record<Cause, Meaning>> = {
  late: {
    name: "late",
    what: "leaves out records that are too late for their windows",
    fix: () =>
      "the rows themselves stay, and `candles` has them; recordings that are sorted by time and replayed from the oldest to the newest give complete bars",
  },
  unprocessable: { name: "unprocessed", what: "leaves out records that it cannot process", fix: show },
  unknown_schema: {
    name: "unknown",
    what: "leaves out records of an unknown schema",
    fix: () =>
      "`log/schemas.json` must be the one that they were written with; a replay into a new data directory is complete",
  },
  incomplete: { name: "incomplete", what: "has rows with NULL for a value that it could not compute", fix: show },
};

/** Opens the counts of a data directory; `talk` is given a line when something is left out for the first time in this run. */
export function openDropped(dir: string, talk: (line: string) => void): Dropped {
  const path = join(dir, "dropped.json");
  return new Dropped({ present: read(path, talk), write: (counts) => write(path, counts) }, (first) =>
    talk(sentenceOf(first)),
  );
}

/** The lines of a summary: how many, for which cause, and by which statement or table; none if nothing is left out. */
export function droppedLines(dropped: Dropped): [name: string, count: number, note: string][] {
  return causes.flatMap((cause): [string, number, string][] => {
    const by = [...dropped.by(cause)];
    if (by.length === 0) return [];
    const shares = by.map(([reader, count]) => `${reader} ${count.toLocaleString("en-US")}`).join(", ");
    const { name, what, fix } = meanings[cause];
    const total = by.reduce((sum, [, count]) => sum + count, 0);
    return [[name, total, `${what.replace(/^leaves out records/, "records")} (${shares}): ${fix("TOPIC")}`]];
  });
}

function sentenceOf({ reader, topic, partition, cause, offset, reason }: FirstDrop): string {
  const { what, fix } = meanings[cause];
  const at = offset === undefined ? "" : `, offset ${offset}`;
  const why = reason === "" ? "" : `: ${reason}`;
  return `${reader} ${what} (the first: ${topic}, partition ${partition}${at}${why}): ${fix(topic)}. Further ones are only counted`;
}

function read(path: string, talk: (line: string) => void): readonly Counts[] {
  if (!existsSync(path)) return [];
  try {
    const counts = JSON.parse(readFileSync(path, "utf8")) as Counts[];
    for (const { upTo, counts: own } of counts)
      if (!(upTo >= 0) || typeof own !== "object") throw new Error("no counts");
    return counts;
  } catch (error) {
    talk(`${path} cannot be read (${(error as Error).message}): records that are left out are counted from 0 again`);
    return [];
  }
}

function write(path: string, counts: readonly Counts[]): void {
  const some = counts.filter(({ counts: own }) => Object.values(own).some((count) => count > 0));
  const rows = some.map(({ reader, topic, partition, upTo, counts: own }) => ({
    reader,
    topic,
    partition,
    upTo,
    counts: own,
  }));
  try {
    replaceFile(path, `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`);
  } catch (error) {
    throw new UserError(
      `cannot write ${path}: ${(error as Error).message}. Free space and start again: what is stored stays.`,
      { cause: error },
    );
  }
}
