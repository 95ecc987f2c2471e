/** The statements of this folder, in the order of their numbers. */
import { readdirSync, readFileSync } from "node:fs";
import { analyse, type Analysis } from "./analysis/analyse.ts";

export function readStatements(): Analysis {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
  return analyse(
    files.map((name) => ({ file: `ksqldb/${name}`, text: readFileSync(new URL(name, import.meta.url), "utf8") })),
  );
}
