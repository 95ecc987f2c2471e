/**
 * Configuration, read once at the edge: a variable comes from the process's environment, otherwise from `.env` in the working
 * directory, otherwise its declared default counts. All faults are reported at once. `template.env` lists every variable.
 */
import { existsSync, readFileSync } from "node:fs";
import { UserError } from "./command.ts";
import { misspelt, readEnvFile } from "./env-file.ts";
import { type Setting, valueOf, type ValueOf } from "./forms.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Declared variables by name. */
export type Settings = Readonly<Record<string, Setting>>;

export class Environment {
  readonly #variables: Variables;
  readonly #faults: string[] = [];

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** The text of a variable as it is set; undefined if it is not set, or empty. */
  text(name: string): string | undefined {
    return this.#variables[name]?.trim() || undefined;
  }

  /** The values of declared variables, by name; what is wrong with them are faults, and their values undefined. */
  read<const S extends Settings>(settings: S): { readonly [K in keyof S]: ValueOf<S[K]> } {
    const fault = (text: string) => this.fault(text);
    const values = Object.entries(settings).map(([name, setting]) => [
      name,
      valueOf(name, setting, this.text(name), fault),
    ]);
    return Object.fromEntries(values) as { readonly [K in keyof S]: ValueOf<S[K]> };
  }

  /** The text of a declared variable; a fault, and empty, if it is not set. */
  required<const S extends Settings>(settings: S, name: keyof S & string): string {
    const text = this.text(name);
    if (text === undefined) this.fault(`${name} is not set: ${settings[name]!.doc}`);
    return text ?? "";
  }

  fault(text: string): void {
    this.#faults.push(text);
  }

  /** Throws UserError with all that is wrong, if anything is. */
  check(): void {
    if (this.#faults.length === 0) return;
    const faults = this.#faults.map((fault) => `\n  ${fault}`).join("");
    throw new UserError(
      `the configuration cannot be used:${faults}\ntemplate.env explains every variable; set them in .env, a copy of it, or in the environment.`,
    );
  }
}

/** The variables that template.env explains. */
export function knownVariables(): readonly string[] {
  const template = readFileSync(new URL("../template.env", import.meta.url), "utf8");
  return [...template.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);
}

function readOwn(): string {
  try {
    return readFileSync(".env", "utf8");
  } catch (error) {
    throw new UserError(`.env cannot be read (${(error as NodeJS.ErrnoException).code}): it must be a readable file.`, {
      cause: error,
    });
  }
}

export function readEnvironment(): Environment {
  const known = knownVariables();
  const own = readEnvFile(existsSync(".env") ? readOwn() : "", known);
  // A variable that is set to nothing is not set.
  const set = Object.fromEntries(Object.entries(process.env).filter(([, text]) => text !== ""));
  const environment = new Environment({ ...own.variables, ...set });
  // Only names that no other program is likely to use.
  const alike = Object.keys(process.env).filter((name) => name.startsWith("TAPELINE_"));
  for (const fault of [...own.faults, ...misspelt("the environment", alike, known)]) environment.fault(fault);
  return environment;
}
