/**
 * A client of ksqlDB's REST API: https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-rest-api/
 *
 * What may pass is retried: a fresh key is unknown (401, 403) for minutes, a starting server refuses connections
 * and then answers 503. A statement whose answer does not come may have been executed: it is not sent again from here,
 * but reported as `Lost`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { redact, UserError } from "../../program/command.ts";
import { type Access, type Answer, Service, wordsOf } from "../../program/http.ts";
import { type Json, objects, parseJson, text } from "../../program/json.ts";
import { fixes, pauseBefore, troubleOf } from "./trouble.ts";

export interface ServerAccess extends Access {
  /** How long to retry a server that refuses the key, is busy or is starting. */
  readonly waitMs: number;
  /** Longest wait for one answer; 30 s if not given: the server itself waits 5 s for a command, and lists can be long. */
  readonly answerMs?: number;
  /** Ends all waiting. */
  readonly stop?: AbortSignal;
}

/** How far a command is: QUEUED, PARSING, EXECUTING, RUNNING, SUCCESS, ERROR or TERMINATED. */
export interface CommandStatus {
  readonly commandId: string;
  readonly status: string;
  readonly message: string;
}

/** The server does not take a statement, or could not execute it. */
export class Refused extends UserError {}

/** The answer to a statement did not come, or does not say: it may have been executed, or not. */
export class Lost extends UserError {
  /** What helps where it was not. */
  readonly cure: string;

  constructor(message: string, cure: string) {
    super(message);
    this.cure = cure;
  }
}

const contentType = "application/vnd.ksql.v1+json; charset=utf-8";

/** How long a question is asked again over a connection, or a gateway, that fails, since the server was last heard. */
const networkMs = 10_000;

export class KsqlServer {
  /** Its URL, as messages name it. */
  readonly url: string;
  readonly #access: ServerAccess;
  readonly #service: Service;
  readonly #talk: (line: string) => void;
  /** It has answered as a ksqlDB server does. */
  #isThere = false;
  /** Of the last command: whatever follows is answered when that has been executed. */
  #sequence = -1;

  /** Throws UserError on a URL or credentials that cannot be meant. `talk` gets the reason when it takes long. */
  constructor(access: ServerAccess, talk: (line: string) => void) {
    const settings = "ksqlDB (KSQLDB_URL, KSQLDB_API_KEY and KSQLDB_API_SECRET)";
    this.#service = new Service("ksqlDB", access, fixes, contentType, settings);
    this.url = this.#service.url;
    this.#access = access;
    this.#talk = talk;
  }

  /** Version and ids. Throws UserError where no ksqlDB answers. */
  async info(): Promise<Json> {
    const step = "ask for the server's version";
    const { KsqlServerInfo } = (await this.#ask(step, "/info")) as Json;
    if (typeof KsqlServerInfo === "object" && KsqlServerInfo !== null) return KsqlServerInfo as Json;
    throw this.#foreign(step, "JSON of another kind to /info");
  }

  /** The entity with which the server answers a statement that changes nothing. Throws Refused. */
  async ask(step: string, statement: string, type: string): Promise<Json> {
    const answer = await this.#ask(step, "/ksql", this.#body(statement, {}));
    const found = objects(answer).find((entity) => entity["@type"] === type);
    if (found !== undefined) return found;
    throw new UserError(
      `${step}: ${this.url} does not answer ${statement} with ${type}. ` +
        "Check the server's version: this speaks to ksqlDB 0.28 (Confluent Platform 7.4) and later.",
    );
  }

  /** Sends a statement that changes something. Throws Refused, and Lost. */
  async send(step: string, statement: string, properties: Readonly<Record<string, string>>): Promise<CommandStatus> {
    const answer = await this.#ask(step, "/ksql", this.#body(statement, properties), true);
    const [{ commandId, commandStatus, commandSequenceNumber: sequence, message } = {} as Json] = objects(answer);
    if (typeof commandId !== "string") throw new Refused(`${step}: ${this.url} did nothing: ${redact(text(message))}`);
    if (typeof sequence === "number" && sequence >= 0) this.#sequence = sequence;
    return statusOf(commandId, commandStatus);
  }

  /** How far a command is; undefined if the server does not know it. */
  async status(step: string, commandId: string): Promise<CommandStatus | undefined> {
    try {
      const path = `/status/${commandId.split("/").map(encodeURIComponent).join("/")}`;
      return statusOf(commandId, await this.#ask(step, path));
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  /** Looks until nothing is missing any more; throws UserError with what is, when the time is over. */
  async waitFor<T>(step: string, ms: number, look: () => Promise<{ found: T } | { missing: string }>): Promise<T> {
    const deadline = Date.now() + ms;
    for (let attempt = 0; ; attempt++) {
      const seen = await look();
      if ("found" in seen) return seen.found;
      if (Date.now() >= deadline)
        throw new UserError(
          `${step}: ${seen.missing}, after ${duration(ms)}. Check whether the server runs, and its log; ` +
            "or wait longer (--timeout).",
        );
      if (attempt === 5) this.#talk(`${step}: ${seen.missing}`);
      await this.pause(step, Math.min(2_000, 50 * 2 ** attempt, Math.max(1, deadline - Date.now())));
    }
  }

  /** Waits, unless the user stops it: throws UserError then. */
  async pause(step: string, ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#access.stop }).catch(() => this.#checkStop(step));
  }

  #checkStop(step: string): void {
    if (this.#access.stop?.aborted)
      throw new UserError(`${step}: stopped. What was executed stays; the same command again continues from there.`);
  }

  #body(ksql: string, streamsProperties: Readonly<Record<string, string>>): Json {
    return { ksql, streamsProperties, ...(this.#sequence < 0 ? {} : { commandSequenceNumber: this.#sequence }) };
  }

  /** The JSON of a good answer. What may pass is asked again; a command only where it surely was not executed. */
  async #ask(step: string, path: string, question?: Json, isCommand = false): Promise<unknown> {
    const { waitMs, answerMs = 30_000 } = this.#access;
    const started = Date.now();
    let heard = started;
    for (let attempt = 0; ; attempt++) {
      this.#checkStop(step);
      const answer = await this.#service.attempt(question === undefined ? "GET" : "POST", path, question, answerMs);
      const trouble = troubleOf(answer, this.#service);
      if (trouble === undefined) {
        const body = this.#read(step, path, answer as Answer);
        this.#isThere = true;
        return body;
      }
      const { kind, reason, cure } = trouble;
      if (kind === "unknown" && isCommand)
        throw new Lost(`${step}: ${reason} Whether the statement was executed is not known.`, cure);
      const now = Date.now();
      if (kind === "waits") heard = now;
      // Before one that starts, a gateway answers, or breaks connections; or its name is not known yet.
      const most = kind === "waits" || !this.#isThere ? waitMs : Math.min(waitMs, heard - started + networkMs);
      const pause = pauseBefore(attempt, answer);
      if (kind === "final" || now + pause > started + most) {
        const after = attempt > 0 ? ` It was retried for ${duration(now - started)}.` : "";
        throw new UserError(`${step}: ${reason}${after} ${cure}`);
      }
      if (attempt === 0) this.#talk(`${step}: ${reason} Retrying, for up to ${duration(most)}.`);
      await this.pause(step, pause);
    }
  }

  #read(step: string, path: string, answer: Answer): unknown {
    const { status, headers } = answer;
    const body = parseJson(answer.text);
    if (status === 200 && body !== undefined) return body;
    const code = body?.["error_code"];
    if (typeof code === "number" && code >= 40000)
      throw new Refused(`${step}: ksqlDB at ${this.url} answers ${wordsOf(answer)}.`);
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

function statusOf(commandId: string, body: unknown): CommandStatus {
  const { status, message } = (body ?? {}) as Json;
  return { commandId, status: text(status), message: redact(text(message)) };
}

export function duration(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} minutes` : `${Number((ms / 1000).toFixed(1))} s`;
}
