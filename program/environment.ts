/**
 * Configuration, read once at the edge: a variable comes from the process's environment, else from `.env` in the working
 * directory, else from `template.env`, which lists every variable with its default. All faults are told at once.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { secret, UserError, shown } from "./command.ts";
import { misspelt, readEnvFile } from "./env-file.ts";

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
    this.fault(`${name} is ${shown(text)}: one of ${choices.join(", ")} is expected`);
    return undefined;
  }

  /** A whole number; what is wrong with it is a fault, and `least` is returned. */
  whole(name: string, least: number, most: number): number {
    const text = this.text(name) ?? "";
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    this.fault(
      `${name} is ${text === "" ? "not set" : shown(text)}: a whole number from ${least} to ${most} is expected`,
    );
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
  return readFileSync(new URL("../template.env", import.meta.url), "utf8");
}

const namesIn = (template: string) => [...template.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);

/** The variables that template.env explains, set or not. */
export function knownVariables(): ReadonlySet<string> {
  return new Set(namesIn(readTemplate()));
}

function readOwn(): string {
  try {
    return readFileSync(".env", "utf8");
  } catch (error) {
    throw new UserError(
      `.env cannot be read (${(error as NodeJS.ErrnoException).code}): it must be a file that you may read.`,
      {
        cause: error,
      },
    );
  }
}

export function readEnvironment(): Environment {
  const template = readTemplate();
  const known = namesIn(template);
  const own = readEnvFile(existsSync(".env") ? readOwn() : "", known);
  // A variable that is set to nothing is not set.
  const set = (variables: Variables) => Object.fromEntries(Object.entries(variables).filter(([, text]) => text !== ""));
  const environment = new Environment({ ...parseEnv(template), ...set(own.variables), ...set(process.env) });
  // Of everybody's variables those that are hardly somebody else's.
  const alike = Object.keys(process.env).filter((name) => name.startsWith("TAPELINE_"));
  for (const fault of [...own.faults, ...misspelt("the environment", alike, known)]) environment.fault(fault);
  return environment;
}
