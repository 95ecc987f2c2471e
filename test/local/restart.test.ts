/** Runs on an exchange that continues between them: what was missed is reported and counted, and nothing else. */
import { spawn } from "node:child_process";
import { expect, inject, it } from "vitest";
import { bundleOf } from "../commands.ts";
import { newFolder } from "../folder.ts";
import { follow, type Running } from "./command.ts";
import { exchange } from "../exchange/client.ts";
import { query } from "./replay.ts";

const program = bundleOf(inject("commands"), "test/local/follow-process.ts");

function run(dir: string, url: string, rights: "signed" | "keyless"): Running {
  const args = [program, dir, url, rights];
  return follow(spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] }));
}

interface Said {
  /** A gap. */
  readonly product?: string;
  readonly from: number;
  readonly to: number;
  readonly betweenRuns: boolean;
  /** The figures of the status line. */
  readonly rows?: number;
  readonly missed: number;
}

const linesOf = (said: string) =>
  said
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as Said);
const gapsOf = (said: string) => linesOf(said).filter(({ product }) => product !== undefined);
const numbersOf = ({ from, to }: Said) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const figureOf = (name: string, out: string) =>
  Number(new RegExp(`^${name} +([\\d,]+)`, "m").exec(out)![1]!.replaceAll(",", ""));

it.each([
  ["sequence", "signed", ["SIGKILL", "SIGKILL", "SIGINT"]],
  ["trade_id", "keyless", ["SIGKILL", "SIGINT"]],
] as const)("by %s, after kill -9 too; nothing is stored twice", async (numbers, rights, signals) => {
  const { url, rest } = await exchange({ rate: 400 });
  const dir = newFolder();
  const lastTrade = async () => {
    const trades = await (await fetch(`${rest}/products/BTC-USD/trades?limit=1`)).json();
    return (trades as { trade_id: number }[])[0]!.trade_id;
  };
  const gaps: Said[] = [];
  for (const [i, signal] of signals.entries()) {
    const running = run(dir, url, rights);
    if (i > 0) await running.said("BTC-USD: missed");
    const told = linesOf(running.soFar()).length;
    // What comes after is in the tables: so what was reported is stored around, too.
    const settled = () =>
      linesOf(running.soFar())
        .slice(told)
        .filter(({ rows = 0 }) => rows > 0).length > 3;
    await expect.poll(settled, { timeout: 30_000 }).toBe(true);
    running.process.kill(signal);
    const { err, out } = await running.ended;
    const mine = gapsOf(err);
    gaps.push(...mine);
    expect(mine.every(({ betweenRuns }) => betweenRuns)).toBe(true);
    if (signal === "SIGKILL") {
      expect(linesOf(err).at(-1)!.missed > 0).toBe(i > 0);
      const before = await lastTrade();
      await expect.poll(lastTrade, { timeout: 30_000, interval: 300 }).toBeGreaterThan(before + 2);
    } else {
      expect(figureOf("missed", out)).toBe(mine.flatMap(numbersOf).length);
      const all = new Set(gaps.flatMap((gap) => numbersOf(gap).map((number) => `${gap.product} ${number}`)));
      expect(out).toContain(`; ${all.size.toLocaleString("en-US")} are missing since the tape began`);
    }
  }

  const [events] = await query(dir, ["coinbase_full"]);
  for (const product of ["BTC-USD", "ETH-USD", "SOL-USD"]) {
    const stored = events!
      .filter((row) => row["product_id"] === product && row["type"] !== "last_match")
      .map((row) => Number(row[numbers]));
    expect(new Set(stored).size).toBe(stored.length);
    // Each number is either stored or reported.
    const reported = new Set(gaps.filter((gap) => gap.product === product).flatMap(numbersOf));
    expect(reported.size).toBeGreaterThan(3);
    const all = [...stored, ...reported].toSorted((a, b) => a - b);
    expect(all).toEqual(all.map((_, k) => all[0]! + k));
  }
});
