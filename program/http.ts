/** Services that are asked over HTTP: where they are, as whom they are asked, when again, and what their refusals mean. */
import { setTimeout as sleep } from "node:timers/promises";
import { redact, secret as hide, UserError } from "./command.ts";
import { type Json, objects, parseJson, text as textOf } from "./json.ts";

/** The address of a service, and the credentials for it. */
export interface Access {
  /** Base URL, without credentials. */
  readonly url: string;
  /** API key and its secret, sent as basic authentication: both or neither; empty is none. */
  readonly key?: string | undefined;
  readonly secret?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What to do about an answer, by its status. */
export interface Fixes {
  readonly [status: number]: string;
  /** For 401 and 403 to a question without a key. */
  readonly keyless?: string;
  /** For what may pass, and has no fix of its own. */
  readonly later: string;
  readonly other: string;
}

/** A service and its table of fixes: one place for authentication, repeated attempts and messages. */
export class Service {
  /** Its URL, as messages name it: without query and credentials. */
  readonly url: string;
  /** Its name and URL. */
  readonly title: string;
  readonly hasKey: boolean;
  readonly #headers: Record<string, string>;
  readonly #fixes: Fixes;

  /** `settings` says what sets the URL and the key. Throws UserError on a URL or credentials that cannot be meant. */
  constructor(name: string, access: Access, fixes: Fixes, contentType = "application/json", settings = name) {
    const { url, key, secret } = access;
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
      throw new UserError(`The URL of ${settings} is not valid: use https://host, or http://host:port.`);
    if (parsed.username !== "" || parsed.password !== "")
      throw new UserError(
        `The URL of ${settings}, ${parsed.host}, contains credentials, which would show in logs. ` +
          "Give the URL without them, and the key and secret separately.",
      );
    if (!key !== !secret)
      throw new UserError(`Only one of key and secret of ${settings} at ${parsed.host} is given: give both.`);
    this.url = parsed.origin + parsed.pathname.replace(/\/$/, "");
    this.title = `${name} at ${this.url}`;
    this.hasKey = Boolean(key);
    this.#fixes = fixes;
    this.#headers = { accept: `${contentType.split(";")[0]}, application/json`, "content-type": contentType };
    if (!key || !secret) return;
    hide(secret);
    this.#headers["authorization"] = `Basic ${hide(Buffer.from(`${key}:${secret}`).toString("base64"))}`;
  }

  /** One attempt, for what must not be sent twice. Returns a fault below HTTP. */
  attempt(method: string, path: string, question: object | undefined, ms: number): Promise<Answer | Unreachable> {
    return requestOnce(this.url + path, this.#init(method, question), ms);
  }

  /** The answer, whatever its status: see `request`. Throws UserError where none comes. */
  async ask(method: string, path: string, question?: object, patienceMs?: number): Promise<Answer> {
    try {
      return await request(this.url + path, this.#init(method, question), patienceMs);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      throw new UserError(`${this.title} cannot be reached ${error.message}`, { cause: error });
    }
  }

  /** The error of an answer that is not the expected one: the service's own words, and what to do. */
  fault(answer: Answer, question = ""): UserError {
    const words = wordsOf(answer, question && ` to ${question}`, 300).replace(/\s+/g, " ");
    return new UserError(`${this.title} answers ${words}. ${this.fixOf(answer.status)}`);
  }

  fixOf(status: number): string {
    const { keyless, later, other } = this.#fixes;
    if ((status === 401 || status === 403) && !this.hasKey && keyless !== undefined) return keyless;
    return this.#fixes[status] ?? (mayPass(status) ? later : other);
  }

  #init(method: string, question: object | undefined): RequestInit {
    return { method, headers: this.#headers, body: question === undefined ? null : JSON.stringify(question) };
  }
}

/** Status, code and words of an answer, as far as they are meant for people: of a page its kind. */
export function wordsOf({ status, text }: Answer, question = "", most = 2000): string {
  const json = parseJson(text);
  const { errors, error, error_code: code, message } = json ?? {};
  // Each API, and what stands before it, has its own form of an error.
  const said =
    textOf(objects(errors)[0]?.["detail"]) || textOf((error as Json | undefined)?.["message"]) || textOf(message);
  const words = redact(said).trim().replace(/\.$/, "").slice(0, most);
  const kind = /^\s*</.test(text) ? " with a page of HTML" : json === undefined && text !== "" ? " without JSON" : "";
  return `${status}${typeof code === "number" && code !== status ? ` (${code})` : ""}${kind}${question}${words && `: ${words}`}`;
}

/** Longest wait for one attempt, and most attempts, which a refused connection uses up in about two seconds. */
const attemptMs = 5_000;
const attempts = 5;

/** No answer came: the fault is below HTTP. The message is the reason and the fix. */
export class Unreachable extends UserError {
  /** As `ECONNREFUSED`. */
  readonly reason: string;
  readonly cure: string;
  /** Another attempt would fail likewise. */
  readonly isFinal: boolean;

  constructor(cause: Error) {
    const isTimeout = cause.name === "TimeoutError";
    const reason = isTimeout ? "no answer in time" : "code" in cause ? String(cause.code) : cause.message;
    const isTls = /CERT|SSL|TLS|EPROTO|SIGNATURE/.test(reason);
    const cure = /WRONG_VERSION|EPROTO|PACKET_LENGTH/.test(reason)
      ? "It does not speak TLS there: check the URL's scheme and port."
      : isTls
        ? "Its certificate is not trusted: check the host; name an authority of your own in NODE_EXTRA_CA_CERTS."
        : "Check its URL (scheme, host, port), and that it runs and can be reached from here.";
    super(`(${reason}). ${cure}`, { cause });
    this.reason = reason;
    this.cure = cure;
    this.isFinal = isTls;
  }
}

/**
 * The answer to a request, whatever its status. Faults of the network, 408, 429 and 5xx are tried again after growing,
 * jittered pauses, `patienceMs` in all; the last such answer is returned. Throws Unreachable.
 */
export async function request(url: string, init: RequestInit = {}, patienceMs = 10_000): Promise<Answer> {
  const deadline = Date.now() + patienceMs;
  for (let attempt = 1; ; attempt++) {
    const pause = Math.random() * 125 * 2 ** attempt;
    const last = attempt === attempts || Date.now() + pause >= deadline;
    const answer = await requestOnce(url, init, Math.max(1, Math.min(attemptMs, deadline - Date.now())));
    if (answer instanceof Unreachable) {
      if (last || answer.isFinal) throw answer;
    } else if (last || !mayPass(answer.status)) return answer;
    await sleep(pause);
  }
}

/** Whether another attempt may be answered better, as the vendors' clients have it. */
export function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** One attempt. Returns a fault below HTTP. Redirects are not followed: one would make a GET of a POST. */
async function requestOnce(url: string, init: RequestInit, ms: number): Promise<Answer | Unreachable> {
  try {
    const response = await fetch(url, { redirect: "manual", ...init, signal: AbortSignal.timeout(ms) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    const { name, cause } = error as Error;
    // A host with several addresses fails with one fault for each.
    if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return new Unreachable(cause.errors[0]);
    if (cause instanceof Error) return new Unreachable(cause);
    if (name === "TimeoutError") return new Unreachable(error as Error);
    throw error;
  }
}
