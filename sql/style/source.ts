/** A body of SQL with the file it is from, and its words: every fault names the file, the line and the column. */
import { UserError } from "../../program/command.ts";

export interface Token {
  readonly kind: "word" | "quoted" | "text" | "number" | "operator" | "end";
  /** As it stands in the body. */
  readonly text: string;
  /** A word in upper case; an operator as it stands; "" for what is quoted. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

export class Source {
  readonly file: string;
  readonly body: string;
  readonly #firstLine: number;

  /** `firstLine`: the line of the file at which the body starts. */
  constructor(file: string, body: string, firstLine = 1) {
    this.file = file;
    this.body = body;
    this.#firstLine = firstLine;
  }

  /** Where a token stands: `sql/trades.sql:12:3`. */
  place({ start }: Pick<Token, "start">): string {
    const lines = this.body.slice(0, start).split("\n");
    return `${this.file}:${lines.length - 1 + this.#firstLine}:${lines.at(-1)!.length + 1}`;
  }

  refuse(at: Pick<Token, "start">, message: string): never {
    throw new UserError(`${this.place(at)}: ${message}`);
  }

  /** The body's tokens without its comments, and one that stands for the end. Throws UserError on what the style does not have. */
  tokens(): Token[] {
    const tokens: Token[] = [];
    let at = 0;
    for (const match of this.body.matchAll(lexemes)) {
      const text = match[0];
      at = match.index + text.length;
      const kind = (["space", "word", "quoted", "text", "number", "operator", "other"] as const).find(
        (name) => match.groups?.[name] !== undefined,
      )!;
      const range = { start: match.index, end: at };
      if (kind === "space") continue;
      if (kind === "other") this.refuse(range, `the operator ${text} is not in the style`);
      if (kind === "text") this.#checkText(text, range);
      if (kind === "quoted" && /[.\\\n]|^``$/.test(text)) {
        this.refuse(range, `${text} is not in the style: a quoted name is one name, without . and \\`);
      }
      if (kind === "number" && !/^\d+$/.test(text)) {
        this.refuse(
          range,
          /^[\d.]+$/.test(text)
            ? `the literal ${text} is FLOAT64 in BigQuery and DECIMAL in DuckDB: write NUMERIC '${text}'`
            : `the literal ${text} is not in the style: write an integer, or NUMERIC '…'`,
        );
      }
      if (kind === "number" && BigInt(text) > 2n ** 63n - 1n) {
        this.refuse(range, `${text} is beyond INT64: write NUMERIC '${text}'`);
      }
      tokens.push({ kind, text, word: kind === "quoted" || kind === "text" ? "" : text.toUpperCase(), ...range });
    }
    return [...tokens, { kind: "end", text: "the end", word: "", start: at, end: at }];
  }

  /** Of the many forms of a text in BigQuery one is left, which the translation does not change. */
  #checkText(text: string, at: Pick<Token, "start">): void {
    if (/^[A-Za-z]/.test(text) || /^('''|""")/.test(text) || /[\\\n]/.test(text)) {
      this.refuse(
        at,
        `the text ${text.split("\n")[0]} is not in the style: write it in one pair of quotes, on one line, without r, b or \\`,
      );
    }
  }
}

const lexemes = new RegExp(
  [
    /(?<space>\s+|(?:--|#).*|\/\*[^]*?\*\/)/,
    /(?<text>(?:\b[rRbB]{1,2})?(?:'''[^]*?'''|"""[^]*?"""|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))/,
    /(?<quoted>`[^`]*`)/,
    /(?<number>(?:\d+\.?\d*|\.\d+)\w*)/,
    /(?<word>[A-Za-z_]\w*)/,
    /(?<operator><=|>=|<>|!=(?!=)|[(),.;*+\-=<>])/,
    /(?<other>\|\||<<|>>|[^])/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);
