/**
 * Parses what a server stores. Its texts put every expression in parentheses, which takes a parser of this kind without
 * memory a multiple of the time for each: 19 s for a statement of bars, and 2 ms with it.
 */
import { readFileSync } from "node:fs";
import peggy from "peggy";
import { UserError } from "../../command.ts";
import type { Place, Statement } from "../language/ast.ts";
import { reservedWords } from "../language/parse.ts";

const grammar = peggy.generate(readFileSync(new URL("../language/grammar.peggy", import.meta.url), "utf8"), {
  cache: true,
});

/** The statements of a text, of a file or of a server. Throws UserError where one is not understood. */
export function parseStored(text: string, file?: string): Statement[] {
  try {
    return grammar.parse(text, { reserved: reservedWords }) as Statement[];
  } catch (error) {
    if (!(error instanceof grammar.SyntaxError)) throw error;
    const { message, location } = error as Error & { location: { start: Place } };
    const where = file === undefined ? "" : `${file}:`;
    throw new UserError(`${where}${location.start.line}:${location.start.column}: ${message}`, { cause: error });
  }
}
