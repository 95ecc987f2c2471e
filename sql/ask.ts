/** Asking the running platform over HTTP: the process that holds the warehouse answers for it. */
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { UserError } from "../program/command.ts";
import { findPlatform, type Address } from "./address.ts";
import type { Parameters } from "./duckdb/run.ts";

export const formats = ["table", "csv", "json"] as const;
export type Format = (typeof formats)[number];

export interface Question {
  /** The rows, or their cost on BigQuery. */
  readonly verb: "run" | "cost";
  readonly name: string;
  readonly parameters: Parameters;
  readonly format: Format;
  /** A person typed it: an unknown product and an empty stretch of time are reported. */
  readonly isTyped?: boolean;
  /** How long the answer may take, including the wait for other questions. */
  readonly timeoutMs: number;
}

/** The trailer that says why an answer ends before its last row, URI-encoded. */
export const fault = "x-tapeline-fault";

/** How long after its time limit, at which the platform should have ended it, an answer is abandoned. */
const graceMs = 5_000;

/**
 * The text of an answer from the platform that runs on a data directory; undefined if none answers. Ends when `signal`
 * aborts, and with it the query. Throws UserError if the question fails.
 */
export async function ask(
  dir: string,
  question: Question,
  signal: AbortSignal,
): Promise<AsyncIterable<string> | undefined> {
  const address = await findPlatform(dir);
  if (address === undefined) return undefined;
  const response = await post(
    address,
    question,
    AbortSignal.any([signal, AbortSignal.timeout(question.timeoutMs + graceMs)]),
  );
  if (response === undefined) return undefined;
  if (response.statusCode === 400) {
    let text = "";
    for await (const piece of pieces(response)) text += piece;
    throw new UserError(text);
  }
  if (response.statusCode === 200) return pieces(response);
  response.destroy();
  return undefined;
}

async function post(address: Address, question: Question, signal: AbortSignal): Promise<IncomingMessage | undefined> {
  const headers = { authorization: `Bearer ${address.token}`, "content-type": "application/json" };
  const asking = request(`${address.url}/sql`, { method: "POST", headers, signal });
  asking.end(JSON.stringify(question));
  try {
    const [response] = (await once(asking, "response")) as [IncomingMessage];
    asking.on("error", () => {});
    return response;
  } catch (error) {
    if (signal.aborted) throw brokenOff(error);
    return undefined;
  }
}

async function* pieces(response: IncomingMessage): AsyncGenerator<string> {
  try {
    for await (const piece of response.setEncoding("utf8")) yield String(piece);
  } catch (error) {
    throw brokenOff(error);
  }
  const why = response.trailers[fault];
  if (why !== undefined) throw new UserError(decodeURIComponent(why));
}

function brokenOff(error: unknown): UserError {
  return new UserError("the platform ended in the middle of its answer: it failed or was stopped. Ask again.", {
    cause: error,
  });
}

/** A signal that aborts after `ms` with a UserError of `message`. */
export function timeLimit(ms: number, message: () => string): { readonly signal: AbortSignal; clear(): void } {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new UserError(message())), ms);
  return { signal: limit.signal, clear: () => clearTimeout(timer) };
}

/** The message for an answer that took longer than its time limit. */
export function tookTooLong({ name, timeoutMs }: Question): string {
  return `${name} was stopped after ${timeoutMs / 1000} s: ask for less, or give it longer with --timeout.`;
}
