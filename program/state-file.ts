/** Small files that must survive a crash: written beside their place and renamed into it. Most are JSON. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "./command.ts";
import { parseJson } from "./json.ts";

/**
 * The content of a file; undefined if there is none. Throws UserError, with the fix, if it is empty or damaged;
 * `isValid` is called with objects and arrays only.
 */
export function readState<T>(path: string, isValid: (value: unknown) => value is T, cure: string): T | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  if (text.trim() === "") throw new UserError(`${path} is empty. ${cure}`);
  // The message of JSON.parse would show parts of the text, which may be secret.
  const value = parseJson(text);
  if (value === undefined) throw new UserError(`${path} is damaged (it is not a JSON object or list). ${cure}`);
  if (!isValid(value)) throw new UserError(`${path} is damaged (it does not have the expected content). ${cure}`);
  return value;
}

/** Replaces a file with a value as JSON. */
export function writeState(path: string, value: object, mode?: number): void {
  replaceFile(path, `${JSON.stringify(value, undefined, 1)}\n`, mode);
}

/** Replaces a file whole: a crash leaves the old one or the new one. */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o666): void {
  // A file that a crash left behind would keep its mode.
  rmSync(`${path}.new`, { force: true });
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
}
