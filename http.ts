/** An HTTP request that is made again where that can help. */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "./command.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const attempts = 4;
const patience = 5_000;
const firstWait = 250;

/**
 * The answer to a request, whatever its status. Faults of the network, 408, 429 and 5xx are tried again, a few seconds
 * in all; the last such answer is returned. Throws UserError when the host can not be reached at all.
 */
export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt === attempts;
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(patience) });
      const { status, headers } = response;
      const text = await response.text();
      if (last || !(status === 408 || status === 429 || status >= 500)) return { status, headers, text };
    } catch (error) {
      if (last) throw new UserError(`${new URL(url).origin} can not be reached: ${reasonOf(error)}.`, { cause: error });
    }
    // Full jitter: processes that fail together do not come back together.
    await sleep(firstWait * 2 ** attempt * Math.random());
  }
}

/** What a fetch failed of: it wraps the reason in one, or in one for each address of the host. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as Error & { cause?: unknown };
  if (name === "TimeoutError") return `no answer in ${patience / 1000} s`;
  const inner = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  return inner instanceof Error ? inner.message : (error as Error).message;
}
