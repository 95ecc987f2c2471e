/**
 * TIMESTAMP and text: patterns of Java's DateTimeFormatter, and the one text form that a cast takes and gives.
 * https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html
 */
import { OutsideSubset } from "../functions/function.ts";
import { fixedZone, offsetOf, utc, type Zone } from "../functions/zone.ts";

export interface TimePattern {
  /**
   * Milliseconds since 1970; the zone, UTC if absent, holds where the text has no offset. What the text does not have is
   * that of 1970-01-01T00:00. A day that its month does not have is its last. Throws where ksqlDB fails.
   */
  parse(text: string, zone?: Zone): number;
  format(ms: number, zone?: Zone): string;
}

type Field = "year" | "month" | "day" | "hour" | "minute" | "second" | "nano" | "offset";
type Fields = Partial<Record<Field, number>>;

interface Part {
  /** Reads into the fields; where the text goes on, or -1 where it does not fit. */
  parse(text: string, at: number, fields: Fields): number;
  format(moment: Required<Fields>): string;
}

/** Letters that no release of Java gives a meaning to. */
const unknownLetters = "bCfiIjJloPrRtTU";
/** The letters that are understood, and how many of each Java takes. */
const mostLetters: Readonly<Record<string, number>> = {
  y: 19,
  u: 19,
  M: 5,
  d: 2,
  H: 2,
  m: 2,
  s: 2,
  S: 9,
  X: 5,
  x: 5,
  Z: 5,
};
const fieldOf: Readonly<Record<string, Field>> = { M: "month", d: "day", H: "hour", m: "minute", s: "second" };

const formOfCasts = compilePattern("yyyy-MM-dd'T'HH:mm:ss.SSS");

/** A timestamp as a cast to STRING prints it. */
export function timestampText(ms: number): string {
  // Years of four digits, in the common case.
  if (ms >= -62135596800000 && ms < 253402300800000) return new Date(ms).toISOString().slice(0, -1);
  return formOfCasts.format(ms);
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
  return formOfCasts.parse(`${text.slice(0, split)}T${time}${"00:00:00.000".slice(time.length)}`, fixedZone(offset));
}

function completeDate(date: string): string {
  const parts = date.replace(/-+$/, "").split("-").length;
  return parts === 1 ? `${date}-01-01` : parts === 2 ? `${date}-01` : date;
}

/**
 * Throws an Error for a pattern that Java refuses: on a server every call fails. Throws OutsideSubset for one that Java
 * takes and this does not: names of months and days, hours to 12, weeks, quarters, names of zones.
 */
export function compilePattern(pattern: string): TimePattern {
  const open: { parts: Part[]; numeral: Digits | undefined }[] = [{ parts: [], numeral: undefined }];
  let outside: string | undefined;
  let years = "";
  for (const [piece, letter, quoted] of pattern.matchAll(/([A-Za-z])\1*|'((?:[^']|'')*)'|[^]/g)) {
    if (letter !== undefined) field(letter, piece.length);
    else if (quoted !== undefined) literal(quoted === "" ? "'" : quoted.replaceAll("''", "'"));
    else if (piece === "[") {
      open.at(-1)!.numeral = undefined;
      open.push({ parts: [], numeral: undefined });
    } else if (piece === "]") close();
    else if ("{}#'".includes(piece)) invalid(piece);
    else literal(piece);
  }
  while (open.length > 1) close();
  if (new Set(years).size > 1) outside ??= "y beside u";
  if (outside !== undefined) throw new OutsideSubset(`${outside} in the pattern "${pattern}"`);
  return newPattern(open[0]!.parts, years.startsWith("y"));

  function invalid(what: string): never {
    throw new Error(`"${pattern}" is no pattern: ${what}`);
  }

  function add(part: Part): void {
    open.at(-1)!.parts.push(part);
    open.at(-1)!.numeral = undefined;
  }

  function close(): void {
    if (open.length === 1) invalid("] without [");
    const { parts } = open.pop()!;
    if (parts.length > 0) add(optional(parts));
  }

  function literal(text: string): void {
    if (!/^[\0-\x7f]*$/.test(text)) outside ??= "a character beyond ASCII";
    add(newLiteral(text));
  }

  /** Fixed widths right behind a numeral take their digits from its end. */
  function numeral(part: Part, digits: Digits): void {
    const active = open.at(-1)!;
    if (active.numeral !== undefined && digits.sign === "none") active.numeral.behind += digits.most;
    else {
      // Java forgets what stood between.
      if (active.numeral !== undefined) active.numeral.behind = 0;
      active.numeral = digits;
    }
    active.parts.push(part);
  }

  function field(letter: string, count: number): void {
    const most = mostLetters[letter];
    if (most === undefined && !unknownLetters.includes(letter)) outside ??= `the letter ${letter}`;
    else if (most === undefined || count > most) invalid(letter.repeat(count));
    else if ("XxZ".includes(letter)) {
      if (letter === "Z" && count === 4) outside ??= "the name of an offset";
      add(newOffset(letter, count));
    } else if (letter === "S") numeral(newFraction(count), fixedDigits(count));
    else if (letter === "y" || letter === "u") {
      years += letter;
      // Java can not print them.
      if (count > 10) outside ??= `${count} letters ${letter}`;
      const digits = count === 2 ? fixedDigits(2) : newDigits(count, count < 4 ? "minus" : "beyond");
      numeral(newYear(digits, letter === "y", count === 2), digits);
    } else {
      if (count > 2) outside ??= "the name of a month";
      const digits = count === 2 ? fixedDigits(2) : newDigits(1, "minus");
      numeral(newNumeral(fieldOf[letter]!, digits), digits);
    }
  }
}

interface Digits {
  readonly least: number;
  readonly most: number;
  /** none: not even a minus; minus: only that; beyond: a plus too, exactly where there are more than the least digits. */
  readonly sign: "none" | "minus" | "beyond";
  /** Digits that belong to what follows. */
  behind: number;
}

function newDigits(least: number, sign: "minus" | "beyond"): Digits {
  return { least, most: 19, sign, behind: 0 };
}

function fixedDigits(count: number): Digits {
  return { least: count, most: count, sign: "none", behind: 0 };
}

function newNumeral(field: Field, digits: Digits): Part {
  return {
    parse: (text, at, fields) => parseNumeral(digits, text, at, (value) => set(fields, field, value)),
    format: (moment) => formatNumeral(digits, moment[field]),
  };
}

/** Of the era, or counted on below 1. Of two digits: from 2000 to 2099. */
function newYear(digits: Digits, ofEra: boolean, short: boolean): Part {
  return {
    parse: (text, at, fields) =>
      parseNumeral(digits, text, at, (value) => set(fields, "year", short ? 2000 + value : value)),
    format: ({ year }) => {
      const value = ofEra && year < 1 ? 1 - year : year;
      return formatNumeral(digits, short ? Math.abs(value) % 100 : value);
    },
  };
}

function parseNumeral(
  { least, most, sign, behind }: Digits,
  text: string,
  at: number,
  take: (value: number) => boolean,
): number {
  const first = text[at];
  const signed = first === "-" ? sign !== "none" : first === "+" && sign === "beyond";
  const start = signed ? at + 1 : at;
  let count = digitsAt(text, start, most + behind);
  if (count < least) return -1;
  if (behind > 0) count = Math.max(least, count - behind);
  const value = Number(text.slice(start, start + count));
  const negative = first === "-";
  if (negative && value === 0) return -1;
  if (!negative && sign === "beyond" && signed !== count > least) return -1;
  return take(negative ? -value : value) ? start + count : -1;
}

function formatNumeral({ least, most, sign }: Digits, value: number): string {
  const digits = String(Math.abs(value)).padStart(least, "0");
  if (digits.length > most) throw new Error(`${value} has more than ${most} digits`);
  if (value < 0) return `-${digits}`;
  return sign === "beyond" && digits.length > least ? `+${digits}` : digits;
}

function newFraction(width: number): Part {
  return {
    parse: (text, at, fields) => {
      if (digitsAt(text, at, width) < width) return -1;
      return set(fields, "nano", Number(text.slice(at, at + width).padEnd(9, "0"))) ? at + width : -1;
    },
    format: ({ nano }) => String(nano).padStart(9, "0").slice(0, width),
  };
}

/** In any case, as the parser is told to. */
function newLiteral(literal: string): Part {
  return { parse: (text, at) => (sameText(text, at, literal) ? at + literal.length : -1), format: () => literal };
}

function sameText(text: string, at: number, literal: string): boolean {
  if (at + literal.length > text.length) return false;
  for (let i = 0; i < literal.length; i++) {
    const [a, b] = [text[at + i]!, literal[i]!];
    if (a !== b && a.toUpperCase() !== b.toUpperCase() && lower(a) !== lower(b)) return false;
  }
  return true;
}

/** Java's lower case of one character is one character. */
function lower(character: string): string {
  return character === "İ" ? "i" : character.toLowerCase();
}

/** An offset: ±hh, minutes from the second letter on (of X and x; else if they are not 0), from the fourth seconds too. */
function newOffset(letter: string, count: number): Part {
  // Z, ZZ and ZZZ are as xx, ZZZZZ is as XXXXX.
  const size = letter === "Z" && count < 5 ? 2 : count;
  const colon = size === 3 || size === 5 ? ":" : "";
  const zero = letter === "X" || (letter === "Z" && size === 5) ? "Z" : size === 1 ? "+00" : `+00${colon}00`;
  const minutes = size === 1 ? "([0-5]\\d)?" : `${colon}([0-5]\\d)`;
  const form = new RegExp(`([+-])([0-5]\\d)${minutes}${size > 3 ? `(?:${colon}([0-5]\\d))?` : ""}`, "y");
  return {
    parse: (text, at, fields) => {
      if (sameText(text, at, zero)) return set(fields, "offset", 0) ? at + zero.length : -1;
      form.lastIndex = at;
      const match = form.exec(text);
      if (match === null) return -1;
      if (Number(match[2]) > 23) throw new Error(`${match[0]} is no offset`);
      const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
      return set(fields, "offset", match[1] === "-" ? -seconds : seconds) ? form.lastIndex : -1;
    },
    format: ({ offset }) => {
      const seconds = Math.abs(offset);
      const [hour, minute, second] = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60, seconds % 60];
      const withMinute = size > 1 || minute > 0;
      const withSecond = size > 3 && second > 0;
      if (hour === 0 && !(withMinute && minute > 0) && !withSecond) return zero;
      const units = [hour, ...(withMinute ? [minute] : []), ...(withSecond ? [second] : [])];
      return (offset < 0 ? "-" : "+") + units.map((unit) => String(unit).padStart(2, "0")).join(colon);
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
  if (fields[field] !== undefined) return fields[field] === value;
  fields[field] = value;
  return true;
}

function digitsAt(text: string, at: number, most: number): number {
  let count = 0;
  while (count < most) {
    const code = text.charCodeAt(at + count);
    if (!(code >= 48 && code <= 57)) break;
    count++;
  }
  return count;
}

function newPattern(parts: readonly Part[], ofEra: boolean): TimePattern {
  return {
    parse: (text, zone = utc) => {
      const fields: Fields = {};
      if (parseAll(parts, text, 0, fields) !== text.length) throw new Error(`"${text}" does not fit the pattern`);
      if (ofEra && fields.year !== undefined && fields.year < 1) throw new Error(`${fields.year} is no year`);
      return resolve(fields, zone);
    },
    format: (ms, zone = utc) => {
      const offset = zone.offsetAt(ms);
      const local = new Date(ms + offset * 1000);
      if (Number.isNaN(local.getTime())) throw new OutsideSubset(`the time ${ms}`);
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

const ranges = {
  month: [1, 12],
  day: [1, 31],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
  offset: [-64800, 64800],
} as const;

function resolve(fields: Fields, zone: Zone): number {
  const date = fields.year !== undefined && fields.month !== undefined && fields.day !== undefined;
  // 24:00 is the end of the day, if the day is known.
  const endOfDay = fields.hour === 24 && !fields.minute && !fields.second && !fields.nano && isTime(fields);
  if (endOfDay) fields.hour = 0;
  for (const [field, [least, most]] of Object.entries(ranges)) {
    const value = fields[field as Field];
    if (value !== undefined && (value < least || value > most)) throw new Error(`${value} is no ${field}`);
  }
  const offset = fields.offset ?? zone.fixed;
  // ksqlDB gets there by way of the same day of 1970, with the summer time of then.
  if (offset === undefined) throw new OutsideSubset("reading a local time of a zone with summer time");
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, nano = 0 } = fields;
  const lastDay = new Date(0);
  lastDay.setUTCFullYear(year, month, 0);
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, Math.min(day, lastDay.getUTCDate()) + (endOfDay && date ? 1 : 0));
  const ms = local.setUTCHours(hour, minute, second, Math.trunc(nano / 1e6)) - offset * 1000;
  if (!(Math.abs(ms) <= 8.64e15)) throw new OutsideSubset(`the year ${year}`);
  return ms;
}

/** Whether Java makes a time of it, which needs no unit missing between the largest and the smallest. */
function isTime({ minute, second, nano }: Fields): boolean {
  if (minute === undefined) return second === undefined && nano === undefined;
  return second !== undefined || nano === undefined;
}
