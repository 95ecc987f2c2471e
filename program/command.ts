/** What every command promises: strict options, `--help`, one clear message for a fault of the user's, and exit codes. */
import { closeSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { parseArgs, type ParseArgsConfig } from "node:util";

/** A fault that its reader can mend: the message names the thing, the place and the cure. Printed without a stack. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** A command line that was not understood: exit code 2. */
export class UsageError extends UserError {}

const secrets = new Set<string>();

/** Remembers a secret, so that `redact` takes it out of whatever is printed; returns it. */
export function secret(text: string): string {
  // As JSON and URLs write it too. What is shorter than four letters would black out half of any text.
  if (text.length >= 4)
    for (const form of [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)]) secrets.add(form);
  return text;
}

/** A text without the secrets that this process knows. */
export function redact(text: string): string {
  for (const known of secrets) text = text.replaceAll(known, "[secret]");
  return text;
}

/**
 * The options and words of a command line. Throws UsageError on anything that `options` does not name, on an option that is
 * empty, and on one that is given twice where once is meant: nothing that was typed is dropped in silence.
 */
export function parseCommand<const T extends NonNullable<ParseArgsConfig["options"]>>(
  options: T,
  argv = process.argv.slice(2),
) {
  const config = {
    args: argv,
    options: { ...options, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
    strict: true,
    tokens: true,
  } as const;
  let parsed: ReturnType<typeof parseArgs<typeof config>>;
  try {
    parsed = parseArgs(config);
  } catch (error) {
    throw new UsageError(`${whyNot(error as Error, argv)}. Try --help.`, { cause: error });
  }
  const given = new Set<string>();
  for (const token of parsed.tokens) {
    if (token.kind !== "option" || token.value === undefined) continue;
    const name = token.name.length === 1 ? `-${token.name}` : `--${token.name}`;
    if (token.value === "") throw new UsageError(`${name} is empty: leave it out, or give it a value. Try --help.`);
    if (given.has(name) && options[token.name]?.multiple !== true)
      throw new UsageError(`${name} is given twice, and only one could count. Try --help.`);
    given.add(name);
  }
  return parsed;
}

/** What is wrong with a command line. An option that is none is named where it looks like one, else by its place. */
function whyNot(error: Error, argv: readonly string[]): string {
  const [message = ""] = error.message.split(/\. To specify|\.?\n/);
  const unknown = /^Unknown option '(.*)'/.exec(message)?.[1];
  if (unknown === undefined || /^--?[a-z]+(-[a-z]+)*$/.test(unknown)) return message;
  const at = argv.findIndex((word) => word.startsWith(unknown));
  return `Unknown option, argument ${at + 1} (not shown, in case it is a key)`;
}

/** The fault of a word that a command does not take, by its index. It is named by its place: it may be a key that was pasted. */
export function notUnderstood(index: number): UsageError {
  return new UsageError(`word ${index + 1} is not understood (not shown, in case it is a key). Try --help.`);
}

/**
 * Runs a command to its exit code: 0, 1 for a fault that the message explains, 2 for a command line not understood.
 * A fault of the file system names its path and its reason, and counts as explained. A fault that nobody foresaw keeps
 * its stack and exits 70.
 */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    // The terminal is gone: its SIGHUP ends the command, which may still have something to store.
    if (code === "EIO") return;
    // A reader such as `head` that closes the pipe has seen enough: no fault, unless there was one before.
    process.exit(code === "EPIPE" ? process.exitCode : 1);
  });
  // Whoever stops listening to the talk does not stop the work.
  process.stderr.on("error", () => {});
  try {
    await main();
  } catch (error) {
    const explained = error instanceof UserError || (error instanceof Error && "syscall" in error);
    process.exitCode = error instanceof UsageError ? 2 : explained ? 1 : 70;
    process.stderr.write(`${redact(explained ? error.message : String((error as Error).stack))}\n`);
  }
}

/** Asks whoever sits there, who does it with yes and nothing else. Where nobody does the answer is no. */
export async function agrees(question: string): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Without an answer the input has ended.
    const ended = new Promise<string>((resolve) => asking.once("close", () => resolve("")));
    return (await Promise.race([asking.question(`\n${question} Only yes does it: `), ended])) === "yes";
  } finally {
    asking.close();
  }
}

/** A short plain word, a number, a number with its unit: what secrets hardly are. */
const plain = /^([A-Za-z]{1,16}|\d{1,10}|\d{1,5}[a-z]{1,2}|)$/;

/**
 * A value as a message may show it: as it is where it is of a few plain words and numbers, or a time; else by its length
 * alone, since it may be a secret. For values whose place the message names; words without one are not to be shown at all.
 */
export function shown(text: string): string {
  const isPlain = text.length <= 40 && text.split(/[-_./:,*@ ]/).every((part) => plain.test(part));
  return isPlain || /^[\dTZ:. +-]{1,40}$/.test(text) ? text : `a text of ${text.length} letters (not shown)`;
}

/** A path as a message may show it: one that looks like a path. */
export function shownPath(text: string): string {
  const isPath = /^[^@=+]*\.[a-z]{2,6}$|^(~|\.{1,2})?\/[^@=+]*$/.test(text) && !text.includes("://");
  return isPath ? text : shown(text);
}

/** A word as a shell reads it back: in quotes where it must. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** `--data` as a hint names it, with a space before it; nothing where the directory is the default. */
export function dataOption(dir: string): string {
  return dir === ".tapeline" ? "" : ` --data${dir.startsWith("-") ? "=" : " "}${shellWord(dir)}`;
}

/** The word that another most likely stands for; undefined where none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const distances = words.map((other) => ({ other, distance: distance(word.toUpperCase(), other.toUpperCase()) }));
  const [first] = distances.toSorted((a, b) => a.distance - b.distance);
  return first !== undefined && first.distance <= Math.max(1, Math.floor(word.length / 3)) ? first.other : undefined;
}

/** How many letters are to be put in, taken out, changed, or exchanged with the next, to make one word of another. */
export function distance(one: string, other: string): number {
  let [before, row] = [[] as number[], Array.from({ length: other.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      const isTurned = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      next[j] = Math.min(
        row[j]! + 1,
        next[j - 1]! + 1,
        row[j - 1]! + (isSame ? 0 : 1),
        isTurned ? before[j - 2]! + 1 : Infinity,
      );
    }
    [before, row] = [row, next];
  }
  return row[other.length]!;
}

/** The longest duration: 24 days, as long as a timer can wait, in milliseconds. */
export const longestMs = 24 * 24 * 3_600_000;

/** Milliseconds of a duration as 500ms, 30s, 5m or 1h. */
export function parseDuration(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ""];
  if (match === null || factor === undefined || Number(match[1]) * factor > longestMs)
    throw new UsageError(
      `${option} ${shown(text)}: a duration as 500ms, 30s, 5m or 1h is expected, of at most 24 days.`,
    );
  return Number(match[1]) * factor;
}

/** A whole number of an option. */
export function parseWhole(option: string, text: string, most: number, least = 1): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) < least || Number(text) > most)
    throw new UsageError(`${option} ${shown(text)}: a whole number from ${least} to ${most} is expected.`);
  return Number(text);
}

/** What asks a command to stop: Ctrl-C, a supervisor, and a terminal that is closed. */
export const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** So soon after one hang-up another is the same, in milliseconds. */
const sameHangUp = 250;

/**
 * Aborts after `duration` milliseconds, or at the first of `stopSignals`; the second ends the process at once.
 * `onInterrupt` is called at both.
 */
export function stopSignal(duration: number | undefined, onInterrupt: (again: boolean) => void): AbortSignal {
  const stop = new AbortController();
  let hungUp = Number.NEGATIVE_INFINITY;
  const interrupt = (signal: NodeJS.Signals) => {
    // Of a terminal that is closed the kernel tells, and the shell again.
    if (signal === "SIGHUP" && performance.now() - hungUp < sameHangUp) return;
    if (signal === "SIGHUP") {
      hungUp = performance.now();
      process.once("exit", leaveTerminal);
    }
    onInterrupt(stop.signal.aborted);
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  for (const signal of stopSignals) process.on(signal, interrupt);
  if (duration !== undefined) setTimeout(() => stop.abort(), duration).unref();
  return stop.signal;
}

/** Node.js aborts at its end where it cannot set back a terminal that is gone; what is closed it does not try. */
function leaveTerminal(): void {
  for (const fd of [0, 1, 2])
    try {
      closeSync(fd);
    } catch {
      // It was closed before.
    }
}
