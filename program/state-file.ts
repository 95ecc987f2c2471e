/** Small files that must survive a crash: they are written beside their place and renamed into it. Most are JSON. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "./command.ts";

/**
 * What a file holds; undefined where there is none. Throws UserError, with the cure, for one that is empty or broken;
 * `isValid` is only asked about objects and arrays.
 */
export function readState<T>(path: string, isValid: (value: unknown) => value is T, cure: string): T | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  if (text.trim() === "") throw new UserError(`${path} is empty. ${cure}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // What JSON.parse says shows parts of the text, which may be secret.
    throw new UserError(`${path} is broken (it is no JSON). ${cure}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || !isValid(value))
    throw new UserError(`${path} is broken (it does not hold what it should). ${cure}`);
  return value;
}

/** Replaces a file with a value as JSON. */
export function writeState(path: string, value: object, mode?: number): void {
  replaceFile(path, `${JSON.stringify(value, undefined, 1)}\n`, mode);
}

/** Replaces a file whole: a crash leaves the old one or the new one. */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o666): void {
  // One that a crash has left would keep its mode.
  rmSync(`${path}.new`, { force: true });
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
}
