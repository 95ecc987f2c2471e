/** JSON from outside, taken for what it should be: nothing where it is something else. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "./command.ts";

export type Json = Readonly<Record<string, unknown>>;

/** An object or a list of a text; undefined where it is neither, or not JSON. */
export function parseJson(json: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const objects = (value: unknown): Json[] =>
  list(value).filter((item): item is Json => typeof item === "object" && item !== null);
export const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

/** The content of a JSON file of this project. Throws UserError, with the file's name, where it is missing or not JSON. */
export function readJsonFile(file: URL): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const name = relative(fileURLToPath(new URL("..", import.meta.url)), fileURLToPath(file));
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new UserError(`${name}: ${reason}. Fix it, or restore it: git checkout -- ${name}`, { cause: error });
  }
}
