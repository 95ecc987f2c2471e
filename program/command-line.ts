/** What every command promises: declared options, `--help`, one clear message for a fault of the user's, and exit codes. */
import { parseArgs } from "node:util";
import { redact, shellWord, shown, UsageError, UserError } from "./command.ts";
import { type Setting, anyText, valueOf, type ValueOf } from "./forms.ts";

/** A setting; or, without a form, a flag. */
export interface Option extends Partial<Setting> {
  readonly doc: string;
  /** As help names its value. */
  readonly value?: string;
  readonly short?: string;
  /** It may be given several times. */
  readonly isMany?: boolean;
  /** The first arguments that it is for; not given: all. */
  readonly of?: readonly string[];
}

type Options = Readonly<Record<string, Option>>;

type Value<O extends Option> = O extends { form: unknown }
  ? O extends { isMany: true }
    ? readonly NonNullable<ValueOf<O>>[]
    : ValueOf<O>
  : boolean;

export type Values<O extends Options> = { readonly [K in keyof O]: Value<O[K]> };

export interface Declaration<O extends Options> {
  /** The first lines of the help, and what a command line that is not understood is answered with. */
  readonly usage: string;
  /** Between usage and options. */
  readonly about?: string;
  readonly options: O;
  /** Between options and exit codes. */
  readonly notes?: string;
  /**
   * What may stand beside the options: `run NAME` is the word run and an argument, `[DIR]` one that may be missing, `…` any
   * number. Not given: nothing.
   */
  readonly lines?: readonly string[];
  /** Words that package.json puts before what was typed. */
  readonly own?: number;
  /** Exit codes with their meaning, beside the usual ones or in their place. */
  readonly exits?: Readonly<Record<number, string>>;
}

/** Where npm start keeps everything. */
export const dataSetting = { form: anyText, default: ".tapeline", doc: "The data directory." } as const;

/**
 * Runs a command to its exit code: 0, 1 for a fault that the message explains, 2 for a command line that is not understood,
 * 70, with a stack, for one that was not foreseen. A fault of the file system names its path and its reason, and counts as explained.
 * `main` gets the values of the options by name, and the arguments.
 */
export async function command<const O extends Options>(
  declaration: Declaration<O>,
  main: (values: Values<O>, args: readonly string[]) => Promise<void> | void,
): Promise<void> {
  await runCommand(async () => {
    const line = parseLine(declaration);
    if (line === "help") process.stdout.write(helpOf(declaration));
    else await main(line.values, line.args);
  });
}

/** Runs what needs no options. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    // The terminal is gone: its SIGHUP ends the command, which may still have something to store.
    if (code === "EIO") return;
    // A reader such as `head` that closes the pipe has seen enough: no fault, unless there was one before.
    process.exit(code === "EPIPE" ? process.exitCode : 1);
  });
  // A reader of the messages that goes away does not stop the work.
  process.stderr.on("error", () => {});
  try {
    await main();
  } catch (error) {
    const explained = error instanceof UserError || (error instanceof Error && "syscall" in error);
    process.exitCode = error instanceof UsageError ? 2 : explained ? 1 : 70;
    process.stderr.write(`${redact(explained ? error.message : String((error as Error).stack))}\n`);
  }
}

/**
 * The options and arguments of a command line, or the request for help. Throws UsageError on anything that is not declared,
 * on an option that is empty, given twice where once is meant, or does not have its form: nothing that was typed is dropped
 * in silence. Arguments that are not understood are named by their place: one may be a key that was pasted.
 */
export function parseLine<const O extends Options>(
  { usage, options, lines = [""], own = 0 }: Declaration<O>,
  argv: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): "help" | { readonly values: Values<O>; readonly args: readonly string[] } {
  const refuse = (what: string): never => {
    throw new UsageError(`${what}. Try --help.\n\n${usage.trim()}`);
  };
  const typed = argv.slice(own);
  const specs = Object.entries(options).map(([name, { form, short }]) => [
    name,
    { type: form === undefined ? "boolean" : "string", multiple: true, ...(short !== undefined && { short }) },
  ]);
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      options: {
        ...(Object.fromEntries(specs) as Record<string, { type: "string"; multiple: true }>),
        help: { type: "boolean", short: "h" },
      },
      allowPositionals: true,
      tokens: true,
    });
  } catch (error) {
    return refuse(whyNot(error as Error, typed));
  }
  if (parsed.values.help) return "help";
  const { positionals: args, tokens } = parsed;
  const hasOptions = tokens.some(({ kind }) => kind === "option");
  const swallowed = takenByNpm(options, args.slice(own), env, args[0]);
  if (swallowed !== undefined) refuse(swallowed);
  const misplaced = furthest(lines, args);
  const place = (index: number) => tokens.filter(({ kind }) => kind === "positional")[index]!.index + 1 - own;
  if (misplaced === args.length)
    refuse(args.length <= own ? "an argument is missing" : `an argument is missing after ${shown(args[0]!)}`);
  // The value of an option that npm took for an abbreviation of its own, such as --format.
  const hint = !hasOptions && env["npm_lifecycle_event"] !== undefined ? "; put -- before options" : "";
  if (misplaced !== undefined)
    refuse(`unexpected argument, number ${place(misplaced)} (not shown, in case it is a key)${hint}`);
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const given = (parsed.values as Record<string, string[] | undefined>)[name];
    const dashed = name.length === 1 ? `-${name}` : `--${name}`;
    const { form, isMany, of } = option;
    if (given?.includes("")) refuse(`${dashed} is empty: leave it out, or give it a value`);
    if (given !== undefined && of?.includes(args[0]!) === false)
      refuse(`${dashed} is not an option of ${shown(args[0] ?? "")}`);
    if (form !== undefined && isMany !== true && given !== undefined && given.length > 1)
      refuse(`${dashed} is given twice, and only one could count`);
    const read = (text?: string) => valueOf(dashed, option as Setting, text, refuse);
    values[name] = form === undefined ? given !== undefined : isMany ? (given ?? []).map(read) : read(given?.[0]);
  }
  return { values: values as Values<O>, args };
}

/** What is wrong with a command line. An option that is not one is named where it looks like one, otherwise by its place. */
function whyNot(error: Error, argv: readonly string[]): string {
  const [message = ""] = error.message.split(/\. To specify|\.?\n/);
  const unknown = /^Unknown option '(.*)'/.exec(message)?.[1];
  if (unknown === undefined || /^--?[a-z]+(-[a-z]+)*$/.test(unknown)) return message;
  const at = argv.findIndex((word) => word.startsWith(unknown));
  return `Unknown option, argument ${at + 1} (not shown, in case it is a key)`;
}

/** The index of the first argument that no line has, or the number of arguments where the best has more; undefined: one fits. */
function furthest(lines: readonly string[], args: readonly string[]): number | undefined {
  const ends = lines.map((line) => {
    const parts = line.split(" ").filter((part) => part !== "");
    const wrong = args.findIndex((arg, i) => {
      const part = parts[i] ?? (parts.at(-1)?.endsWith("…") ? "…" : undefined);
      return part === undefined || (/^[a-z]/.test(part) && part !== arg);
    });
    if (wrong !== -1) return wrong;
    return parts.slice(args.length).some((part) => !/^\[|…$/.test(part)) ? args.length : undefined;
  });
  return ends.includes(undefined) ? undefined : Math.max(...(ends as number[]));
}

/** Options that npm takes for abbreviations of its own. */
const abbreviated: Readonly<Record<string, (config: (name: string) => string | undefined) => boolean>> = {
  plan: (config) => ["parseable", "long", "all"].every((name) => config(name) === "true"),
  replace: (config) => /^(confluent|google|terraform)_/.test(config("replace_registry_host") ?? ""),
};

/** Options of npm itself: set in its own configuration, they say nothing about the command. */
const npms = ["yes", "json"];

/**
 * The message about an option that npm has kept for itself, since no -- stood before it: it sets npm_config_… to true, or to what
 * follows a =, and leaves a value that follows as an argument.
 */
function takenByNpm(
  options: Options,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  verb: string | undefined,
): string | undefined {
  const config = (name: string) => env[`npm_config_${name}`];
  const script = env["npm_lifecycle_event"];
  if (script === undefined) return undefined;
  const taken = Object.keys(options).filter((name) => {
    if (npms.includes(name) || options[name]!.of?.includes(verb ?? "") === false) return false;
    const isNegated = name.startsWith("no-") && config(name.slice(3)) === "";
    const isOwn = Boolean(config(name.replaceAll("-", "_")));
    return isNegated || isOwn || abbreviated[name]?.(config) === true;
  });
  const [first] = taken;
  if (first === undefined) return undefined;
  const words = taken.map((name) => {
    const value = config(name.replaceAll("-", "_"));
    const isApart = value === undefined || value === "true" || value === "";
    const given = isApart && taken.length === 1 ? args.at(-1) : isApart ? undefined : value;
    const isPlain = given !== undefined && shown(given) === given;
    return options[name]!.form === undefined ? `--${name}` : `--${name} ${isPlain ? shellWord(given) : "…"}`;
  });
  const run = script === "start" ? "npm start" : `npm run ${script}`;
  return `npm took --${first} for itself: put -- before the options: ${run} -- ${words.join(" ")}`;
}

const width = 120;

/** Words in lines of at most `width` letters, the first after `head`, the others below it. */
function wrapped(head: string, text: string, indent = head.length): string {
  const lines = [head];
  for (const word of text.trim().split(/\s+/)) {
    const line = `${lines.at(-1)!}${lines.at(-1)!.length > (lines.length === 1 ? head.length : indent) ? " " : ""}${word}`;
    if (line.length <= width) lines[lines.length - 1] = line;
    else lines.push(" ".repeat(indent) + word);
  }
  return lines.join("\n");
}

/** The text of `--help`. */
export function helpOf({ usage, about, options, notes, exits }: Declaration<Options>): string {
  const names = Object.entries(options).map(([name, { short }]) =>
    short === name ? `-${name}` : short === undefined ? `--${name}` : `-${short}, --${name}`,
  );
  const indent = Math.max(...names.map((name) => name.length)) + 5;
  const docs = Object.values(options).map(({ doc, default: usual }, i) =>
    wrapped(`  ${names[i]!}`.padEnd(indent), usual === undefined ? doc : `${doc} Default: ${usual}.`),
  );
  const codes = {
    0: "done",
    1: "a fault that the message explains",
    2: "an invalid command line",
    70: "an internal error, with its stack trace",
    ...exits,
  };
  const last = wrapped(
    "Exit codes: ",
    `${Object.entries(codes)
      .map(([code, what]) => `${code} ${what}`)
      .join("; ")}.`,
    0,
  );
  return `${[usage, about, docs.join("\n"), notes, last].flatMap((part) => part?.replace(/^\n+|\s+$/g, "") || []).join("\n\n")}\n`;
}
