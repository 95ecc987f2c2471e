import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newFolder } from "../folder.ts";
import { match, received } from "../producer/coinbase/decode/frames.ts";
import { startWith } from "./command.ts";

const own = { user_id: "5844eceecf7e803e259d0365", profile_id: "765d1549-9660-4be2-97d4-fa2d65fa3352" };
const values = ["5844eceecf7e", "765d1549-9660", "0.00517", "d50ec984-77a8"];

/** Of the values those that stand in a file of a folder. */
function foundIn(dir: string): string[] {
  const files = readdirSync(dir, { recursive: true, encoding: "utf8" }).map((name) => join(dir, name));
  const bytes = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, "latin1"));
  return values.filter((value) => bytes.some((text) => text.includes(value)));
}

it("nothing of the account's own orders reaches the disk or the terminal, but by choice; the summary counts it", async () => {
  const lines = [
    JSON.stringify({ ...match, ...own, maker_user_id: own.user_id, maker_fee_rate: "0.00517" }),
    JSON.stringify({ ...received, ...own, client_oid: "d50ec984-77a8-460a-b958-66f114b0de9b" }),
    JSON.stringify({ ...match, ...own, type: "of tomorrow" }),
    JSON.stringify({ ...match, ...own, taker_fee_rate: "0.00517" }).slice(0, -9),
  ];
  const file = join(newFolder(), "own.txt");
  writeFileSync(file, `${lines.join("\n")}\n`);
  const [dropped, kept] = [join(newFolder(), "it's here"), newFolder()];
  const [ended] = await Promise.all([
    startWith({ COINBASE_OWN_FIELDS: "" }, "local", "--source", file, "--data", dropped).ended,
    startWith({ COINBASE_OWN_FIELDS: "keep" }, "local", "--source", file, "--data", kept).ended,
  ]);
  expect(ended.code).toBe(0);
  expect(ended.out).toMatch(/^own +12 {2}members of your own orders, dropped/m);
  expect(values.filter((value) => (ended.out + ended.err).includes(value))).toEqual([]);
  // A hint can be pasted into a shell, whatever the folder is called.
  const hint = `npm run sql -- run quarantine --data '${dropped.replace("'", String.raw`'\''`)}'`;
  expect(ended.out).toContain(hint);
  expect(foundIn(dropped)).toEqual([]);
  expect(foundIn(kept)).toEqual(values);
});
