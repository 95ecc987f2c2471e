/** Text to statements. */
import { UserError } from "../../program/command.ts";
import { parserOf } from "../../program/grammar.ts";
import type { Place, Statement } from "./ast.ts";

// Without the cache, nested parentheses, as a server writes them, take exponential time.
const grammar = parserOf(new URL("grammar.peggy", import.meta.url), true);

/** Words that ksqlDB accepts as names only in back quotes, according to its parser. */
export const reservedWords: ReadonlySet<string> = new Set(
  `ADVANCE ALL AND AS AT BEGINNING BETWEEN BY CASE CAST CATALOG CONNECTOR CONNECTORS CREATE DAYS DECIMAL DELETE DESCRIBE
   DISTINCT DROP ELSE END EXISTS EXPORT EXTENDED FALSE FROM FULL GROUP HAVING HOPPING HOURS IN INNER INSERT INTO IS JOIN
   LEFT LIKE LIMIT LIST LOAD MATERIALIZED MILLISECOND MILLISECONDS MINUTES MONTHS NAMESPACE NOT NULL ON OR OUTER PAUSE
   PRINT PROPERTIES QUERIES QUERY RENAME RESUME RETENTION RIGHT RUN SAMPLE SCRIPT SECONDS SELECT SIZE STREAM STREAMS TABLE
   TERMINATE THEN TO TOPIC TOPICS TRUE TUMBLING UNSET VALUES VIEW WHEN WHERE WINDOW WITH WITHIN YEARS`.split(/\s+/),
);

/** Why a statement is refused. */
export type RefusalKind =
  /** The text does not follow the grammar. */
  | "syntax"
  | "comment"
  | "reserved-word"
  /** ksqlDB may execute it; the embedded engine does not. */
  | "subset"
  /** A function that the embedded engine does not know; a server may. */
  | "unknown-function"
  /** Arguments that the embedded engine's form of a function does not take; a server's may. */
  | "arguments"
  | "unknown-source"
  | "unknown-column"
  /** Its type is not known here, and no CAST says it. */
  | "untyped"
  /** Types that do not go together. */
  | "type"
  | "replace"
  /** Anything else that a server refuses too. */
  | "invalid";

/** Refuses a statement at a place. `missing` is the name of the source, the column or the function that does not exist. */
export type Refuse = (at: Place, reason: string, kind?: RefusalKind, missing?: string) => never;

/** Refuses what ksqlDB may execute and the embedded engine does not. */
export function outside(at: Place, what: string, refuse: Refuse): never {
  return refuse(at, `${what} is outside the subset that is executed here`, "subset");
}

/** A statement that is not understood or not allowed: names the file, the line and the column. */
export class StatementError extends UserError {
  readonly file: string;
  readonly at: Place;
  readonly reason: string;
  readonly kind: RefusalKind;
  /** The name of the source, the column or the function that does not exist, as the engine knows it. */
  readonly missing: string | undefined;

  constructor(file: string, at: Place, reason: string, kind: RefusalKind = "invalid", missing?: string) {
    super(`${file}:${at.line}:${at.column}: ${reason}`);
    this.file = file;
    this.at = at;
    this.reason = reason;
    this.kind = kind;
    this.missing = missing;
  }
}

/** The statements of a text. `file` is for messages. Throws StatementError. */
export function parse(text: string, file: string): Statement[] {
  const refuse: Refuse = (at, reason, kind, missing) => {
    throw new StatementError(file, at, reason, kind, missing);
  };
  try {
    return grammar.parse(text, { reserved: reservedWords, refuse }) as Statement[];
  } catch (error) {
    if (!(error instanceof grammar.SyntaxError)) throw error;
    const { message, location, expected } = error as unknown as PeggyError;
    const word = /^\w+/.exec(text.slice(location.start.offset))?.[0].toUpperCase();
    // The parser itself would list what else could stand where a reserved word does.
    if (word !== undefined && reservedWords.has(word) && expected.some(({ description }) => description === "a name"))
      refuse(location.start, `${word} is a reserved word: as a name it must be in back quotes`, "reserved-word");
    return refuse(location.start, message, "syntax");
  }
}

interface PeggyError {
  readonly message: string;
  readonly location: { readonly start: Place };
  readonly expected: readonly { readonly description?: string }[];
}
