/** An HTTP request that is made again where that can help. */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "./command.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Longest wait for one attempt, and most attempts, which a refused connection uses up in about two seconds. */
const attemptMs = 5_000;
const attempts = 5;

/** No answer came: the fault is below HTTP. The message is the reason, and what to look at. */
export class Unreachable extends UserError {}

/**
 * The answer to a request, whatever its status. Faults of the network, 408, 429 and 5xx are tried again after growing,
 * jittered pauses, `patienceMs` in all; the last such answer is returned. Redirects are not followed: one would make a
 * GET of a POST. Throws Unreachable.
 */
export async function request(url: string, init: RequestInit = {}, patienceMs = 10_000): Promise<Answer> {
  const deadline = Date.now() + patienceMs;
  for (let attempt = 1; ; attempt++) {
    const pause = Math.random() * 125 * 2 ** attempt;
    const last = attempt === attempts || Date.now() + pause >= deadline;
    const answer = await tryOnce(url, init, Math.max(1, Math.min(attemptMs, deadline - Date.now())));
    if (answer instanceof Error) {
      if (last || isTls(answer)) throw unreachable(answer);
    } else if (last || !mayPass(answer.status)) return answer;
    await sleep(pause);
  }
}

/** Whether another attempt may be answered better, as the vendors' clients have it. */
export function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Returns a fault below HTTP. */
async function tryOnce(url: string, init: RequestInit, ms: number): Promise<Answer | Error> {
  try {
    const response = await fetch(url, { redirect: "manual", ...init, signal: AbortSignal.timeout(ms) });
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

function unreachable(cause: Error): Unreachable {
  const reason = reasonOf(cause);
  const advice = /WRONG_VERSION|EPROTO|PACKET_LENGTH/.test(reason)
    ? "It speaks no TLS there: check the URL's scheme and port."
    : isTls(cause)
      ? "Its certificate is not trusted: check the host; name an authority of your own in NODE_EXTRA_CA_CERTS."
      : "Check its URL (scheme, host, port), and that it runs and can be reached from here.";
  return new Unreachable(`(${reason}). ${advice}`, { cause });
}

function reasonOf(cause: Error): string {
  if (cause.name === "TimeoutError") return "no answer in time";
  return "code" in cause ? String(cause.code) : cause.message;
}

function isTls(cause: Error): boolean {
  return /CERT|SSL|TLS|EPROTO|SIGNATURE/.test(reasonOf(cause));
}
