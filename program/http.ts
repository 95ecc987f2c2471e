/** HTTP: who asks whom, and a request that is made again where that can help. */
import { setTimeout as sleep } from "node:timers/promises";
import { secret as hide, UserError } from "./command.ts";

/** Where a service is, and as whom it is asked. */
export interface Access {
  /** Base URL, without credentials. */
  readonly url: string;
  /** API key and its secret, sent as basic authentication: both or neither; empty is none. */
  readonly key?: string | undefined;
  readonly secret?: string | undefined;
}

/**
 * The URL as messages may name it, and the header that says who asks. `service` is for messages. Throws UserError on a URL
 * or credentials that can not be meant.
 */
export function readAccess(
  service: string,
  { url, key, secret }: Access,
): { url: string; login: Record<string, string> } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw new UserError(`The URL of ${service} is not one: give https://host, or http://host:port.`);
  if (parsed.username !== "" || parsed.password !== "")
    throw new UserError(
      `The URL of ${service}, ${parsed.host}, has credentials in it, which would show in logs. ` +
        "Give the URL without them, and its key and secret by themselves.",
    );
  if (!key !== !secret)
    throw new UserError(`Of key and secret of ${service} at ${parsed.host} only one is given: give both.`);
  const place = parsed.origin + parsed.pathname.replace(/\/$/, "");
  if (!key || !secret) return { url: place, login: {} };
  hide(secret);
  return { url: place, login: { authorization: `Basic ${hide(Buffer.from(`${key}:${secret}`).toString("base64"))}` } };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Longest wait for one attempt, and most attempts, which a refused connection uses up in about two seconds. */
const attemptMs = 5_000;
const attempts = 5;

/** No answer came: the fault is below HTTP. The message is the reason, and what to look at. */
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
      ? "It speaks no TLS there: check the URL's scheme and port."
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

/**
 * One attempt, for what must not be made twice. Returns a fault below HTTP. Redirects are not followed: one would make a
 * GET of a POST.
 */
export async function requestOnce(url: string, init: RequestInit, ms: number): Promise<Answer | Unreachable> {
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
