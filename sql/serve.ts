/** Answers questions over HTTP. A question ends when its client leaves, and no question holds up the ingest. */
import { once } from "node:events";
import { addAbortSignal } from "node:stream";
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { UserError } from "../program/command.ts";
import { longestMs } from "../program/forms.ts";
import { answer } from "./answer.ts";
import { fault, formats, timeLimit, tookTooLong, type Question } from "./ask.ts";
import type { Warehouse } from "./duckdb/warehouse.ts";
import { Turns } from "./turns.ts";

/** A query of DuckDB occupies one of the four threads that Node.js has for such work: two are left for the ingest and the rest. */
const atOnce = 2;

/** How long an answer waits for a reader that reads nothing, in milliseconds; shorter while other questions wait. */
const readerMs = 60_000;
const readerMsWhileOthersWait = 5_000;

export class Questions {
  readonly #warehouse: Warehouse;
  readonly #token: string;
  readonly #turns = new Turns(atOnce);
  readonly #open = new Map<AbortController, Promise<void>>();
  #closed = false;

  /** `token`: what a client must present. */
  constructor(warehouse: Warehouse, token: string) {
    this.#warehouse = warehouse;
    this.#token = token;
  }

  /**
   * Answers `POST /sql`. A fault of the question is 400 with the message. One in the middle of the rows ends the answer
   * with the message in its trailer.
   */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("content-type", "text/plain; charset=utf-8");
    if (!this.#isAuthorised(request)) return void response.writeHead(401).end("unauthorised\n");
    if (this.#closed) return void response.writeHead(503).end("the platform is stopping\n");
    const stop = new AbortController();
    response.on("error", () => {}).once("close", () => stop.abort(new Error("the client has left")));
    const handled = this.#handle(request, response, stop).finally(() => this.#open.delete(stop));
    this.#open.set(stop, handled);
    await handled;
  }

  /** Ends all answers; resolves when none of them uses the warehouse any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#open.keys())
      stop.abort(new UserError("the platform was stopped in the middle of the answer: ask again."));
    await Promise.all(this.#open.values());
  }

  async #handle(request: IncomingMessage, response: ServerResponse, stop: AbortController): Promise<void> {
    try {
      // A client that never ends its question does not keep the platform from ending.
      const question = await readQuestion(addAbortSignal(stop.signal, request));
      let waits = true;
      const limit = timeLimit(question.timeoutMs, () => (waits ? waitedTooLong(question) : tookTooLong(question)));
      const signal = AbortSignal.any([stop.signal, limit.signal]);
      try {
        const giveBack = await this.#turns.take(signal);
        waits = false;
        try {
          await this.#send(answer(this.#warehouse, question, signal), response, stop, signal);
        } finally {
          giveBack();
        }
      } finally {
        limit.clear();
      }
    } catch (error) {
      const { message } = (stop.signal.aborted ? stop.signal.reason : error) as Error;
      if (!response.headersSent) response.writeHead(400).end(message);
      else {
        response.addTrailers({ [fault]: encodeURIComponent(message) });
        response.end();
      }
    }
  }

  async #send(
    pieces: AsyncIterable<string>,
    response: ServerResponse,
    stop: AbortController,
    signal: AbortSignal,
  ): Promise<void> {
    response.setHeader("trailer", fault);
    // The status is sent with the first piece: by then most faults are known.
    for await (const piece of pieces) if (!response.write(piece)) await this.#drained(response, stop, signal);
    response.end();
  }

  /** Waits until the reader has taken what was sent, for a limited time: its answer holds a turn. */
  async #drained(response: ServerResponse, stop: AbortController, signal: AbortSignal): Promise<void> {
    const since = performance.now();
    const watch = setInterval(() => {
      const waited = performance.now() - since;
      if (waited > readerMs || (waited > readerMsWhileOthersWait && this.#turns.wanted))
        stop.abort(
          new UserError(`the answer was stopped: its reader read nothing for ${Math.round(waited / 1000)} s.`),
        );
    }, 250);
    try {
      await once(response, "drain", { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      clearInterval(watch);
    }
  }

  #isAuthorised(request: IncomingMessage): boolean {
    const shown = Buffer.from(request.headers.authorization ?? "");
    const expected = Buffer.from(`Bearer ${this.#token}`);
    return shown.length === expected.length && timingSafeEqual(shown, expected);
  }
}

function waitedTooLong({ timeoutMs }: Question): string {
  return `other questions were still being answered after ${timeoutMs / 1000} s: ask again, or wait longer with --timeout.`;
}

async function readQuestion(request: IncomingMessage): Promise<Question> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 64 * 1024) throw new UserError("the question is too long");
  }
  const { verb, name, parameters, format, timeoutMs, isTyped = false } = JSON.parse(text) as Partial<Question>;
  if (
    (verb !== "run" && verb !== "cost") ||
    typeof name !== "string" ||
    typeof parameters !== "object" ||
    !formats.some((known) => known === format) ||
    !(typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs <= longestMs)
  ) {
    throw new UserError("a question has a verb, a name, parameters, a format and a time limit in milliseconds");
  }
  return { verb, name, parameters, format: format!, timeoutMs, isTyped };
}
