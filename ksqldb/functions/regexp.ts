/**
 * Java's regular expressions in JavaScript: those whose meaning is written out here, which are most. Left out are
 * patterns that match the empty text, references to groups, looking behind, flags, and what Unicode decides.
 */

const space = "\\t\\n\\u{b}\\f\\r ";
/** Java's `.` and `$` know one line end more than JavaScript's. */
const lineEnds = "\\n\\r\\u{85}\\u{2028}\\u{2029}";
/** The end, or the line end before it. */
const end = `(?=(?:\\r\\n|(?<!\\r)\\n|[\\r\\u{85}\\u{2028}\\u{2029}])?(?![^]))`;

/** Shorthands, as members of a class. */
const classes: Readonly<Record<string, string>> = {
  d: "0-9",
  D: "\\D",
  w: "A-Za-z0-9_",
  W: "\\W",
  s: space,
  S: "\\u{0}-\\u{8}\\u{e}-\\u{1f}\\u{21}-\\u{10ffff}",
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, f: 12, r: 13 };

class Refused extends Error {}

/** Undefined for a pattern outside the subset, and for one that Java refuses. */
export function toRegExp(pattern: string): RegExp | undefined {
  try {
    const { source, empty } = new Translation(pattern).whole();
    return empty ? undefined : new RegExp(source, "gu");
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** A part of a pattern, and whether it can match the empty text. */
interface Part {
  readonly source: string;
  readonly empty: boolean;
}

class Translation {
  private readonly pattern: string;
  private at = 0;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  whole(): Part {
    const part = this.alternatives();
    return this.at < this.pattern.length ? this.refuse() : part;
  }

  private alternatives(): Part {
    const parts = [this.sequence()];
    while (this.takes("|")) parts.push(this.sequence());
    return { source: parts.map(({ source }) => source).join("|"), empty: parts.some(({ empty }) => empty) };
  }

  private sequence(): Part {
    let source = "";
    let empty = true;
    while (this.at < this.pattern.length && !"|)".includes(this.pattern[this.at]!)) {
      const part = this.quantified();
      source += part.source;
      empty &&= part.empty;
    }
    return { source, empty };
  }

  private quantified(): Part {
    const atom = this.atom();
    const [quantifier] = /^(?:[?*+]|\{\d{1,3}(?:,\d{0,3})?\})\??/.exec(this.pattern.slice(this.at)) ?? [];
    if (quantifier === undefined) return atom;
    this.at += quantifier.length;
    const [, least, most] = /^\{(\d+),(\d+)\}/.exec(quantifier) ?? [];
    // How the two repeat what can be empty differs; a further + makes it possessive.
    if (atom.empty || this.pattern[this.at] === "+" || Number(most) < Number(least)) return this.refuse();
    return { source: atom.source + quantifier, empty: /^(?:[?*]|\{0+[,}])/.test(quantifier) };
  }

  private atom(): Part {
    const character = this.pattern[this.at++]!;
    switch (character) {
      case "(":
        return this.group();
      case "[":
        return { source: this.members(), empty: false };
      case ".":
        return { source: `[^${lineEnds}]`, empty: false };
      case "^":
        return { source: "^", empty: true };
      case "$":
        return { source: end, empty: true };
      case "\\":
        return { source: `[${this.escaped().source}]`, empty: false };
      default:
        return "?*+{}]".includes(character) ? this.refuse() : { source: literal(this.unit(character)), empty: false };
    }
  }

  private group(): Part {
    const [opening] = /^\?(?:[:=!])/.exec(this.pattern.slice(this.at)) ?? [""];
    if (opening === "" && this.pattern[this.at] === "?") return this.refuse();
    this.at += opening.length;
    const inner = this.alternatives();
    if (!this.takes(")")) return this.refuse();
    const looks = opening === "?=" || opening === "?!";
    return { source: `(${looks ? opening : "?:"}${inner.source})`, empty: looks || inner.empty };
  }

  /** A class in brackets, without others inside. */
  private members(): string {
    const negated = this.takes("^");
    let source = "";
    while (!this.takes("]")) {
      const first = this.member();
      if (this.pattern[this.at] === "-" && this.pattern[this.at + 1] !== "]") {
        this.at++;
        const last = this.member();
        if (first.code === undefined || last.code === undefined || last.code < first.code) return this.refuse();
        source += `${first.source}-${last.source}`;
      } else source += first.source;
    }
    return source === "" ? this.refuse() : `[${negated ? "^" : ""}${source}]`;
  }

  private member(): { source: string; code?: number } {
    const character = this.pattern[this.at++] ?? this.refuse();
    if (character === "\\") return this.escaped();
    if (character === "[" || (character === "&" && this.pattern[this.at] === "&")) return this.refuse();
    return { source: literal(this.unit(character)), code: this.unit(character) };
  }

  /** What is behind a backslash, as a member of a class. */
  private escaped(): { source: string; code?: number } {
    const character = this.pattern[this.at++] ?? this.refuse();
    if (Object.hasOwn(classes, character)) return { source: classes[character]! };
    if (/[A-Za-z0-9]/.test(character) && !Object.hasOwn(controls, character)) return this.refuse();
    const code = controls[character] ?? this.unit(character);
    return { source: literal(code), code };
  }

  /** A character that is one unit. */
  private unit(character: string): number {
    return /[\ud800-\udfff]/.test(character) ? this.refuse() : character.charCodeAt(0);
  }

  private takes(character: string): boolean {
    if (this.pattern[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private refuse(): never {
    throw new Refused();
  }
}

function literal(code: number): string {
  return `\\u{${code.toString(16)}}`;
}
