/**
 * Configuration, read once at the edge: a variable comes from the process's environment, else from `.env` in the working
 * directory, else from `template.env`, which lists every variable with its default. All faults are told at once.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { secret, UserError } from "./command.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export class Environment {
  readonly #variables: Variables;
  readonly #faults: string[] = [];

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** The text of a variable; undefined where it is not set, or empty. */
  text(name: string): string | undefined {
    return this.#variables[name]?.trim() || undefined;
  }

  /** A variable that must be set; `what` says what it is, for whoever has to set it. */
  required(name: string, what: string): string {
    const text = this.text(name);
    if (text === undefined) this.fault(`${name} is not set: ${what}`);
    return text ?? "";
  }

  /** A variable that is never printed. */
  secret(name: string): string | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : secret(text);
  }

  choice<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined || (choices as readonly string[]).includes(text)) return text as T | undefined;
    this.fault(`${name} is ${text}: one of ${choices.join(", ")} is expected`);
    return undefined;
  }

  /** A whole number; what is wrong with it is a fault, and `least` is returned. */
  whole(name: string, least: number, most: number): number {
    const text = this.text(name) ?? "";
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    this.fault(`${name} is ${text || "not set"}: a whole number from ${least} to ${most} is expected`);
    return least;
  }

  fault(text: string): void {
    this.#faults.push(text);
  }

  /** Throws UserError with all that is wrong, if anything is. */
  check(): void {
    if (this.#faults.length === 0) return;
    const faults = this.#faults.map((fault) => `\n  ${fault}`).join("");
    throw new UserError(
      `the configuration can not be used:${faults}\ntemplate.env explains every variable; set them in .env, a copy of it, or in the environment.`,
    );
  }
}

function readTemplate(): string {
  return readFileSync(new URL("template.env", import.meta.url), "utf8");
}

const namesIn = (template: string) => [...template.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);

/** The variables that template.env explains, set or not. */
export function knownVariables(): ReadonlySet<string> {
  return new Set(namesIn(readTemplate()));
}

export function readEnvironment(): Environment {
  const template = readTemplate();
  // Some editors of Windows begin a file with a mark that is part of no name.
  const file = existsSync(".env") ? readFileSync(".env", "utf8").replace(/^\uFEFF/, "") : "";
  const all = parseEnv(file);
  // A quote that is not closed takes the next lines for its value, which a fault would print.
  const open = Object.keys(all).filter((name) => /\n\s*(export\s+)?\w+\s*=/.test(all[name]!));
  const own = Object.fromEntries(Object.entries(all).filter(([name]) => !open.includes(name)));
  // A variable that is set to nothing is not set.
  const set = (variables: Variables) => Object.fromEntries(Object.entries(variables).filter(([, text]) => text !== ""));
  const environment = new Environment({ ...parseEnv(template), ...set(own), ...set(process.env) });
  const known = namesIn(template);
  const look = (place: string, names: readonly string[]) => {
    for (const name of names.filter((one) => !known.includes(one))) {
      const meant = known.find((other) => isMeant(name, other));
      if (meant !== undefined) environment.fault(`${place} sets ${name}, which nothing reads: ${meant} is meant?`);
    }
  };
  look(".env", Object.keys(own).filter(isName));
  // Of everybody's variables those that are hardly somebody else's.
  look(
    "the environment",
    Object.keys(process.env).filter((name) => name.startsWith("TAPELINE_")),
  );
  for (const name of open.filter(isName))
    environment.fault(`.env: ${name} goes on over lines that set others: is a quote not closed?`);
  for (const fault of unread(file, known)) environment.fault(fault);
  return environment;
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
