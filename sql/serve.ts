/** Answering questions: the rows of a named object as text, here and over HTTP. */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { UserError } from "../command.ts";
import { mark, type Question } from "./ask.ts";
import { checkTyped } from "./duckdb/arguments.ts";
import { costOf, formatCosts } from "./duckdb/cost.ts";
import { formatRows, formats } from "./duckdb/format.ts";
import { runNamed } from "./duckdb/run.ts";
import type { Warehouse } from "./duckdb/warehouse.ts";

/** The text of an answer, in pieces. Throws UserError where the question or its query fails. */
export async function* answer(warehouse: Warehouse, question: Question): AsyncGenerator<string> {
  const connection = await warehouse.connect();
  try {
    if (question.isTyped === true) await checkTyped(connection, question.name, question.parameters);
    if (question.verb === "cost") yield formatCosts(await costOf(connection, question.name, question.parameters));
    else yield* formatRows(await runNamed(connection, question.name, question.parameters), question.format);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${question.name} failed: ${(error as Error).message}`, { cause: error });
  } finally {
    warehouse.disconnect(connection);
  }
}

/** Answers `POST /sql`. A fault of the question is 400 with the message; one in the middle of the rows ends the answer. */
export async function serveQuestion(
  warehouse: Warehouse,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader(mark, "answer").setHeader("content-type", "text/plain; charset=utf-8");
  if (!isAuthorised(request, token)) return void response.writeHead(401).end("unauthorised\n");
  try {
    const pieces = answer(warehouse, await readQuestion(request));
    // The first piece is awaited before the status is sent: most faults are known by then.
    const first = await pieces.next();
    if (!first.done) response.write(first.value);
    // An asker who leaves ends the pipeline, and with it the query.
    await pipeline(Readable.from(pieces), response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else response.writeHead(400).end((error as Error).message);
  }
}

function isAuthorised(request: IncomingMessage, token: string): boolean {
  const shown = Buffer.from(request.headers.authorization ?? "");
  const expected = Buffer.from(`Bearer ${token}`);
  return shown.length === expected.length && timingSafeEqual(shown, expected);
}

async function readQuestion(request: IncomingMessage): Promise<Question> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 64 * 1024) throw new UserError("the question is too long");
  }
  const { verb, name, parameters, format, isTyped = false } = JSON.parse(text) as Partial<Question>;
  const asked = verb === "run" || verb === "cost";
  if (
    !asked ||
    typeof name !== "string" ||
    typeof parameters !== "object" ||
    !formats.some((known) => known === format)
  ) {
    throw new UserError("a question has a verb, a name, parameters and a format");
  }
  return { verb, name, parameters, format: format!, isTyped };
}
