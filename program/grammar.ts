/**
 * Parsers from grammars of Peggy. To compile one takes a tenth of a second or more at every start, so the compiled parser is kept
 * in the user's cache, under a hash of everything it is made from; without a writable cache it is compiled again.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
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
  const kept = attempt(() => join(cacheFolder(), `${hash}.js`));
  const parser = attempt(() =>
    isOwn(kept!) ? (runInThisContext(readFileSync(kept!, "utf8")) as peggy.Parser) : undefined,
  );
  if (typeof parser?.parse === "function") return parser;
  const source = (require("peggy") as typeof peggy).generate(grammar, { cache, output: "source" });
  const draft = `${kept}.${process.pid}`;
  attempt(() => {
    mkdirSync(dirname(kept!), { recursive: true, mode: 0o700 });
    writeFileSync(draft, source, { mode: 0o600 });
    renameSync(draft, kept!);
  });
  attempt(() => rmSync(draft, { force: true }));
  return runInThisContext(source) as peggy.Parser;
}

/** Throws where the user has no home directory. A relative XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification). */
function cacheFolder(): string {
  const xdg = process.env["XDG_CACHE_HOME"] ?? "";
  return join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "tapeline", "parsers");
}

/** Whether no one else can have written a file: what is in it is executed. */
function isOwn(file: string): boolean {
  const { uid, mode } = statSync(file);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

/** What `work` returns; undefined where it throws: the grammar is then compiled. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
