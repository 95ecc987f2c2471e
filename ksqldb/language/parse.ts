/** Text to statements. The grammar is compiled when this module is loaded (some 50 ms), so that no generated file is kept. */
import { readFileSync } from "node:fs";
import peggy from "peggy";
import { UserError } from "../../command.ts";
import type { Place, Statement } from "./ast.ts";

const grammar = peggy.generate(readFileSync(new URL("grammar.peggy", import.meta.url), "utf8"));

/** A statement that is not understood or not allowed: names the file, the line and the column. */
export class StatementError extends UserError {
  constructor(file: string, at: Place, message: string) {
    super(`${file}:${at.line}:${at.column}: ${message}`);
  }
}

/** The statements of a text. `file` is for messages. Throws StatementError. */
export function parse(text: string, file: string): Statement[] {
  try {
    return grammar.parse(text) as Statement[];
  } catch (error) {
    if (error instanceof grammar.SyntaxError) {
      const { message, location } = error as Error & { location: { start: Place } };
      throw new StatementError(file, location.start, message);
    }
    throw error;
  }
}
