/** Functions of texts. Lengths and positions count UTF-16 units, as Java does. */
import { trim } from "../expressions/text.ts";
import { INTEGER, STRING, type SqlType, type Value } from "../language/types.ts";
import { OutsideSubset, type ScalarFunction } from "./function.ts";
import { orFail, overload, overloaded, resolve, unlessNull } from "./overloads.ts";
import { toRegExp } from "./regexp.ts";

const texts: SqlType = { base: "ARRAY", item: STRING };

export const text = {
  UCASE: ofText((value) => certain(value).toUpperCase()),
  LCASE: ofText((value) => certain(value).toLowerCase()),
  /** Without the spaces and control characters around it. */
  TRIM: ofText(trim),
  LEN: overloaded(
    overload(
      ["STRING"],
      INTEGER,
      unlessNull((value: string) => value.length),
    ),
  ),

  /** SUBSTRING(text, position[, length]): from 1, or from the end if negative; what lies outside is left out. */
  SUBSTRING: overloaded(
    overload(["STRING", "INTEGER"], STRING, unlessNull(substring)),
    overload(["STRING", "INTEGER", "INTEGER"], STRING, unlessNull(substring)),
  ),

  /** One after the other, NULL left out. */
  CONCAT: (args) => {
    if (args.length === 0 || args.some((type) => type?.base !== "STRING")) return undefined;
    return {
      type: STRING,
      evaluate: (...values) => (values as (string | null)[]).filter((value) => value !== null).join(""),
    };
  },

  /** Each occurrence of the second text by the third. */
  REPLACE: overloaded(
    overload(
      ["STRING", "STRING", "STRING"],
      STRING,
      unlessNull((value: string, old: string, by: string) => value.replaceAll(old, () => by)),
    ),
  ),

  /** REGEXP_REPLACE(text, pattern, replacement): the latter two are literals, without references to groups. */
  REGEXP_REPLACE: (args, constants) => {
    const [, pattern, replacement] = constants;
    if (args.length !== 3 || args.some((type) => type?.base !== "STRING")) return undefined;
    if (typeof pattern !== "string" || typeof replacement !== "string" || /[$\\]/.test(replacement)) return undefined;
    const expression = toRegExp(pattern);
    if (expression === undefined) return undefined;
    return {
      type: STRING,
      evaluate: (value) => (value === null ? null : (value as string).replace(expression, () => replacement)),
    };
  },

  /** SPLIT(text, delimiter): the parts between the delimiters, empty ones too; by the empty text its single units. */
  SPLIT: overloaded(
    overload(
      ["STRING", "STRING"],
      texts,
      unlessNull((value: string, delimiter: string) => (value === "" ? [""] : value.split(delimiter))),
    ),
  ),

  LPAD: overloaded(
    overload(
      ["STRING", "INTEGER", "STRING"],
      STRING,
      pad((value, length, padding) => value.padStart(length, padding)),
    ),
  ),
  RPAD: overloaded(
    overload(
      ["STRING", "INTEGER", "STRING"],
      STRING,
      pad((value, length, padding) => value.padEnd(length, padding)),
    ),
  ),

  /** INSTR(text, part[, position[, occurrence]]): from 1; 0 where it does not occur, and for NULL. */
  INSTR: overloaded(
    overload(["STRING", "STRING"], INTEGER, (value, part) => position(value, part, 1, 1)),
    overload(["STRING", "STRING", "INTEGER"], INTEGER, (value, part, from) =>
      orFail(() => position(value, part, from as number, 1))(from),
    ),
    overload(["STRING", "STRING", "INTEGER", "INTEGER"], INTEGER, (value, part, from, nth) =>
      orFail(() => position(value, part, from as number, nth as number))(from, nth),
    ),
  ),

  /** MASK(text[, upper, lower, digit, other]): each letter, digit and other character by its mask; NULL keeps it. */
  MASK: (args) => resolve(masks, args),
} satisfies Record<string, ScalarFunction>;

const masks = [
  overload(
    ["STRING"],
    STRING,
    unlessNull((value: string) => mask(value, "X", "x", "n", "-")),
  ),
  overload(["STRING", "STRING", "STRING", "STRING", "STRING"], STRING, (value, ...by) => {
    const invalid = by.find((one) => one !== null && (one as string).length !== 1);
    if (invalid !== undefined) throw new Error("MASK: a mask must be one character");
    const [upper, lower, digit, other] = by as (string | null)[];
    return value === null ? null : mask(value as string, upper!, lower!, digit!, other!);
  }),
];

function ofText(evaluate: (value: string) => string): ScalarFunction {
  return overloaded(overload(["STRING"], STRING, unlessNull(evaluate)));
}

/** Characters whose kind or case is not the same in all releases of Java and Node that may run this. */
const newer =
  /[\u019b\u0264\u0295\u1c89\u1c8a\u2c2f\u2c5f\ua7c0-\ua7dc]|(?=[\u{10000}-\u{10ffff}])[\p{Lu}\p{Ll}\p{Nd}]/u;

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

/** To a length, cut off there; NULL for an empty padding or a negative length. */
function pad(padded: (value: string, length: number, padding: string) => string) {
  return unlessNull((value: string, length: number, padding: string) =>
    padding === "" || length < 0 ? null : padded(value, length, padding).slice(0, length),
  );
}

/** Occurrences may overlap. A negative position looks from there, counted from the end, towards the start. */
function position(value: Value, part: Value, from: number, nth: number): number {
  if (value === null || part === null) return 0;
  const [whole, wanted] = [value as string, part as string];
  if (from === 0 || Math.abs(from) > whole.length) return 0;
  if (from > 0) {
    const found = ordinalIndexOf(whole.slice(from - 1), wanted, nth);
    return found < 0 ? 0 : found + from;
  }
  const found = ordinalIndexOf(reverse(whole).slice(-from - 1), reverse(wanted), nth);
  return found < 0 ? 0 : whole.length + from - found - wanted.length + 2;
}

function ordinalIndexOf(value: string, part: string, nth: number): number {
  if (nth <= 0) return -1;
  if (part === "") return 0;
  let found = -1;
  for (let i = 0; i < nth; i++) {
    found = value.indexOf(part, found + 1);
    if (found < 0) return -1;
  }
  return found;
}

function reverse(value: string): string {
  return Array.from(value).toReversed().join("");
}

/** ksqlDB goes unit by unit: behind a character of two units its second one is masked once more, as another. */
function mask(value: string, upper: string | null, lower: string | null, digit: string | null, other: string | null) {
  certain(value);
  let masked = "";
  for (let i = 0; i < value.length; i++) {
    const character = String.fromCodePoint(value.codePointAt(i)!);
    masked += maskFor(character) ?? character;
  }
  return masked;

  function maskFor(character: string): string | null {
    if (/\p{Lu}/u.test(character)) return upper;
    if (/\p{Ll}/u.test(character)) return lower;
    return /\p{Nd}/u.test(character) ? digit : other;
  }
}
