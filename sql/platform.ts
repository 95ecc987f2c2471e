/**
 * Asking the running platform. The process that holds the warehouse answers on a port of this machine; where, and the
 * token that an asker must show, is in a file of the data directory that only its owner can read.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { UserError } from "../command.ts";
import { formatRows, formats, type Format } from "./duckdb/format.ts";
import { runNamed, type Parameters } from "./duckdb/run.ts";
import type { Warehouse } from "./duckdb/warehouse.ts";

export interface Question {
  readonly name: string;
  readonly parameters: Parameters;
  readonly format: Format;
}

interface Address {
  readonly url: string;
  readonly token: string;
}

/** A header that tells our answers from a stranger's. */
const mark = "x-tapeline";

const addressFile = (dir: string) => join(dir, "address.json");

/** The text of an answer, in pieces, from the warehouse itself. */
export async function* answer(warehouse: Warehouse, question: Question): AsyncGenerator<string> {
  const connection = await warehouse.connect();
  try {
    yield* formatRows(await runNamed(connection, question.name, question.parameters), question.format);
  } finally {
    connection.closeSync();
  }
}

/** The text of an answer from the platform that runs on a data directory; undefined if none does. */
export async function ask(dir: string, question: Question): Promise<AsyncIterable<string> | undefined> {
  if (!existsSync(addressFile(dir))) return undefined;
  const { url, token } = JSON.parse(readFileSync(addressFile(dir), "utf8")) as Address;
  let response: Response;
  try {
    response = await fetch(`${url}/sql`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(question),
    });
  } catch {
    return undefined; // The address is of a platform that was killed.
  }
  if (response.status === 400 && response.headers.get(mark) !== null) throw new UserError(await response.text());
  // Any other answer is of a stranger who has got the port since.
  if (!response.ok || response.body === null || response.headers.get(mark) === null) return undefined;
  return response.body.pipeThrough(new TextDecoderStream());
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

/** Answers `POST /sql`. A fault of the question is 400 with the message; one in the middle of the rows ends the answer. */
export async function serveQuestion(
  warehouse: Warehouse,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isAuthorised(request, token)) return void response.writeHead(401).end("unauthorised\n");
  try {
    const pieces = answer(warehouse, await readQuestion(request));
    for await (const piece of pieces) {
      if (!response.headersSent)
        response.writeHead(200, { "content-type": "text/plain; charset=utf-8", [mark]: "rows" });
      if (!response.write(piece))
        await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
      if (response.destroyed) return;
    }
    response.end();
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    response.writeHead(400, { [mark]: "fault" }).end((error as Error).message);
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
  const { name, parameters, format } = JSON.parse(text) as Partial<Question>;
  if (typeof name !== "string" || typeof parameters !== "object" || format === undefined || !formats.includes(format)) {
    throw new UserError("a question has a name, parameters and a format");
  }
  return { name, parameters, format };
}
