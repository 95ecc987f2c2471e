/** Replays recordings on the platform, in this process, and reads what came of them. */
import { join } from "node:path";
import { Platform } from "../../local/platform.ts";
import { openRecording } from "../../producer/coinbase/recording.ts";
import { answer } from "../../sql/answer.ts";
import type { Parameters } from "../../sql/duckdb/run.ts";
import { openToRead } from "../../sql/duckdb/warehouse.ts";

/** Gives the platform, closed, for its figures; its lines are added to `said`. */
export async function replay(file: string, dir: string, said: string[] = []): Promise<Platform> {
  const platform = await Platform.open(dir, "recording", (line) => said.push(line));
  try {
    await platform.run(await openRecording(file), new AbortController().signal);
  } finally {
    await platform.close();
  }
  return platform;
}

export type Rows = Record<string, string | number | null>[];

/** The rows of views, table functions and tables of a data directory that no platform runs on. */
export async function query(
  dir: string,
  ...questions: readonly [name: string, parameters?: Parameters][]
): Promise<Rows[]> {
  const warehouse = await openToRead(join(dir, "warehouse.duckdb"));
  try {
    const answers: Rows[] = [];
    for (const [name, parameters = {}] of questions) {
      let text = "";
      const question = { verb: "run", name, parameters, format: "json", timeoutMs: 60_000 } as const;
      for await (const piece of answer(warehouse, question, new AbortController().signal)) text += piece;
      answers.push(JSON.parse(text) as Rows);
    }
    return answers;
  } finally {
    warehouse.close();
  }
}
