/**
 * Asking the running platform. The process that holds the warehouse answers on a port of this machine; where, and the
 * token that an asker must show, is in a file of the data directory that only its owner can read.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../command.ts";
import type { Format } from "./duckdb/format.ts";
import type { Parameters } from "./duckdb/run.ts";

export interface Question {
  /** Its rows, or what they would cost on BigQuery. */
  readonly verb: "run" | "cost";
  readonly name: string;
  readonly parameters: Parameters;
  readonly format: Format;
  /** Somebody has typed it: a product that is not there, and a stretch that is none, are reported. */
  readonly isTyped?: boolean;
}

interface Address {
  readonly url: string;
  readonly token: string;
}

/** A header that tells our answers from a stranger's. */
export const mark = "x-tapeline";

const addressFile = (dir: string) => join(dir, "address.json");

/** The text of an answer from the platform that runs on a data directory; undefined if none answers. */
export async function ask(dir: string, question: Question): Promise<AsyncIterable<string> | undefined> {
  const address = readAddress(dir);
  if (address === undefined) return undefined;
  if (!(await isOurs(address))) return undefined;
  let response: Response;
  try {
    response = await fetch(`${address.url}/sql`, {
      method: "POST",
      headers: { authorization: `Bearer ${address.token}`, "content-type": "application/json" },
      body: JSON.stringify(question),
    });
  } catch {
    return undefined;
  }
  if (response.status === 400) throw new UserError(await response.text());
  return response.ok && response.body !== null ? pieces(response.body) : undefined;
}

/** Whether a platform is there: the address may be of one that was killed, its port a stranger's since. */
async function isOurs({ url }: Address): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.headers.get(mark) !== null;
  } catch {
    return false;
  }
}

async function* pieces(body: NonNullable<Response["body"]>): AsyncGenerator<string> {
  try {
    yield* body.pipeThrough(new TextDecoderStream());
  } catch (error) {
    throw new UserError("the platform broke its answer off: it failed or was stopped. Ask again.", { cause: error });
  }
}

/** Tells askers where the platform is; returns the token that they will show. */
export function publishAddress(dir: string, url: string): string {
  const address: Address = { url, token: randomBytes(16).toString("hex") };
  writeFileSync(addressFile(dir), `${JSON.stringify(address)}\n`, { mode: 0o600 });
  return address.token;
}

export function withdrawAddress(dir: string): void {
  rmSync(addressFile(dir), { force: true });
}

/** Undefined where there is none, or one that is only half written. */
function readAddress(dir: string): Address | undefined {
  try {
    return JSON.parse(readFileSync(addressFile(dir), "utf8")) as Address;
  } catch {
    return undefined;
  }
}
