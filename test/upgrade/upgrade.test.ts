import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Platform } from "../../local/platform.ts";
import { openRecording } from "../../producer/coinbase/recording.ts";
import { readSchema, type AvroField } from "../../schemas/avro.ts";
import { catalog, rawTopics } from "../../schemas/catalog.ts";
import { newFolder } from "../folder.ts";
import { start } from "../local/command.ts";
import { query, type Rows } from "../local/replay.ts";

interface Entry {
  readonly id: number;
  readonly subject: string;
  readonly schema: string;
}

/** A folder with a copy of what the earlier commit left (README.md). */
function unpacked(archive: string): string {
  const folder = newFolder();
  execFileSync("tar", ["-xzf", join(import.meta.dirname, archive), "-C", folder]);
  return folder;
}

function unpack(): { dir: string; recording: string; expected: Record<string, number | Rows> } {
  const folder = unpacked("9c28c66.tar.gz");
  const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Record<string, number | Rows>;
  return { dir: join(folder, "data"), recording: join(folder, "recording.txt"), expected };
}

/** Every file of the log and of the known recordings, by its path. */
function filesOf(dir: string): Map<string, Buffer> {
  const paths = ["log", "recordings"]
    .map((part) => join(dir, part))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  return new Map(paths.map((path) => [path, readFileSync(path)]));
}

/** Files of the log that have not just grown. */
function changedIn(dir: string, before: Map<string, Buffer>): string[] {
  const after = filesOf(dir);
  return [...before]
    .filter(([path, bytes]) => path.endsWith(".log") && !after.get(path)?.subarray(0, bytes.length).equals(bytes))
    .map(([path]) => path);
}

/** Opens the directory as this commit does; what it says, and the rows that it adds. */
async function run(dir: string, recording?: string): Promise<{ said: string[]; rows: number; known: number }> {
  const said: string[] = [];
  const platform = await Platform.open(dir, "recording", (line) => said.push(line));
  try {
    await platform.catchUp();
    if (recording !== undefined) await platform.run(await openRecording(recording), new AbortController().signal);
    return { said, rows: platform.rows, known: platform.known };
  } finally {
    await platform.close();
  }
}

it("a data directory of an earlier commit is opened without a repair, a changed statement or a row computed again", async () => {
  const { dir } = unpack();
  const before = filesOf(dir);
  expect(await run(dir)).toEqual({ said: [], rows: 0, known: 0 });
  expect(filesOf(dir)).toEqual(before);
});

it("and continues as that commit would have: nothing is deleted, doubled or different", async () => {
  const { dir, recording, expected } = unpack();
  const before = filesOf(dir);
  const { said, known } = await run(dir, recording);
  expect(known).toBe(180);
  expect(said).toEqual([expect.stringContaining("frame 180 of 241")]);

  const names = Object.keys(expected);
  const sorted = (rows: Rows) => rows.map((row) => JSON.stringify(row)).toSorted();
  for (const [i, rows] of (await query(dir, ...names.map((name): [string] => [name]))).entries()) {
    const wanted = expected[names[i]!]!;
    if (typeof wanted === "number") expect([names[i], rows.length]).toEqual([names[i], wanted]);
    else expect(sorted(rows)).toEqual(sorted(wanted));
  }
  expect(changedIn(dir, before)).toEqual([]);

  const again = await run(dir, recording);
  expect([again.rows, again.known]).toEqual([0, 241]);
});

it("a tape of the simulated exchange continues where an earlier commit left it: no number twice, none missing", async () => {
  const dir = join(unpacked("9c28c66-tape.tar.gz"), "data");
  const before = filesOf(dir);
  const platform = start("local", "--for", "2s", "--rate", "1000", "--data", dir);
  const { code, err } = await platform.ended;
  expect({ code, err }).toEqual({ code: 0, err: expect.not.stringMatching(/repaired|has changed/) as string });
  expect(changedIn(dir, before)).toEqual([]);

  const [events, trades] = await query(dir, ["coinbase_full"], ["coinbase_trades"]);
  const numbers = (rows: Rows, name: string) => {
    const of = rows.filter((row) => row["product_id"] === "BTC-USD").map((row) => Number(row[name]));
    return of.toSorted((a, b) => a - b);
  };
  for (const [found, earlier] of [
    [numbers(events!, "sequence"), 123],
    [numbers(trades!, "trade_id"), 5],
  ] as const) {
    expect(found.length).toBeGreaterThan(earlier);
    expect(found).toEqual(found.map((_, i) => i + 1));
  }
});

it("topics keep their partitions and retention, and schemas their fields, in their order", () => {
  const { dir } = unpack();
  const frozen = readdirSync(join(dir, "log"), { withFileTypes: true })
    .filter((file) => file.isDirectory())
    .map(({ name }) => ({
      name,
      partitions: readdirSync(join(dir, "log", name)).length,
      days: name === "feed_quarantine" ? 30 : 7,
    }));
  expect(frozen).toHaveLength(8);
  const present = catalog.map(({ name, partitions, retentionMs }) => ({
    name,
    partitions,
    days: retentionMs / 86_400_000,
  }));
  expect(present).toEqual(expect.arrayContaining(frozen));

  const entries = JSON.parse(readFileSync(join(dir, "log/schemas.json"), "utf8")) as Entry[];
  const shape = ({ name, type, default: value }: AvroField) => ({ name, type, value });
  for (const topic of rawTopics) {
    const { schema } = entries.find(({ subject }) => subject === `${topic}-value`) ?? {};
    if (schema === undefined) continue;
    const fields = (JSON.parse(schema) as { fields: AvroField[] }).fields.map(shape);
    expect(readSchema(topic).fields.slice(0, fields.length).map(shape)).toEqual(fields);
  }
});
