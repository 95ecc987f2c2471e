/** Text to statements. The grammar is compiled when this module is loaded (some 50 ms), so that no generated file is kept. */
import { readFileSync } from "node:fs";
import peggy from "peggy";
import { UserError } from "../../program/command.ts";
import type { Place, Statement } from "./ast.ts";

// Without the cache nested parentheses, as a server writes them, cost exponential time.
const grammar = peggy.generate(readFileSync(new URL("grammar.peggy", import.meta.url), "utf8"), { cache: true });

/** Words that ksqlDB takes as names only in back quotes, as its parser answered. */
export const reservedWords: ReadonlySet<string> = new Set(
  `ADVANCE ALL AND AS AT BEGINNING BETWEEN BY CASE CAST CATALOG CONNECTOR CONNECTORS CREATE DAYS DECIMAL DELETE DESCRIBE
   DISTINCT DROP ELSE END EXISTS EXPORT EXTENDED FALSE FROM FULL GROUP HAVING HOPPING HOURS IN INNER INSERT INTO IS JOIN
   LEFT LIKE LIMIT LIST LOAD MATERIALIZED MILLISECOND MILLISECONDS MINUTES MONTHS NAMESPACE NOT NULL ON OR OUTER PAUSE
   PRINT PROPERTIES QUERIES QUERY RENAME RESUME RETENTION RIGHT RUN SAMPLE SCRIPT SECONDS SELECT SIZE STREAM STREAMS TABLE
   TERMINATE THEN TO TOPIC TOPICS TRUE TUMBLING UNSET VALUES VIEW WHEN WHERE WINDOW WITH WITHIN YEARS`.split(/\s+/),
);

/** A statement that is not understood or not allowed: names the file, the line and the column. */
export class StatementError extends UserError {
  readonly file: string;
  readonly at: Place;
  readonly reason: string;

  constructor(file: string, at: Place, reason: string) {
    super(`${file}:${at.line}:${at.column}: ${reason}`);
    this.file = file;
    this.at = at;
    this.reason = reason;
  }
}

/** The statements of a text. `file` is for messages. Throws StatementError. */
export function parse(text: string, file: string): Statement[] {
  try {
    return grammar.parse(text, { reserved: reservedWords }) as Statement[];
  } catch (error) {
    if (error instanceof grammar.SyntaxError) {
      const { location } = error as Error & { location: { start: Place } };
      throw new StatementError(file, location.start, messageOf(error, text.slice(location.start.offset)));
    }
    throw error;
  }
}

/** A reserved word where a name was expected is told as such: the parser itself would list what else could stand there. */
function messageOf(error: unknown, rest: string): string {
  const { message, expected } = error as Error & { expected: readonly { description?: string }[] | null };
  const word = /^\w+/.exec(rest)?.[0].toUpperCase();
  const nameExpected = expected?.some(({ description }) => description === "a name") === true;
  return nameExpected && word !== undefined && reservedWords.has(word)
    ? `${word} is a reserved word: as a name it must stand in back quotes`
    : message;
}
