/** A data directory: the kind of source that fills it, and checks that it is complete and still exists. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../program/command.ts";
import type { Log } from "../topics/log/log.ts";
import { schemasCure } from "../topics/log/schema-store.ts";
import { catalog } from "../schemas/catalog.ts";
import { readState, writeState } from "../program/state-file.ts";

const kinds = ["live", "simulator", "recording"] as const;

/** What may fill a data directory. It holds one kind, so that synthetic data never mix with real data. */
export type SourceKind = (typeof kinds)[number];

const sourceFile = (dir: string) => join(dir, "source.json");
const sourceCure =
  'Write into it what has filled the directory: {"kind":"live"}, {"kind":"simulator"} or {"kind":"recording"}.';

/** The kind of source that fills a data directory; undefined if it has none yet. Throws UserError on a broken file. */
export function kindOf(dir: string): SourceKind | undefined {
  const isSource = (value: unknown): value is { kind: SourceKind } =>
    kinds.some((kind) => kind === (value as { kind?: unknown }).kind);
  return readState(sourceFile(dir), isSource, sourceCure)?.kind;
}

/** Claims a new directory for a kind of source; refuses one that another kind has filled. */
export function claim(dir: string, kind: SourceKind): void {
  const present = kindOf(dir);
  if (present === undefined) {
    // The file is written before the log.
    if (existsSync(join(dir, "log")))
      throw new UserError(`${sourceFile(dir)} is missing, but there is a log. ${sourceCure}`);
    return writeState(sourceFile(dir), { kind });
  }
  if (present !== kind) {
    throw new UserError(
      `the data directory ${dir} holds data of a ${present}, which do not mix with those of a ${kind}: choose another with --data.`,
    );
  }
}

/** Throws UserError if the log has records without their schemas: new schemas would get the ids of the old ones. */
export function checkSchemas(dir: string, log: Log): void {
  const path = join(dir, "log", "schemas.json");
  if (!existsSync(path) && catalog.some(({ name }) => log.partitions(name).some(({ end }) => end > 0)))
    throw new UserError(`${path} is missing, but the log has records. ${schemasCure}`);
}

/** How often a directory is checked, in milliseconds. */
const lookEveryMs = 1_000;

/** Aborts with a message when the files of a data directory have been removed or replaced: what is written after that is lost. */
export function watchDirectory(dir: string): { readonly vanished: AbortSignal; readonly stop: () => void } {
  const gone = new AbortController();
  const paths = ["warehouse.duckdb", "log"].map((name) => join(dir, name));
  const identity = (path: string) => {
    const file = statSync(path, { bigint: true, throwIfNoEntry: false });
    return file && `${file.dev}:${file.ino}`;
  };
  const before = paths.map(identity);
  const timer = setInterval(() => {
    const missing = paths.find((path, i) => identity(path) !== before[i]);
    if (missing === undefined) return;
    clearInterval(timer);
    gone.abort(
      new UserError(
        `${missing} was removed while the platform was running. The platform has stopped, and what arrived since then is lost. Start it again.`,
      ),
    );
  }, lookEveryMs);
  return { vanished: gone.signal, stop: () => clearInterval(timer) };
}
