/** `.env`: its variables, and what in it would be dropped in silence. Nothing of it that may be a secret is told. */
import { parseEnv } from "node:util";

/** `known` are the names that programs read. */
export function readEnvFile(content: string, known: readonly string[]) {
  // Some editors of Windows begin a file with a mark that is part of no name.
  const file = content.replace(/^\uFEFF/, "");
  const all = Object.entries(parseEnv(file));
  // A quote that is not closed takes the next lines for its value, which a fault would print.
  const isOpen = ([, text]: [string, string | undefined]) => /\n\s*(export\s+)?\w+\s*=/.test(text!);
  const names = all.filter(isOpen).map(([name]) => name);
  const variables = Object.fromEntries(all.filter((entry) => !isOpen(entry)));
  const faults = [
    ...misspelt(".env", Object.keys(variables), known),
    ...names.filter(isName).map((name) => `.env: ${name} goes on over lines that set others: is a quote not closed?`),
    ...unread(file, known),
  ];
  return { variables, faults };
}

/** Faults of names that are none of the known ones, and near to one. */
export function misspelt(place: string, names: readonly string[], known: readonly string[]): string[] {
  return names
    .filter((name) => isName(name) && !known.includes(name))
    .flatMap((name) => {
      const meant = known.find((other) => isMeant(name, other));
      return meant === undefined ? [] : [`${place} sets ${name}, which nothing reads: ${meant} is meant?`];
    });
}

const isName = (text: string) => /^\w+$/.test(text);

/** Whether a name that is none stands for a variable: in small letters, cut off, or misspelt. */
function isMeant(name: string, known: string): boolean {
  const isCut = name.length > 4 && name.includes("_") && known.startsWith(name);
  return name.toUpperCase() === known || isCut || isMisspelt(name, known);
}

/** Lines that set nothing. What stands there may be a secret: a variable of ours alone is named. */
function unread(file: string, known: readonly string[]): string[] {
  // A value in quotes may go over several lines.
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

/** Whether a letter is missing, too much, another, or has changed places with the next. */
function isMisspelt(name: string, known: string): boolean {
  let start = 0;
  while (start < name.length && name[start] === known[start]) start++;
  const [rest, other] = [name.slice(start), known.slice(start)];
  const ways = [
    [rest.slice(1), other],
    [rest, other.slice(1)],
    [rest.slice(1), other.slice(1)],
    [`${rest[1]}${rest[0]}${rest.slice(2)}`, other],
  ];
  return name.length > 4 && ways.some(([one, two]) => one === two);
}
