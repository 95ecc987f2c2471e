/** What every room says to people: its faults, without secrets, in words that can be copied back; and when it is to stop. */
import { closeSync } from "node:fs";
import { createInterface } from "node:readline/promises";

/** A fault that its reader can fix: the message names the thing, the place and the fix. Printed without a stack. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** A command line that is not understood: exit code 2. */
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

/** Asks the user, who agrees with yes and nothing else. Without a user the answer is no. */
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
 * A value as a message may show it: as it is if it consists of a few plain words and numbers, or is a time; otherwise by its
 * length alone, because it may be a secret. For values whose place the message names; others are not to be shown at all.
 */
export function shown(text: string): string {
  const isPlain = text.length <= 40 && text.split(/[-_./:,*@ ]/).every((part) => plain.test(part));
  return isPlain || /^[\dTZ:. +-]{1,40}$/.test(text) ? text : `a text of ${text.length} letters (not shown)`;
}

/** A path as a message may show it: in full if it looks like a path. */
export function shownPath(text: string): string {
  const isPath = /^[^@=+]*\.[a-z]{2,6}$|^(~|\.{1,2})?\/[^@=+]*$/.test(text) && !text.includes("://");
  return isPath ? text : shown(text);
}

/** A word as a shell reads it back: in quotes where it must. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** `--data` as a hint names it, with a space before it; nothing for the default directory. */
export function dataOption(dir: string): string {
  return dir === ".tapeline" ? "" : ` --data${dir.startsWith("-") ? "=" : " "}${shellWord(dir)}`;
}

/** The word that a misspelt one most likely means; undefined if none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const distances = words.map((other) => ({ other, distance: distance(word.toUpperCase(), other.toUpperCase()) }));
  const [first] = distances.toSorted((a, b) => a.distance - b.distance);
  return first !== undefined && first.distance <= Math.max(1, Math.floor(word.length / 3)) ? first.other : undefined;
}

/** How many letters must be inserted, deleted, replaced or swapped with the next to turn one word into another. */
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

/** What asks a command to stop: Ctrl-C, a supervisor, and a terminal that is closed. */
export const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A second hang-up this soon after the first is the same one, in milliseconds. */
const sameHangUp = 250;

/**
 * Aborts after `duration` milliseconds, or at the first of `stopSignals`; the second ends the process at once.
 * `onInterrupt` is called at both.
 */
export function stopSignal(duration: number | undefined, onInterrupt: (again: boolean) => void): AbortSignal {
  const stop = new AbortController();
  let hungUp = Number.NEGATIVE_INFINITY;
  const interrupt = (signal: NodeJS.Signals) => {
    // The kernel reports a closed terminal, and the shell does again.
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

/** Node.js aborts at exit if it cannot restore a terminal that is gone; it does not try one that is closed. */
function leaveTerminal(): void {
  for (const fd of [0, 1, 2])
    try {
      closeSync(fd);
    } catch {
      // It was closed before.
    }
}
