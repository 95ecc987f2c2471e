/** The text of a body → its syntax. */
import type { Parser } from "peggy";
import { UserError } from "../../program/command.ts";
import { parserOf } from "../../program/grammar.ts";
import { functionNames } from "./functions.ts";
import type { Query } from "./syntax.ts";

let parser: Parser | undefined;

/** A body of SQL with the file it is from: every fault names the file, the line and the column. */
export class Source {
  readonly file: string;
  /** The body with blanks in the place of comments and tabs: offsets stay. */
  readonly text: string;
  readonly #firstLine: number;

  /** `firstLine`: the line of the file at which the body starts. */
  constructor(file: string, body: string, firstLine = 1) {
    this.file = file;
    this.text = body.replace(blanks, (text, kept?: string) => kept ?? text.replace(/[^\n]/g, " "));
    this.#firstLine = firstLine;
  }

  /** The place of an offset, such as `sql/trades.sql:12:3`. */
  place(at: number): string {
    const lines = this.text.slice(0, at).split("\n");
    return `${this.file}:${lines.length - 1 + this.#firstLine}:${lines.at(-1)!.length + 1}`;
  }

  /** Throws UserError. */
  refuse(at: number, message: string): never {
    throw new UserError(`${this.place(at)}: ${message}`);
  }

  /** The one query of the body. Throws UserError on anything outside the style. */
  parse(): Query {
    parser ??= parserOf(new URL("grammar.peggy", import.meta.url), false);
    const refuse = (at: number, message: string): never => this.refuse(at, message);
    return parser.parse(this.text, { refuse, functions: functionNames }) as Query;
  }
}

/** Texts and quoted names, which stay, or comments and blanks. */
const blanks =
  /('''[^]*?'''|"""[^]*?"""|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?:--|#).*|\/\*[^]*?\*\/|[^\S\n]/g;
