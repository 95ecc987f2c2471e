/**
 * TIMESTAMP and text: patterns of Java's DateTimeFormatter, and the one text form that a cast takes and gives.
 * https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html
 */
import { OutsideSubset } from "../functions/function.ts";
import { offsetOf, utc, type Zone } from "../functions/zone.ts";

export interface TimePattern {
  /**
   * Milliseconds since 1970, in UTC where the text has no offset. What the text does not have is that of 1970-01-01T00:00.
   * A day that its month does not have is its last. Throws where ksqlDB fails.
   */
  parse(text: string): number;
  format(ms: number, zone?: Zone): string;
}

type Field = "year" | "month" | "day" | "hour" | "minute" | "second" | "nano" | "offset";
type Fields = Partial<Record<Field, number>>;

interface Part {
  /** Reads into the fields; where the text goes on, or -1 where it does not fit. */
  parse(text: string, at: number, fields: Fields): number;
  format(moment: Required<Fields>): string;
}

const fieldOf: Readonly<Record<string, Field>> = {
  ...{ y: "year", M: "month", d: "day", H: "hour", m: "minute", s: "second", S: "nano" },
};

const formOfCasts = compilePattern("yyyy-MM-dd'T'HH:mm:ss.SSS");

/** A timestamp as a cast to STRING prints it. */
export function timestampText(ms: number): string {
  return dateOf(ms).toISOString().slice(0, -1);
}

/** Of a year with four digits: the texts of others have signs, or are of another era. */
function dateOf(ms: number): Date {
  const inside = ms >= -62135596800000 && ms < 253402300800000;
  if (!inside) throw new OutsideSubset(`the time ${ms}, which is not of the years 1 to 9999`);
  return new Date(ms);
}

/**
 * A text as a cast to TIMESTAMP reads it, a comparison with one, and with ROWTIME: a date or the start of one, or a date
 * and a time or the start of one, with at most three digits of a fraction, and an offset or Z.
 */
export function parsePartial(text: string): number {
  const split = text.indexOf("T");
  if (split < 0) return formOfCasts.parse(`${completeDate(text)}T00:00:00.000`);
  const rest = text.slice(split + 1);
  const sign = rest.includes("+") ? rest.indexOf("+") : rest.indexOf("-");
  const offset = sign < 0 ? 0 : offsetOf(rest.slice(sign));
  if (offset === undefined) throw new Error(`"${text}" has no offset of a time zone behind its time`);
  const time = (sign < 0 ? rest : rest.slice(0, sign)).replace(/Z$/, "");
  const local = formOfCasts.parse(`${text.slice(0, split)}T${time}${"00:00:00.000".slice(time.length)}`);
  return local - offset * 1000;
}

function completeDate(date: string): string {
  const parts = date.replace(/-+$/, "").split("-").length;
  return parts === 1 ? `${date}-01-01` : parts === 2 ? `${date}-01` : date;
}

/**
 * Throws an Error for a pattern that Java refuses: on a server every call fails. Throws OutsideSubset for any other than
 * these letters, as often as here, between quoted or other ASCII characters, and what is optional in [ ].
 */
export function compilePattern(pattern: string): TimePattern {
  const open: Part[][] = [[]];
  let outside: string | undefined;
  let numeral: Numeral | undefined;
  for (const [piece, letter, quoted] of pattern.matchAll(/([A-Za-z])\1*|'((?:[^']|'')*)'|[^]/g)) {
    if (/^(?:y|yy|yyyy|[MdHms]{1,2}|S{1,9})$/.test(piece)) addNumeral(letter!, piece.length);
    else if (/^(?:X{1,3}|Z{1,3})$/.test(piece)) add(newOffset(letter!, piece.length));
    else if (piece === "[") {
      numeral = undefined;
      open.push([]);
    } else if (piece === "]") close();
    else if ("{}#'".includes(piece)) throw invalid(piece);
    else if (letter !== undefined || /[^\0-\x7f]/.test(piece)) outside ??= piece;
    else add(newLiteral(quoted === "" ? "'" : (quoted?.replaceAll("''", "'") ?? piece)));
  }
  while (open.length > 1) close();
  if (outside !== undefined) throw new OutsideSubset(`${outside} in the pattern "${pattern}"`);
  return newPattern(open[0]!);

  function invalid(what: string): Error {
    return new Error(`"${pattern}" is no pattern: ${what}`);
  }

  function add(part: Part): void {
    open.at(-1)!.push(part);
    numeral = undefined;
  }

  /** Fixed widths right behind a numeral take their digits from its end. */
  function addNumeral(letter: string, least: number): void {
    const fixed = letter === "S" || least === 2;
    const next = { field: fieldOf[letter]!, least, most: fixed ? least : 19, behind: 0 };
    open.at(-1)!.push(newNumeral(next));
    if (numeral === undefined) numeral = next;
    else if (fixed) numeral.behind += least;
    else outside ??= `${letter} right behind another number`;
  }

  function close(): void {
    const parts = open.pop()!;
    if (open.length === 0) throw invalid("] without [");
    add(optional(parts));
  }
}

interface Numeral {
  readonly field: Field;
  readonly least: number;
  /** More than the least digits: signs are read too. A minus; a plus of a year, exactly where there are more than four. */
  readonly most: number;
  /** Digits that belong to what follows. */
  behind: number;
}

function newNumeral(numeral: Numeral): Part {
  const { field, least, most } = numeral;
  return {
    parse: (text, at, fields) => {
      const first = text[at];
      const signed = least < most && (first === "-" || (first === "+" && least === 4));
      const start = signed ? at + 1 : at;
      let end = start;
      while (end < start + most + numeral.behind && text[end]! >= "0" && text[end]! <= "9") end++;
      if (end - start < least) return -1;
      end = Math.max(start + least, end - numeral.behind);
      const value = valueOf(text.slice(start, end));
      if (first === "-" ? value === 0 : least === 4 && signed !== end - start > 4) return -1;
      return set(fields, field, first === "-" ? -value : value) ? end : -1;
    },
    format: (moment) => {
      const digits = String(moment[field]);
      if (field === "nano") return digits.padStart(9, "0").slice(0, least);
      return field === "year" && least === 2 ? digits.padStart(4, "0").slice(-2) : digits.padStart(least, "0");
    },
  };

  /** A year of two digits is of this century. */
  function valueOf(digits: string): number {
    if (field === "nano") return Number(digits.padEnd(9, "0"));
    return Number(digits) + (field === "year" && least === 2 ? 2000 : 0);
  }
}

/** In any case, as the parser is told to. */
function newLiteral(literal: string): Part {
  return { parse: (text, at) => (sameText(text, at, literal) ? at + literal.length : -1), format: () => literal };
}

function sameText(text: string, at: number, literal: string): boolean {
  for (let i = 0; i < literal.length; i++) {
    const [a = "", b] = [text[at + i], literal[i]!];
    // Java's lower case of one character is one character.
    if (a !== b && a.toUpperCase() !== b.toUpperCase() && a.toLowerCase()[0] !== b.toLowerCase()) return false;
  }
  return true;
}

/** An offset: ±hh and with X minutes if they are not 0, with XX and Z ±hhmm, with XXX ±hh:mm. */
function newOffset(letter: string, count: number): Part {
  const zero = letter === "X" ? "Z" : "+0000";
  const size = letter === "X" ? count : 2;
  const colon = size === 3 ? ":" : "";
  const form = new RegExp(`([+-])([0-5]\\d)(?:${colon}([0-5]\\d))${size === 1 ? "?" : ""}`, "y");
  return {
    parse: (text, at, fields) => {
      if (sameText(text, at, zero)) return set(fields, "offset", 0) ? at + zero.length : -1;
      form.lastIndex = at;
      const match = form.exec(text);
      if (match === null) return -1;
      const [all, sign, hours, minutes = 0] = match;
      if (Number(hours) > 23) throw new Error(`${all} is no offset`);
      const seconds = Number(hours) * 3600 + Number(minutes) * 60;
      return set(fields, "offset", sign === "-" ? -seconds : seconds) ? at + all.length : -1;
    },
    format: ({ offset }) => {
      if (offset === 0) return zero;
      const minutes = Math.abs(offset) / 60;
      const [hour, minute] = [Math.trunc(minutes / 60), minutes % 60].map((unit) => String(unit).padStart(2, "0"));
      return `${offset < 0 ? "-" : "+"}${hour}${size === 1 && minute === "00" ? "" : colon + minute}`;
    },
  };
}

/** Read if it is there, always written. */
function optional(parts: readonly Part[]): Part {
  return {
    parse: (text, at, fields) => {
      const inner = { ...fields };
      const end = parseAll(parts, text, at, inner);
      if (end < 0) return at;
      Object.assign(fields, inner);
      return end;
    },
    format: (moment) => parts.map((part) => part.format(moment)).join(""),
  };
}

function parseAll(parts: readonly Part[], text: string, at: number, fields: Fields): number {
  let position = at;
  for (const part of parts) {
    position = part.parse(text, position, fields);
    if (position < 0) return -1;
  }
  return position;
}

/** A field that was read before must have the same value. */
function set(fields: Fields, field: Field, value: number): boolean {
  fields[field] ??= value;
  return fields[field] === value;
}

function newPattern(parts: readonly Part[]): TimePattern {
  return {
    parse: (text) => {
      const fields: Fields = {};
      if (parseAll(parts, text, 0, fields) !== text.length) throw new Error(`"${text}" does not fit the pattern`);
      return resolve(fields);
    },
    format: (ms, zone = utc) => {
      const offset = zone(ms);
      const local = dateOf(ms + offset * 1000);
      const moment = {
        year: local.getUTCFullYear(),
        month: local.getUTCMonth() + 1,
        day: local.getUTCDate(),
        hour: local.getUTCHours(),
        minute: local.getUTCMinutes(),
        second: local.getUTCSeconds(),
        nano: local.getUTCMilliseconds() * 1e6,
        offset,
      };
      return parts.map((part) => part.format(moment)).join("");
    },
  };
}

const ranges: readonly [field: Field, least: number, most: number][] = [
  ["year", 1, Number.POSITIVE_INFINITY],
  ["month", 1, 12],
  ["day", 1, 31],
  ["hour", 0, 23],
  ["minute", 0, 59],
  ["second", 0, 59],
  ["offset", -64800, 64800],
];

function resolve(fields: Fields): number {
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, nano = 0, offset = 0 } = fields;
  if (hour === 24 && minute + second + nano === 0) throw new OutsideSubset("24:00, which may be the end of the day");
  for (const [field, least, most] of ranges) {
    const value = fields[field];
    if (value !== undefined && (value < least || value > most)) throw new Error(`${value} is no ${field}`);
  }
  const lastDay = new Date(0);
  lastDay.setUTCFullYear(year, month, 0);
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, Math.min(day, lastDay.getUTCDate()));
  const ms = local.setUTCHours(hour, minute, second, Math.trunc(nano / 1e6)) - offset * 1000;
  if (!(Math.abs(ms) <= 8.64e15)) throw new OutsideSubset(`the year ${year}`);
  return ms;
}
