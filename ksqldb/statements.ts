/** The statements of this folder, in the order of their numbers. */
import { readdirSync, readFileSync } from "node:fs";
import { analyse, type Analysis } from "../engine/analysis/analyse.ts";
import type { Script } from "../engine/analysis/query.ts";

export function readScripts(): Script[] {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
  return files.map((name) => ({
    file: `ksqldb/${name}`,
    text: readFileSync(new URL(name, import.meta.url), "utf8"),
  }));
}

export function readStatements(): Analysis {
  return analyse(readScripts());
}
