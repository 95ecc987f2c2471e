/** `.env`: its variables, and whatever in it would be ignored in silence. Nothing that may be a secret is shown. */
import { parseEnv } from "node:util";
import { distance } from "./command.ts";

/** `known` are the names that programs read. */
export function readEnvFile(content: string, known: readonly string[]) {
  // Some Windows editors begin a file with a byte-order mark.
  const file = content.replace(/^\uFEFF/, "");
  const all = Object.entries(parseEnv(file));
  // A quote that is not closed includes the next lines in its value, which a fault would print.
  const isOpen = ([, text]: [string, string | undefined]) => /\n\s*(export\s+)?\w+\s*=/.test(text!);
  const names = all.filter(isOpen).map(([name]) => name);
  const variables = Object.fromEntries(all.filter((entry) => !isOpen(entry)));
  const closed = assignments(file).filter(({ name }) => known.includes(name) && !names.includes(name));
  const faults = [
    ...misspelt(".env", Object.keys(variables), known),
    ...closed.flatMap(({ name, line, fault }) =>
      fault === undefined ? [] : [`.env, line ${line} (${name}): ${fault}`],
    ),
    ...setTwice(closed),
    ...names.filter(isName).map((name) => `.env: ${name} continues over lines that set others: is a quote not closed?`),
    ...unread(file, known),
  ];
  return { variables, faults };
}

interface Assignment {
  readonly name: string;
  readonly line: number;
  /** The intended value, before anything is cut. */
  readonly text: string;
  /** What parseEnv would do to it. */
  readonly fault: string | undefined;
}

/** Node takes every # in a text without quotes for the start of a comment; here it is one between spaces. */
const comment = /[ \t]#(?:[ \t][^\n]*)?$/;

/** The assignments: one with several lines between quotes is one. */
function assignments(file: string): Assignment[] {
  // Lines end at \n alone, as they do for Node.
  const lines =
    /(?<![^\n])[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=(?:[ \t]*(["'`])([^]*?)\2([^\n]*)|([^\n]*))(?![^\n])/g;
  let at = 0;
  let line = 1;
  return [...file.matchAll(lines)].map(
    ({ index, 0: all, 1: name = "", 2: quote, 3: inner = "", 4: rest = "", 5: bare = "" }) => {
      line += file.slice(at, index).split("\n").length - 1;
      at = index;
      const text = quote === undefined ? bare.trimEnd().replace(comment, "").trim() : inner;
      const fault =
        quote === undefined ? faultOfBare(text, parseEnv(`${all}\n`)[name]) : faultOfQuoted(inner, rest.trimEnd());
      return { name, line, text, fault };
    },
  );
}

function faultOfBare(text: string, parsed: string | undefined): string | undefined {
  if (text.includes("#")) return "its value would be cut at a #. Put it in quotes; a # between spaces begins a comment";
  if (/^["'`]/.test(text)) return "its value begins with a quote that is not closed";
  return parsed?.trim() === text ? undefined : "its value would be cut. Put it in quotes";
}

function faultOfQuoted(inner: string, rest: string): string | undefined {
  if (rest.replace(comment, "").trim() !== "")
    return "what follows the closing quote would be ignored. Put the value in quotes that it does not contain";
  return inner.trim() === inner ? undefined : "spaces at the ends of its value would be ignored. Remove them";
}

/** Of a variable that is set twice one value would be ignored. */
function setTwice(all: readonly Assignment[]): string[] {
  const first = new Map<string, Assignment>();
  return all.flatMap((one) => {
    const before = first.get(one.name);
    if (before === undefined && one.text !== "") first.set(one.name, one);
    return before === undefined || before.text === one.text
      ? []
      : [`.env sets ${one.name} in line ${before.line}, and differently in line ${one.line}: remove one`];
  });
}

/** Faults of names that are not known, and close to one that is. */
export function misspelt(place: string, names: readonly string[], known: readonly string[]): string[] {
  return names
    .filter((name) => isName(name) && !known.includes(name))
    .flatMap((name) => {
      const meant = known.find((other) => isMeant(name, other));
      return meant === undefined ? [] : [`${place} sets ${name}, which nothing reads: did you mean ${meant}?`];
    });
}

const isName = (text: string) => /^\w+$/.test(text);

/** Whether an unknown name means a variable: in small letters, cut off, or misspelt. */
function isMeant(name: string, known: string): boolean {
  const isCut = name.length > 4 && name.includes("_") && known.startsWith(name);
  const isMisspelt = name.length > 4 && distance(name, known) === 1;
  return name.toUpperCase() === known || isCut || isMisspelt;
}

/** Lines that set nothing. Their text may be a secret: only a known variable is named. */
function unread(file: string, known: readonly string[]): string[] {
  // A value in quotes may span several lines.
  const lines = file
    .replace(/^ *(?:export )?[\w.-]+ *= *(["'`])[^]*?\1/gm, (set) => `x=${"\n".repeat(set.split("\n").length - 1)}`)
    .split("\n");
  return lines.flatMap((line, i) => {
    const isSet = /^\s*(#|$)|^ *(export )?[\w.-]+ *=/.test(line);
    const named = known.find((name) => line.trim().startsWith(name));
    return isSet
      ? []
      : [`.env, line ${i + 1}${named === undefined ? "" : ` (${named})`}, sets nothing: NAME=value is expected`];
  });
}
