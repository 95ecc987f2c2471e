import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { relative } from "node:path";
import { UserError } from "./command.ts";

/** What a JSON file of this project holds. Throws UserError, with the file's name, where it is none. */
export function readJsonFile(file: URL): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const name = relative(fileURLToPath(new URL("..", import.meta.url)), fileURLToPath(file));
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new UserError(`${name}: ${reason}. Mend it, or take it back: git checkout -- ${name}`, { cause: error });
  }
}
