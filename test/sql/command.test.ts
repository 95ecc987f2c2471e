import { chmodSync, cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openWarehouse } from "../../sql/duckdb/warehouse.ts";
import { newFolder } from "../folder.ts";
import { run, start, startFrom } from "../local/command.ts";
import { makeTrades } from "./made-trades.ts";

/** A data directory on which nothing runs. With `killed` its writer was in the middle of something. */
async function dataDirectory(trades: number, killed = false): Promise<string> {
  const dir = join(newFolder(), "data");
  const path = join(dir, "warehouse.duckdb");
  const warehouse = await openWarehouse(path);
  const connection = await warehouse.connect();
  await makeTrades(connection, trades);
  const copy = `${dir}-copy`;
  if (killed) cpSync(dir, copy, { recursive: true });
  warehouse.close();
  return killed ? copy : dir;
}

describe("npm run sql on a directory on which no platform runs", () => {
  it("stops after its time limit, and at Ctrl-C", async () => {
    const dir = await dataDirectory(200_000);
    expect(await run("sql", "run", "trades", "--timeout", "300ms", "--data", dir)).toMatchObject({
      code: 1,
      err: "trades was stopped after 0.3 s: ask for less, or give it longer with --timeout.\n",
    });
    const asking = start("sql", "run", "coinbase_trades", "--format", "csv", "--data", dir);
    await asking.printed("P1-USD");
    asking.process.kill("SIGINT");
    expect(await asking.ended).toMatchObject({ code: 130, err: "" });
    // Nobody takes what is printed.
    const limited = ["run", "coinbase_trades", "--format", "csv", "--timeout", "1s", "--data", dir];
    expect(await startFrom(`set -o pipefail; "$@" | sleep 3`, "sql", ...limited).ended).toEqual({
      code: 1,
      out: "",
      err: "coinbase_trades was stopped after 1 s: ask for less, or give it longer with --timeout.\n",
    });
  });

  it("answers from a full disk and from a directory that it may not write to, also after its writer was killed", async () => {
    const dir = await dataDirectory(1_000, true);
    expect(readdirSync(dir)).toEqual(["warehouse.duckdb", "warehouse.duckdb.wal"]);
    const count = async (script: string) => {
      const { code, out, err } = await startFrom(script, "sql", "run", "trades", "--format", "csv", "--data", dir)
        .ended;
      expect([code, err]).toEqual([0, ""]);
      return out.split("\n").length - 2;
    };
    // No file can be made longer: a full disk.
    expect(await count(`trap '' XFSZ; ulimit -f 0; exec "$@"`)).toBe(1_000);
    for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o444);
    chmodSync(dir, 0o555);
    onTestFinished(() => chmodSync(dir, 0o755));
    chmodSync(join(dir, ".."), 0o755);
    // The rights of files do not bind root.
    const unprivileged = process.getuid?.() === 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups" : "";
    expect(await count(`exec ${unprivileged} "$@"`)).toBe(1_000);
  });

  it("ignores a broken address file that a platform has left", async () => {
    const dir = await dataDirectory(10);
    writeFileSync(join(dir, "address.json"), '{"url":');
    expect(await run("sql", "run", "quarantine", "--format", "json", "--data", dir)).toEqual({
      code: 0,
      out: "[]\n",
      err: "",
    });
  });
});
