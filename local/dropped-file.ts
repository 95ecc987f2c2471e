/**
 * What this data directory's statements and tables have left out, in all its runs: kept in `dropped.json`, said when it
 * begins, with the cure.
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
  readonly cure: (topic: string) => string;
}

const show = (topic: string) => `\`npm run tail -- ${topic}\` shows them`;

const meanings: Readonly<Record<Cause, Meaning>> = {
  late: {
    name: "late",
    what: "leaves out records that are too late for their windows",
    cure: () =>
      "the rows themselves stay, and `candles` has them; a recording that is sorted by time, and an older one before a newer, gives whole bars",
  },
  unprocessable: { name: "unprocessed", what: "leaves out records that it cannot process", cure: show },
  unknown_schema: {
    name: "unknown",
    what: "leaves out records of an unknown schema",
    cure: () =>
      "`log/schemas.json` must be the one that they were written with; a replay into a new data directory is whole",
  },
  incomplete: { name: "incomplete", what: "has rows with NULL for a value that it could not compute", cure: show },
};

/** Opens the counts of a data directory; `talk` is given a line when something is left out for the first time in this run. */
export function openDropped(dir: string, talk: (line: string) => void): Dropped {
  const path = join(dir, "dropped.json");
  return new Dropped({ present: read(path, talk), write: (counts) => write(path, counts) }, (first) =>
    talk(sentenceOf(first)),
  );
}

/** The lines of a summary: how many, for which cause, and by which statement or table; none where nothing is left out. */
export function droppedLines(dropped: Dropped): [name: string, count: number, note: string][] {
  return causes.flatMap((cause): [string, number, string][] => {
    const by = [...dropped.by(cause)];
    if (by.length === 0) return [];
    const shares = by.map(([reader, count]) => `${reader} ${count.toLocaleString("en-US")}`).join(", ");
    const { name, what, cure } = meanings[cause];
    const total = by.reduce((sum, [, count]) => sum + count, 0);
    return [[name, total, `${what.replace(/^leaves out records/, "records")} (${shares}): ${cure("TOPIC")}`]];
  });
}

function sentenceOf({ reader, topic, partition, cause, offset, reason }: FirstDrop): string {
  const { what, cure } = meanings[cause];
  const at = offset === undefined ? "" : `, offset ${offset}`;
  const why = reason === "" ? "" : `: ${reason}`;
  return `${reader} ${what} (the first: ${topic}, partition ${partition}${at}${why}): ${cure(topic)}. More of them are only counted`;
}

function read(path: string, talk: (line: string) => void): readonly Counts[] {
  if (!existsSync(path)) return [];
  try {
    const counts = JSON.parse(readFileSync(path, "utf8")) as Counts[];
    for (const { upTo, counts: own } of counts)
      if (!(upTo >= 0) || typeof own !== "object") throw new Error("no counts");
    return counts;
  } catch (error) {
    talk(`${path} cannot be read (${(error as Error).message}): what was left out is counted from 0 again`);
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
