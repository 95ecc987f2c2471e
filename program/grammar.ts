/**
 * Parsers from grammars of Peggy. To compile one takes a tenth of a second or more at every start, so the compiled parser is kept
 * in the user's cache, under a hash of everything it is made from; without a writable cache it is compiled again.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { runInThisContext } from "node:vm";
import type peggy from "peggy";

/** The parser of a grammar file. `cache`: whether it remembers results, which backtracking over nested rules needs. */
export function parserOf(file: URL, cache: boolean): peggy.Parser {
  const require = createRequire(import.meta.url);
  const grammar = readFileSync(file, "utf8");
  const { version } = require("peggy/package.json") as { version: string };
  const hash = createHash("sha256")
    .update(JSON.stringify([version, cache, grammar]))
    .digest("hex");
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tapeline", "parsers");
  const kept = join(folder, `${hash}.js`);
  try {
    const parser = runInThisContext(readFileSync(kept, "utf8")) as peggy.Parser | undefined;
    if (parser !== undefined) return parser;
  } catch {
    // Missing, unreadable or damaged.
  }
  const source = (require("peggy") as typeof peggy).generate(grammar, { cache, output: "source" });
  const draft = `${kept}.${process.pid}`;
  attempt(() => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, source, { mode: 0o600 });
    renameSync(draft, kept);
  });
  attempt(() => rmSync(draft, { force: true }));
  return runInThisContext(source) as peggy.Parser;
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The next start compiles the grammar again.
  }
}
