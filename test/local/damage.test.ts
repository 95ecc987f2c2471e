import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kindOf } from "../../local/directory.ts";
import { Platform } from "../../local/platform.ts";
import { rebuild } from "../../local/rebuild.ts";
import { openToRead } from "../../sql/duckdb/warehouse.ts";
import { newFolder } from "../folder.ts";
import { run, start } from "./command.ts";
import { query, replay } from "./replay.ts";
import { simulatedRecording } from "./simulated-recording.ts";

const names = ["trades", "book_changes", "quarantine", "coinbase_ticker", "bars_1s"] as const;

async function rowsOf(dir: string): Promise<string[][]> {
  const answers = await query(dir, ...names.map((name): [string] => [name]));
  return answers.map((rows) => rows.map((row) => JSON.stringify(row)).toSorted());
}

async function filled(frames = 3_000): Promise<string> {
  const dir = newFolder();
  await replay(simulatedRecording(frames).file, dir);
  return dir;
}

const fileOf = (dir: string) => join(dir, "warehouse.duckdb");

/** Turns bytes of a file over. */
function damage(path: string, at: number): void {
  const bytes = readFileSync(path);
  for (let i = at; i < at + 64; i++) bytes[i]! ^= 0xff;
  writeFileSync(path, bytes);
}

async function rebuildSaying(dir: string): Promise<{ rows: number; said: string[] }> {
  const said: string[] = [];
  return { rows: await rebuild(dir, true, (line) => said.push(line)), said };
}

/** The files of a partition of a topic that holds the most. */
function largest(dir: string, topic: string): { path: string; partition: string; bytes: Buffer } {
  const folder = join(dir, "log", topic);
  const [file] = readdirSync(folder).toSorted(
    (a, b) => readFileSync(join(folder, b)).length - readFileSync(join(folder, a)).length,
  );
  const path = join(folder, file!);
  return { path, partition: file!.replace(".log", ""), bytes: readFileSync(path) };
}

describe("a warehouse that is damaged", () => {
  it.each([
    ["in its header", (path: string) => damage(path, 4096)],
    ["since it is empty", (path: string) => writeFileSync(path, "")],
    ["since it is cut off", (path: string) => truncateSync(path, 20_000)],
    ["since it is another file", (path: string) => writeFileSync(path, "trades\n".repeat(5_000))],
  ])("%s is reported as such, with the fix, which restores every row", async (_, harm) => {
    const dir = await filled(1_000);
    const before = await rowsOf(dir);
    harm(fileOf(dir));
    const message = `${fileOf(dir)} is damaged (`;
    const fix = `npm start -- --rebuild --data ${dir} rebuilds it from the log.`;
    await expect(openToRead(fileOf(dir))).rejects.toThrow(message);
    await expect(Platform.open(dir, "recording", () => {})).rejects.toThrow(fix);
    const { said } = await rebuildSaying(dir);
    expect(said.join("\n")).toContain("It is therefore unknown whether the tables hold more than the log");
    expect(await rowsOf(dir)).toEqual(before);
  });

  it("in the middle of a table fails a question about it with the fix, and is not read as its end", async () => {
    const dir = newFolder();
    await replay(simulatedRecording(20_000).file, dir);
    const blocks = Math.floor((readFileSync(fileOf(dir)).length - 12_288) / 262_144);
    let faults = 0;
    for (let block = 1; block < blocks - 1; block++) {
      const at = 12_288 + block * 262_144 + 1_000;
      damage(fileOf(dir), at);
      try {
        // Either every row comes, or the fault.
        const [rows] = await query(dir, ["coinbase_full"]);
        expect(rows!.length).toBeGreaterThan(10_000);
      } catch (error) {
        faults++;
        expect((error as Error).message).toMatch(/is damaged \(.*checksum.*--rebuild/);
      }
      damage(fileOf(dir), at);
    }
    expect(faults).toBeGreaterThan(0);
  });
});

describe("--rebuild", () => {
  it("makes the same rows from a whole log, and asks before", async () => {
    const dir = await filled();
    const before = await rowsOf(dir);
    const refused = await run("local", "--rebuild", "--data", dir);
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toMatch(
      /the log has the records of every row: nothing is lost\n.*--yes.* Nothing was done\.\n$/,
    );
    const { code, out } = await run("local", "--rebuild", "--yes", "--data", dir);
    expect([code, out]).toEqual([0, expect.stringMatching(/^the tables are rebuilt: [\d,]+ rows\n$/)]);
    expect(await rowsOf(dir)).toEqual(before);
  });

  it("reports before how many rows the log no longer has", async () => {
    const dir = await filled();
    const [quarantined, tickers] = await query(dir, ["quarantine"], ["coinbase_ticker"]);
    rmSync(join(dir, "log", "feed_quarantine"), { recursive: true });
    const ahead: string[] = [];
    const platform = await Platform.open(dir, kindOf(dir)!, (line) => ahead.push(line));
    await platform.close();
    expect(ahead.join("\n")).toContain(
      `feed_quarantine/0: the log ends before offset 0, but the tables have ${quarantined!.length} more records`,
    );
    const { said } = await rebuildSaying(dir);
    expect(said).toEqual([
      `feed_quarantine: ${quarantined!.length} rows will be lost: the log no longer has the records`,
    ]);
    const [none, stay] = await query(dir, ["quarantine"], ["coinbase_ticker"]);
    expect([none!.length, stay!.length]).toEqual([0, tickers!.length]);
  });

  it("leaves the tables as they are if the log is damaged", async () => {
    // More than one batch: a single one that is broken is a torn write.
    const dir = await filled(10_000);
    const before = await rowsOf(dir);
    damage(largest(dir, "coinbase_full").path, 100);
    await expect(rebuildSaying(dir)).rejects.toThrow(/coinbase_full.* is damaged at byte/);
    expect(await rowsOf(dir)).toEqual(before);
  });

  it("that is killed when the tables are deleted is finished by the next start", async () => {
    const dir = await filled();
    const before = await rowsOf(dir);
    rmSync(fileOf(dir));
    const platform = await Platform.open(dir, "recording", () => {});
    await platform.catchUp();
    await platform.close();
    expect(await rowsOf(dir)).toEqual(before);
  });
});

it("a log whose end is torn reports how many records were cut off, and the start reports which of them the tables have", async () => {
  const dir = await filled();
  const { path, partition, bytes } = largest(dir, "coinbase_ticker");
  // Of the last batch, by the layout of topics/log/batch.ts: its first offset and the number of its records.
  let at = 8;
  for (; at + 4 + bytes.readUInt32BE(at) < bytes.length;) at += 4 + bytes.readUInt32BE(at);
  const [first, records] = [bytes.readDoubleBE(at + 8), bytes.readUInt32BE(at + 16)];
  truncateSync(path, bytes.length - 1);
  const said: string[] = [];
  const platform = await Platform.open(dir, "recording", (line) => said.push(line));
  await platform.close();
  const what =
    records === 1 ? `1 record, offset ${first}` : `${records} records, offsets ${first} to ${first + records - 1}`;
  expect(said).toEqual([
    `repaired: coinbase_ticker/${partition}: a torn write of ${bytes.length - 1 - at} bytes was cut off: ${what}`,
    expect.stringContaining(
      `coinbase_ticker/${partition}: the log ends before offset ${first}, but the tables have ${records} more records`,
    ),
  ]);
});

it.each(["coinbase_full", "coinbase_level2", "coinbase_ticker"])(
  "a recording whose end in the log of %s was torn is stored again as far as it is missing, and shown once",
  async (topic) => {
    const { file } = simulatedRecording(3_000);
    const dir = newFolder();
    await replay(file, dir);
    const before = await query(dir, ["trades"], ["book_changes"], ["quarantine"], ["bars_1s"], ["bars_1m"]);
    const { path, bytes } = largest(dir, topic);
    truncateSync(path, bytes.length - 1);
    await replay(file, dir);
    expect(await query(dir, ["trades"], ["book_changes"], ["quarantine"], ["bars_1s"], ["bars_1m"])).toEqual(before);
    await replay(file, dir);
    expect(await query(dir, ["trades"], ["book_changes"], ["quarantine"], ["bars_1s"], ["bars_1m"])).toEqual(before);
  },
);

describe("a file beside the data", () => {
  it.each([
    ["source.json", "", "is empty. Write into it what has filled the directory"],
    ["source.json", '{"kind":"tape"}', "is damaged (it does not have the expected content). Write into it"],
    ["log/schemas.json", "", "is empty. Restore a copy of it"],
    ["log/schemas.json", '[{"id":1}]', "is damaged (it does not have the expected content). Restore a copy of it"],
    ["source.json", undefined, "is missing, but there is a log. Write into it"],
    ["log/schemas.json", undefined, "is missing, but the log has records. Restore a copy of it"],
  ])("%s of %j is reported with the fix", async (name, text, message) => {
    const dir = await filled(200);
    const path = join(dir, name);
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
    await expect(Platform.open(dir, "recording", () => {})).rejects.toThrow(`${path} ${message}`);
  });
});

it("a data directory that is removed ends the platform with one message", async () => {
  const dir = join(newFolder(), "data");
  const platform = start("local", "--source", "simulator", "--data", dir);
  await platform.said("frames ");
  const before = platform.soFar().length;
  execFileSync("rm", ["-rf", dir]);
  const { code, err } = await platform.ended;
  expect(code).toBe(1);
  const said = err
    .slice(before)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("frames "));
  expect(said).toEqual([
    `${fileOf(dir)} was removed while the platform was running. The platform has stopped, and what arrived since then is lost. Start it again.`,
  ]);
  expect(existsSync(dir)).toBe(false);
});
