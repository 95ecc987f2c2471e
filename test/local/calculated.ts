/** Bars and candles as Python's decimals calculate them from the frames, and what tests of them share. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { it } from "vitest";
import { newFolder } from "../folder.ts";
import { query, type Rows } from "./replay.ts";

export const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** Skipped by name where Python is missing. */
export const itCalculated = it.skipIf(!hasPython);

export const tables = ["coinbase_bars_1s", "coinbase_bars_1m"] as const;
const views = ["bars_1s", "bars_1m", "candles_1s", "candles_1m"] as const;

export interface Calculated {
  /** What the views give at the end; a trade that comes again is left out. */
  readonly views: Record<(typeof views)[number], Rows>;
  /** What the tables may hold: the row of each window after each of its trades. */
  readonly tables: Record<(typeof tables)[number], Rows>;
  /** How many trades came too late for a bar. */
  readonly late: { readonly bars_1s: number; readonly bars_1m: number };
}

export async function calculate(...files: string[]): Promise<Calculated> {
  const script = join(import.meta.dirname, "../independent/bars.py");
  const { stdout } = await promisify(execFile)("python3", [script, ...files], { maxBuffer: 2 ** 30 });
  const { late, ...rows } = JSON.parse(stdout) as Calculated["views"] & Calculated["tables"] & Pick<Calculated, "late">;
  const { coinbase_bars_1s, coinbase_bars_1m, ...rest } = rows;
  return { late, views: rest, tables: { coinbase_bars_1s, coinbase_bars_1m } };
}

/** The bars and candles of a data directory. */
export async function viewsOf(dir: string): Promise<Calculated["views"]> {
  const [bars_1s, bars_1m, candles_1s, candles_1m] = await query(
    dir,
    ["bars_1s"],
    ["bars_1m"],
    ["candles", { in_seconds: "1" }],
    ["candles", { in_seconds: "60" }],
  );
  return { bars_1s: bars_1s!, bars_1m: bars_1m!, candles_1s: candles_1s!, candles_1m: candles_1m! };
}

/** A recording of these lines, gzipped if its name says so. */
export function written(lines: readonly string[], name = "frames.txt"): string {
  const file = join(newFolder(), name);
  const text = `${lines.join("\n")}\n`;
  writeFileSync(file, name.endsWith(".gz") ? gzipSync(text) : text);
  return file;
}

/** What the topics below a folder hold together, in bytes. */
export function bytesOf(folder: string): number {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  return files
    .filter((file) => file.endsWith(".log"))
    .reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}
