/** A body's tokens, taken one after the other. */
import { isFunction } from "./functions.ts";
import type { Source, Token } from "./source.ts";
import { keywords, otherKeywords } from "./words.ts";

export class Cursor {
  readonly source: Source;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: Source) {
    this.source = source;
    this.#tokens = source.tokens();
    this.#tokens.forEach((token, i) => {
      // After AS stands a type, with its digits: the grammar refuses them.
      this.#checkWord(token, this.#tokens[i + 1]?.text === "(" && this.#tokens[i - 1]?.word !== "AS");
    });
  }

  /** Words are checked before they are parsed: a fault names the word, rather than what it made of the rest. */
  #checkWord(token: Token, called: boolean): void {
    if (otherKeywords.has(token.word)) this.source.refuse(token, `${token.word} is not in the style`);
    if (called && token.kind === "quoted") this.source.refuse(token, `the function ${token.text} must not be quoted`);
    if (called && token.kind === "word" && !keywords.has(token.word) && !isFunction(token.word)) {
      this.source.refuse(token, `${token.word} is not among the functions known to agree on BigQuery and DuckDB`);
    }
  }

  get next(): Token {
    return this.after(0);
  }

  get before(): Token {
    return this.#tokens[this.#at - 1]!;
  }

  after(count: number): Token {
    return this.#tokens[Math.min(this.#at + count, this.#tokens.length - 1)]!;
  }

  take(): Token {
    return this.#tokens[this.#at++]!;
  }

  /** Takes the next token if it is this word or operator. */
  accept(word: string): boolean {
    if (this.next.word !== word) return false;
    this.take();
    return true;
  }

  expect(word: string): Token {
    return this.next.word === word ? this.take() : this.refuse(`${word} is expected, not`);
  }

  /** Refuses the next token: the message ends with it. */
  refuse(message: string): never {
    return this.source.refuse(this.next, `${message} ${this.next.text}`);
  }

  list<Entry>(entry: () => Entry): Entry[] {
    const entries = [entry()];
    while (this.accept(",")) entries.push(entry());
    return entries;
  }

  parenthesised<Inner>(inner: () => Inner): Inner {
    this.expect("(");
    const parsed = inner();
    this.expect(")");
    return parsed;
  }

  isName(token: Token): boolean {
    return token.kind === "quoted" || (token.kind === "word" && !keywords.has(token.word));
  }

  name(): Token {
    return this.isName(this.next) ? this.take() : this.refuse("a name is expected, not");
  }
}
