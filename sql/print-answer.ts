/** Prints the answer to a question: from the running platform, or from the warehouse itself. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { stopSignal, UserError } from "../program/command.ts";
import { BrokenAddressError } from "./address.ts";
import { ask, timeLimit, tookTooLong, type Question } from "./ask.ts";
import { InUseError } from "./duckdb/faults.ts";

/** Ctrl-C stops the query, wherever it runs; the command ends with 130 then. Throws UserError if the question or its query fails. */
export async function printAnswer(dir: string, question: Question): Promise<void> {
  const stop = stopSignal(undefined, () => {});
  const limit = timeLimit(question.timeoutMs, () => tookTooLong(question));
  const signal = AbortSignal.any([stop, limit.signal]);
  try {
    await print(await rows(dir, question, stop, signal), signal);
  } catch (error) {
    if (!stop.aborted) throw limit.signal.aborted && !(error instanceof UserError) ? limit.signal.reason : error;
    process.exitCode = 130;
  } finally {
    limit.clear();
  }
}

/**
 * The rows from the running platform, or from the warehouse itself if there is none. A platform that is starting or stopping
 * holds the warehouse and does not answer: it is given a few seconds. A platform enforces the time limit itself, and reports
 * the reason; `stop` ends the answer before.
 */
async function rows(
  dir: string,
  question: Question,
  stop: AbortSignal,
  signal: AbortSignal,
): Promise<AsyncIterable<string>> {
  const path = join(dir, "warehouse.duckdb");
  if (!existsSync(path)) {
    throw new UserError(`there is no data in ${dir}: run npm start first, or name its directory with --data.`);
  }
  for (const deadline = Date.now() + 5000; ;) {
    let brokenAddress: unknown;
    try {
      const answered = await ask(dir, question, stop);
      if (answered !== undefined) return answered;
    } catch (error) {
      if (!(error instanceof BrokenAddressError)) throw error;
      brokenAddress = error;
    }
    // DuckDB is loaded only when no platform answers.
    const [{ answer }, { openToRead }] = await Promise.all([import("./answer.ts"), import("./duckdb/warehouse.ts")]);
    try {
      return answer(await openToRead(path), question, signal);
    } catch (error) {
      if (!(error instanceof InUseError)) throw error;
      if (brokenAddress !== undefined) throw brokenAddress;
      if (Date.now() > deadline) throw error;
    }
    await sleep(200, undefined, { signal });
  }
}

/** Ends when `signal` aborts, even if nothing reads what is printed. */
async function print(pieces: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  for await (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, "drain", { signal });
}
