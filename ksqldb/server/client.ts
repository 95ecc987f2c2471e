/**
 * A client of ksqlDB's REST API: https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-rest-api/
 *
 * What may pass is waited for: a fresh key is unknown (401, 403) for minutes, a server that starts answers 503. A
 * statement whose answer does not come may have been executed: it is not sent again from here, but told as `Lost`.
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

/** How far a command is: QUEUED, PARSING, EXECUTING, RUNNING, SUCCESS, ERROR or TERMINATED. */
export interface CommandStatus {
  readonly commandId: string;
  readonly status: string;
  readonly message: string;
}

/** The server does not take a statement, or could not execute it. */
export class Refused extends UserError {}

/** The answer to a statement did not come: it may have been executed, or not. */
export class Lost extends UserError {}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What is wrong below the API: `waits` was not executed and may pass, `unknown` may pass, `final` will not. */
interface Trouble {
  readonly kind: "waits" | "unknown" | "final";
  readonly text: string;
  readonly cure: string;
}

const contentType = "application/vnd.ksql.v1+json";

const ofKey =
  "A fresh key takes minutes to be known: wait longer (--wait). Else check KSQLDB_API_KEY and KSQLDB_API_SECRET: it must be " +
  "a key of this ksqlDB cluster, and its owner must have the right to it (KsqlAdmin).";

/** Answers that mean that nothing was executed and that may pass; and what to do where they do not. */
const patience: Readonly<Record<number, string>> = {
  401: ofKey,
  403: ofKey,
  429: "It limits the rate: wait longer (--wait).",
  503: "It is starting, stopping or busy: look at its log, or wait longer (--wait).",
};

/** How long a question is asked again over a connection, or a gateway, that fails. */
const networkMs = 10_000;

export class KsqlServer {
  /** Its URL, as messages name it. */
  readonly url: string;
  readonly #access: ServerAccess;
  readonly #talk: (line: string) => void;
  readonly #headers: Record<string, string> = { accept: `${contentType}, application/json` };
  /** Of the last command: whatever follows is answered when that has been executed. */
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
    const { KsqlServerInfo } = (await this.#ask(step, "/info")) as Json;
    if (typeof KsqlServerInfo === "object" && KsqlServerInfo !== null) return KsqlServerInfo as Json;
    throw this.#foreign(step, "JSON of another kind to /info");
  }

  /** The entity with which the server answers a statement that changes nothing. Without `wait` it is asked once. */
  async ask(step: string, statement: string, type: string, { wait = true } = {}): Promise<Json> {
    const answer = (await this.#ask(step, "/ksql", this.#body(statement, {}), wait ? "question" : "once")) as Json[];
    const found = Array.isArray(answer) ? answer.find((entity) => entity["@type"] === type) : undefined;
    if (found !== undefined) return found;
    throw new UserError(
      `${step}: ${this.url} does not answer ${statement} with ${type}. ` +
        "Check the server's version: this speaks to ksqlDB 0.28 (Confluent Platform 7.4) and later.",
    );
  }

  /** Sends a statement that changes something. Throws Refused, and Lost. */
  async send(step: string, statement: string, properties: Readonly<Record<string, string>>): Promise<CommandStatus> {
    const answer = await this.#ask(step, "/ksql", this.#body(statement, properties), "command");
    const [entity = {}] = Array.isArray(answer) ? (answer as Json[]) : [];
    const { commandId, commandStatus, commandSequenceNumber: sequence, message } = entity;
    if (typeof commandId !== "string")
      throw new Refused(
        `${step}: ${this.url} did nothing${typeof message === "string" ? `: ${redact(message)}` : "."}`,
      );
    if (typeof sequence === "number" && sequence >= 0) this.#sequence = sequence;
    return { commandId, ...readStatus(commandStatus) };
  }

  /** How far a command is; undefined if the server does not know it. */
  async status(step: string, commandId: string): Promise<CommandStatus | undefined> {
    try {
      const path = `/status/${commandId.split("/").map(encodeURIComponent).join("/")}`;
      return { commandId, ...readStatus(await this.#ask(step, path)) };
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  /** Waits, unless the user stops it: throws UserError then. */
  async pause(step: string, ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#access.stop }).catch(() => this.#checkStop(step));
  }

  #checkStop(step: string): void {
    if (this.#access.stop?.aborted)
      throw new UserError(`${step}: stopped. What was executed stays; the same command again goes on from there.`);
  }

  #body(ksql: string, streamsProperties: Readonly<Record<string, string>>): Json {
    return { ksql, streamsProperties, ...(this.#sequence < 0 ? {} : { commandSequenceNumber: this.#sequence }) };
  }

  /** The JSON of a good answer. What may pass is asked again; a command only where it surely was not executed. */
  async #ask(
    step: string,
    path: string,
    question?: Json,
    manner: "question" | "once" | "command" = "question",
  ): Promise<unknown> {
    const started = Date.now();
    for (let attempt = 0; ; attempt++) {
      this.#checkStop(step);
      const answer = await this.#once(path, question);
      const trouble = answer instanceof Error ? this.#networkTrouble(answer) : this.#statusTrouble(answer);
      if (trouble === undefined) return this.#read(step, answer as Answer, path);
      const { kind, text, cure } = trouble;
      if (kind === "unknown" && manner === "command")
        throw new Lost(`${step}: ${text} Whether the statement was executed is not known.`);
      const most = kind === "waits" ? this.#access.waitMs : Math.min(networkMs, this.#access.waitMs);
      const pause = pauseBefore(attempt, answer);
      if (kind === "final" || manner === "once" || Date.now() + pause > started + most) {
        const after = attempt > 0 ? ` It was asked for ${duration(Date.now() - started)}.` : "";
        throw new UserError(`${step}: ${text}${after} ${cure}`);
      }
      if (attempt === 0) this.#talk(`${step}: ${text} Asking again, for up to ${duration(most)}.`);
      await this.pause(step, pause);
    }
  }

  async #once(path: string, question: Json | undefined): Promise<Answer | Error> {
    try {
      const response = await fetch(this.url + path, {
        method: question === undefined ? "GET" : "POST",
        headers: { ...this.#headers, "content-type": `${contentType}; charset=utf-8` },
        body: question === undefined ? null : JSON.stringify(question),
        // A redirect would make a GET of a POST.
        redirect: "manual",
        signal: AbortSignal.timeout(this.#access.answerMs ?? 30_000),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      const { name, cause } = error as Error;
      // A host with several addresses fails with one fault for each.
      if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0];
      if (cause instanceof Error) return cause;
      if (name === "TimeoutError") return error as Error;
      throw error;
    }
  }

  #networkTrouble(error: Error): Trouble {
    const { name, message } = error;
    const reason = name === "TimeoutError" ? "no answer in time" : "code" in error ? String(error.code) : message;
    const text = `ksqlDB at ${this.url} can not be reached (${reason}).`;
    return /CERT|SSL|TLS|EPROTO|SIGNATURE|PACKET_LENGTH/.test(reason)
      ? {
          kind: "final",
          text,
          cure: "Check KSQLDB_URL (https, port); NODE_EXTRA_CA_CERTS names authorities of your own.",
        }
      : {
          kind: "unknown",
          text,
          cure: "Check KSQLDB_URL (scheme, host, port), and that the server runs and can be reached.",
        };
  }

  #statusTrouble(answer: Answer): Trouble | undefined {
    const { status } = answer;
    const text = `ksqlDB at ${this.url} answers ${status}${wordsOf(answer)}.`;
    if ((status === 401 || status === 403) && this.#headers["authorization"] === undefined)
      return { kind: "final", text, cure: "It wants a key: set KSQLDB_API_KEY and KSQLDB_API_SECRET." };
    const waits = patience[status];
    if (waits !== undefined) return { kind: "waits", text, cure: waits };
    if (status < 500 && status !== 408) return undefined;
    return { kind: "unknown", text, cure: "Look at the log of the server, and of what stands before it." };
  }

  #read(step: string, answer: Answer, path: string): unknown {
    const { status, headers } = answer;
    const body = parseJson(answer.text);
    if (status === 200 && body !== undefined) return body;
    const code = body?.["error_code"];
    if (typeof code === "number" && code >= 40000)
      throw new Refused(`${step}: ksqlDB at ${this.url} answers ${status}${wordsOf(answer)}.`);
    const type = headers.get("content-type")?.split(";")[0] ?? "no content type";
    throw this.#foreign(step, `${status}, ${type}, to ${path}`);
  }

  #foreign(step: string, how: string): UserError {
    return new UserError(
      `${step}: ${this.url} does not answer as a ksqlDB server (${how}). ` +
        "Check KSQLDB_URL: it is what stands before /ksql, as https://host, or http://127.0.0.1:8088.",
    );
  }
}

/** Code and message of an answer, as far as they are meant for people: of a page its kind. */
function wordsOf({ text }: Answer): string {
  const body = parseJson(text);
  if (body === undefined) return /^\s*</.test(text) ? " with a page of HTML" : "";
  const { error_code: code, message } = body;
  const words = typeof message === "string" ? redact(message).trim().replace(/\.$/, "").slice(0, 2000) : "";
  return `${typeof code === "number" ? ` (${code})` : ""}${words && `: ${words}`}`;
}

function readStatus(body: unknown): Pick<CommandStatus, "status" | "message"> {
  const { status, message } = (body ?? {}) as { status?: string; message?: string };
  return { status: status ?? "", message: redact(message ?? "") };
}

/** Growing, with chance in it, so that many who wait do not come together; or what the server asks for. */
function pauseBefore(attempt: number, answer: Answer | Error): number {
  const asked = answer instanceof Error ? 0 : Number(answer.headers.get("retry-after"));
  if (asked > 0) return Math.min(asked, 60) * 1000 * (1 + Math.random() / 10);
  return Math.min(20_000, 200 * 2 ** attempt) * (0.5 + Math.random());
}

export function duration(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} minutes` : `${Number((ms / 1000).toFixed(1))} s`;
}

function parseJson(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
