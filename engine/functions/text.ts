/** Functions of texts. Lengths and positions count UTF-16 units, as Java does. */
import { trim } from "../expressions/text.ts";
import { INTEGER, STRING, type SqlType } from "../language/types.ts";
import { OutsideSubset, type ScalarFunction } from "./function.ts";
import { overload, overloaded } from "./overloads.ts";
import { toRegExp } from "./regexp.ts";

const texts: SqlType = { base: "ARRAY", item: STRING };

export const text = {
  UCASE: ofText((value) => certain(value).toUpperCase()),
  /** A capital sigma becomes another letter at the end of a word, and what a word is differs. */
  LCASE: ofText((value) => {
    if (value.includes("Σ")) throw new OutsideSubset("LCASE of a Σ");
    return certain(value).toLowerCase();
  }),
  /** Without the spaces and control characters around it. */
  TRIM: ofText(trim),
  LEN: overloaded(overload([STRING], INTEGER, (value: string) => value.length)),

  /** SUBSTRING(text, position[, length]): from 1, or from the end if negative; what lies outside is left out. */
  SUBSTRING: overloaded(
    overload([STRING, INTEGER], STRING, substring),
    overload([STRING, INTEGER, INTEGER], STRING, substring),
  ),

  /** One after the other, NULL left out: as it is by `join`. */
  CONCAT: (args) => {
    if (args.length === 0 || args.some((type) => type?.base !== "STRING")) return undefined;
    return { type: STRING, evaluate: (...values) => (values as (string | null)[]).join("") };
  },

  /** Each occurrence of the second text by the third. */
  REPLACE: overloaded(
    overload([STRING, STRING, STRING], STRING, (value: string, old: string, by: string) =>
      value.replaceAll(old, () => by),
    ),
  ),

  /** REGEXP_REPLACE(text, pattern, replacement): the latter two are literals, without references to groups. */
  REGEXP_REPLACE: (args, [, pattern, replacement]) => {
    if (typeof pattern !== "string" || typeof replacement !== "string" || /[$\\]/.test(replacement)) return undefined;
    const expression = toRegExp(pattern);
    if (expression === undefined) return undefined;
    const replace = (value: string) => value.replace(expression, () => replacement);
    return overloaded(overload([STRING, STRING, STRING], STRING, replace))(args, []);
  },

  /** SPLIT(text, delimiter): the parts between the delimiters, empty ones too; by the empty text its single units. */
  SPLIT: overloaded(
    overload([STRING, STRING], texts, (value: string, delimiter: string) =>
      value === "" ? [""] : value.split(delimiter),
    ),
  ),

  LPAD: padded((value, length, padding) => value.padStart(length, padding)),
  RPAD: padded((value, length, padding) => value.padEnd(length, padding)),

  /** INSTR(text, part): where the part begins, from 1; 0 where it does not occur, and for NULL. */
  INSTR: overloaded({
    params: [STRING, STRING],
    make: () => ({
      type: INTEGER,
      evaluate: (value, part) => (value && part !== null ? (value as string).indexOf(part as string) + 1 : 0),
    }),
  }),

  /** Each upper-case letter as X, lower-case one as x, digit as n, and anything else as -. */
  MASK: ofText((value) => {
    if (/[^\0-\x7f]/.test(value)) throw new OutsideSubset("MASK of a text beyond ASCII");
    const others = value.replace(/[^A-Za-z0-9]/g, "-");
    return others.replace(/[A-Z]/g, "X").replace(/[a-z]/g, "x").replace(/[0-9]/g, "n");
  }),
} satisfies Record<string, ScalarFunction>;

function ofText(evaluate: (value: string) => string): ScalarFunction {
  return overloaded(overload([STRING], STRING, evaluate));
}

/** Characters whose case is not the same in all releases of Java and Node that may run this. */
const newer = /[\u019b\u0264\u0295\u1c89\u1c8a\u2c2f\u2c5f\ua7c0-\ua7dc]|(?=[\u{10000}-\u{10ffff}])[\p{Lu}\p{Ll}]/u;

function certain(value: string): string {
  if (newer.test(value)) throw new OutsideSubset("the case of a character that depends on the release of Unicode");
  return value;
}

function substring(value: string, from: number, length?: number): string {
  const start = from < 0 ? Math.max(value.length + from, 0) : Math.max(Math.min(from - 1, value.length), 0);
  if (length === undefined) return value.slice(start);
  // Java's sum wraps around.
  const end = Math.max(Math.min((start + length) | 0, value.length), start);
  return value.slice(start, end);
}

const longest = 1_000_000;

/** LPAD and RPAD(text, length, padding): to a length, cut off there; NULL for an empty padding or a negative length. */
function padded(pad: (value: string, length: number, padding: string) => string): ScalarFunction {
  return overloaded(
    overload([STRING, INTEGER, STRING], STRING, (value: string, length: number, padding: string) => {
      if (length > longest) throw new OutsideSubset(`a text of ${length} characters`);
      return padding === "" || length < 0 ? null : pad(value, length, padding).slice(0, length);
    }),
  );
}
