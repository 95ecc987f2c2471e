/**
 * A client of ksqlDB's REST API: https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-rest-api/
 *
 * What may pass is waited for: a fresh key is unknown (401, 403) for minutes, a server that starts answers 503. A
 * statement whose answer does not come may have been executed: it is never sent again from here, but told as `Lost`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { redact, secret as hide, UserError } from "../../command.ts";

export interface ServerAccess {
  /** Base URL, without credentials. */
  readonly url: string;
  /** API key and its secret, sent as basic authentication: both or neither. */
  readonly key?: string | undefined;
  readonly secret?: string | undefined;
  /** How long a server that refuses the key, is busy or is starting is asked again. */
  readonly waitMs: number;
  /** Longest wait for one answer; 30 s if not given: the server itself waits 5 s for a command, and lists can be long. */
  readonly answerMs?: number;
  /** Ends all waiting. */
  readonly stop?: AbortSignal;
}

export type Json = Readonly<Record<string, unknown>>;

export interface CommandStatus {
  readonly commandId: string;
  readonly status: string;
  readonly message: string;
}

/** The server does not take a statement, or could not execute it. */
export class Refused extends UserError {}

/** The answer to a statement did not come: it may have been executed, or not. */
export class Lost extends UserError {}

type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };

const contentType = "application/vnd.ksql.v1+json";

/** How long a connection that fails, or a gateway that does, is tried again for a question. */
const networkMs = 10_000;

export class KsqlServer {
  /** Its URL, as messages name it. */
  readonly url: string;
  readonly #access: ServerAccess;
  readonly #talk: (line: string) => void;
  readonly #headers: Record<string, string> = { accept: `${contentType}, application/json` };
  /** Of the last command: the server executes it before it answers what follows. */
  #sequence = -1;

  /** Throws UserError on a URL or credentials that can not be meant. `talk` is told why it takes long. */
  constructor(access: ServerAccess, talk: (line: string) => void) {
    const { url, key, secret } = access;
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
      throw new UserError("KSQLDB_URL is no URL: give https://host, or http://host:port.");
    if (parsed.username !== "" || parsed.password !== "")
      throw new UserError(
        "KSQLDB_URL has credentials in it, which would show in logs: set KSQLDB_API_KEY and KSQLDB_API_SECRET instead.",
      );
    if (!key !== !secret) throw new UserError("Of KSQLDB_API_KEY and KSQLDB_API_SECRET only one is set: set both.");
    this.url = parsed.origin + parsed.pathname.replace(/\/$/, "");
    this.#access = access;
    this.#talk = talk;
    if (key && secret) {
      hide(secret);
      this.#headers["authorization"] = `Basic ${hide(Buffer.from(`${key}:${secret}`).toString("base64"))}`;
    }
  }

  /** Version and ids. Throws UserError where no ksqlDB answers. */
  async info(): Promise<Json> {
    const step = "ask for the server's version";
    const { KsqlServerInfo } = (await this.#ask(step, "GET", "/info")) as Json;
    if (typeof KsqlServerInfo !== "object" || KsqlServerInfo === null)
      throw this.#foreign(step, "JSON of another kind");
    return KsqlServerInfo as Json;
  }

  /** The entity of a type with which the server answers a statement that changes nothing. */
  async ask(step: string, statement: string, type: string): Promise<Json> {
    const answer = await this.#ask(step, "POST", "/ksql", this.#body(statement, {}));
    const entities = Array.isArray(answer) ? (answer as Json[]) : [];
    const found = entities.find((entity) => entity["@type"] === type);
    if (found === undefined) {
      const types = entities.map((entity) => String(entity["@type"])).join(", ") || "nothing";
      throw new UserError(
        `${step}: ${this.url} answers ${statement} with ${types} where ${type} was expected. ` +
          "Check its version: ksqlDB 0.29 (Confluent Platform 7.4) and later are known to work.",
      );
    }
    return found;
  }

  /** Sends a statement that changes something. Throws Refused, and Lost. */
  async send(step: string, statement: string, streamsProperties: Record<string, string>): Promise<CommandStatus> {
    const answer = await this.#ask(step, "POST", "/ksql", this.#body(statement, streamsProperties), true);
    const [entity] = Array.isArray(answer) ? (answer as Json[]) : [];
    const { commandId, commandStatus, commandSequenceNumber } = entity ?? {};
    if (typeof commandId !== "string" || typeof commandStatus !== "object" || commandStatus === null) {
      const said = typeof entity?.["message"] === "string" ? `: ${redact(entity["message"])}` : "";
      throw new Refused(`${step}: ${this.url} executed nothing (${String(entity?.["@type"])}${said}).`);
    }
    if (typeof commandSequenceNumber === "number" && commandSequenceNumber >= 0) this.#sequence = commandSequenceNumber;
    return { commandId, ...readStatus(commandStatus as Json) };
  }

  /** How far a command is; undefined if the server does not know it. */
  async status(step: string, commandId: string): Promise<CommandStatus | undefined> {
    const path = `/status/${commandId.split("/").map(encodeURIComponent).join("/")}`;
    try {
      return { commandId, ...readStatus((await this.#ask(step, "GET", path)) as Json) };
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  #body(ksql: string, streamsProperties: Record<string, string>): Json {
    const chained = this.#sequence < 0 ? {} : { commandSequenceNumber: this.#sequence };
    return { ksql, streamsProperties, ...chained };
  }

  /** The JSON of an answer of 200. What may pass is asked again; of a command only what surely was not executed. */
  async #ask(step: string, method: string, path: string, question?: Json, command = false): Promise<unknown> {
    const started = Date.now();
    for (let attempt = 0; ; attempt++) {
      this.#stopped(step);
      const answer = await this.#once(method, path, question);
      const problem = this.#problemOf(answer);
      if (problem === undefined) return this.#judge(step, answer as Answer, `${method} ${path}`);
      const patience = problem.kind === "waits" ? this.#access.waitMs : Math.min(networkMs, this.#access.waitMs);
      const pause = pauseBefore(attempt, answer);
      const after = `after ${seconds(Date.now() - started)}`;
      if (problem.kind === "unknown" && command)
        throw new Lost(`${step}: ${problem.text} Whether the statement was executed is not known.`);
      if (problem.kind === "final" || Date.now() + pause > started + patience)
        throw new UserError(`${step}: ${problem.text}${attempt > 0 ? ` Given up ${after}.` : ""} ${problem.cure}`);
      if (attempt === 0) this.#talk(`${step}: ${problem.text} Asked again for up to ${seconds(patience)}.`);
      await this.pause(step, pause);
    }
  }

  /** Waits, unless the user stops it. Throws UserError then. */
  async pause(step: string, ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#access.stop }).catch(() => this.#stopped(step));
  }

  #stopped(step: string): void {
    if (this.#access.stop?.aborted)
      throw new UserError(`${step}: stopped. What was executed stays; the same command again goes on from there.`);
  }

  async #once(method: string, path: string, question: Json | undefined): Promise<Answer | Error> {
    try {
      const response = await fetch(this.url + path, {
        method,
        headers: { ...this.#headers, "content-type": `${contentType}; charset=utf-8` },
        body: question === undefined ? null : JSON.stringify(question),
        // One would make a GET of a POST, and send the credentials elsewhere.
        redirect: "manual",
        signal: AbortSignal.timeout(this.#access.answerMs ?? 30_000),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      const { name, cause } = error as Error;
      // A host with several addresses fails with one fault for each.
      if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0];
      if (cause instanceof Error) return cause;
      if (name === "TimeoutError" || name === "TypeError") return error as Error;
      throw error;
    }
  }

  /** Why there is no answer to judge: `waits` was not executed and may pass, `unknown` may pass, `final` will not. */
  #problemOf(answer: Answer | Error): { kind: "waits" | "unknown" | "final"; text: string; cure: string } | undefined {
    if (answer instanceof Error) {
      const reason =
        answer.name === "TimeoutError" ? "no answer in time" : String(Object(answer).code ?? answer.message);
      const tls = /CERT|SSL|TLS|EPROTO|SIGNATURE|PACKET_LENGTH/.test(reason);
      return {
        kind: tls ? "final" : "unknown",
        text: `ksqlDB at ${this.url} can not be reached (${reason}).`,
        cure: tls
          ? "Check the scheme and port of KSQLDB_URL, and the certificate's authority (NODE_EXTRA_CA_CERTS)."
          : "Check KSQLDB_URL (scheme, host, port), and that the server runs and can be reached from here.",
      };
    }
    const { status } = answer;
    const text = `ksqlDB at ${this.url} answers ${status}${this.#wordsOf(answer)}.`;
    if (status === 401 || status === 403) {
      if (this.#headers["authorization"] === undefined)
        return { kind: "final", text, cure: "It wants a key: set KSQLDB_API_KEY and KSQLDB_API_SECRET." };
      const cure =
        "A fresh key takes minutes to be known (--wait). Else check KSQLDB_API_KEY and KSQLDB_API_SECRET: the key must " +
        "be one of this ksqlDB cluster, and its owner must have the right to it (KsqlAdmin).";
      return { kind: "waits", text, cure };
    }
    if (status === 429)
      return { kind: "waits", text, cure: "It limits the rate: try again later, or wait longer (--wait)." };
    if (status === 503)
      return {
        kind: "waits",
        text,
        cure: "It is starting, stopping or too busy: look at its log, or wait longer (--wait).",
      };
    if (status >= 500 || status === 408)
      return {
        kind: "unknown",
        text,
        cure: "Look at the log of the server, and of what stands before it; then try again.",
      };
    return undefined;
  }

  #judge(step: string, answer: Answer, what: string): unknown {
    const { status, headers } = answer;
    const body = parseJson(answer.text);
    const type = headers.get("content-type")?.split(";")[0] ?? "no content type";
    if (status === 200 && typeof body === "object" && body !== null) return body;
    const code = typeof body === "object" && body !== null ? (body as Json)["error_code"] : undefined;
    if (status >= 400 && typeof code === "number" && code >= 40000)
      throw new Refused(`${step}: ksqlDB at ${this.url} answers ${status}${this.#wordsOf(answer)}.`);
    throw this.#foreign(step, `${status}, ${type}, to ${what}`);
  }

  #foreign(step: string, how: string): UserError {
    return new UserError(
      `${step}: ${this.url} does not answer as a ksqlDB server (${how}). ` +
        "Check KSQLDB_URL: it is what stands before /ksql, as https://host, or http://127.0.0.1:8088.",
    );
  }

  /** Code and message of an answer, as far as they are meant for people: of a page its kind. */
  #wordsOf({ headers, text }: Answer): string {
    const body = parseJson(text) as Json | null | undefined;
    if (typeof body !== "object" || body === null)
      return /html/.test(headers.get("content-type") ?? "") || /^\s*</.test(text) ? " with a page of HTML" : "";
    const { error_code: code, message } = body;
    const words = typeof message === "string" ? redact(message).trim().replace(/\.$/, "").slice(0, 2000) : "";
    return `${typeof code === "number" ? ` (${code})` : ""}${words && `: ${words}`}`;
  }
}

function readStatus(body: Json): { status: string; message: string } {
  return { status: String(body["status"]), message: redact(String(body["message"] ?? "")) };
}

/** Growing, with chance in it, so that many who wait do not come together; or what the server asks for. */
function pauseBefore(attempt: number, answer: Answer | Error): number {
  const asked = answer instanceof Error ? NaN : Number(answer.headers.get("retry-after") ?? NaN);
  if (asked > 0) return Math.min(asked, 60) * 1000 * (1 + Math.random() / 10);
  return Math.min(20_000, 200 * 2 ** attempt) * (0.5 + Math.random());
}

export function seconds(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} minutes` : `${Math.max(1, Math.round(ms / 1000))} s`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
