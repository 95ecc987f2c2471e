/** What stands between a question and its answer: what may pass, and what to do where it does not. */
import { type Answer, type Fixes, mayPass, type Service, Unreachable, wordsOf } from "../../program/http.ts";
import { knownCure } from "./cures.ts";
import { parseJson } from "../../program/json.ts";

export interface Trouble {
  /** `waits`: nothing was executed, and it may pass; `unknown`: it may pass; `final`: it will not. */
  readonly kind: "waits" | "unknown" | "final";
  readonly reason: string;
  readonly cure: string;
}

const ofKey =
  "A fresh key takes minutes to be known: wait longer (--wait). Else check KSQLDB_API_KEY and KSQLDB_API_SECRET: it must be " +
  "a key of this ksqlDB cluster, and its owner must have the right to it (KsqlAdmin).";

const ofStart = "A server takes some 20 s to start: wait longer (--wait).";

/** What to do about answers that do not pass. */
export const fixes: Fixes = {
  401: ofKey,
  403: ofKey,
  429: "It limits the rate: wait longer (--wait).",
  503: "It is starting, stopping or busy: look at its log, or wait longer (--wait).",
  keyless: "It wants a key: set KSQLDB_API_KEY and KSQLDB_API_SECRET.",
  later: "Look at the log of the server, and at what stands before it.",
  other: "",
};

/** Answers that mean that nothing was executed and that may pass. */
const waits = [401, 403, 429, 503];

/** Undefined of an answer to be read. */
export function troubleOf(answer: Answer | Unreachable, service: Service): Trouble | undefined {
  const { title } = service;
  if (answer instanceof Unreachable) {
    const { reason, cure, isFinal } = answer;
    const told = `${title} cannot be reached (${reason}).`;
    // Nobody listens yet: nothing was executed.
    if (reason === "ECONNREFUSED") return { kind: "waits", reason: told, cure: `${cure} ${ofStart}` };
    return { kind: isFinal ? "final" : "unknown", reason: told, cure };
  }
  const { status } = answer;
  const reason = `${title} answers ${wordsOf(answer)}.`;
  const cure = service.fixOf(status);
  if (waits.includes(status)) return { kind: !service.hasKey && status < 429 ? "final" : "waits", reason, cure };
  if (!mayPass(status) || isRefusal(answer)) return undefined;
  return { kind: "unknown", reason, cure: knownCure(wordsOf(answer)) ?? cure };
}

/**
 * A server says 500 (50000) of every fault that it foresaw no code for. Most are found before anything is done: a topic
 * with other partitions, an unknown property. Not known is only what became of a command on its way through Kafka.
 */
function isRefusal({ status, text }: Answer): boolean {
  const { error_code: code, message } = parseJson(text) ?? {};
  return status === 500 && code === 50000 && typeof message === "string" && !isAmbiguous(message);
}

function isAmbiguous(message: string): boolean {
  // Not the name of a setting, as request.timeout.ms.
  return /command topic|timed?[ -]?out(?!\.ms)|interrupted|disconnect/i.test(message);
}

/** Growing, with chance in it, so that many who wait do not come together; or what the server asks for. */
export function pauseBefore(attempt: number, answer: Answer | Unreachable): number {
  const asked = answer instanceof Unreachable ? 0 : Number(answer.headers.get("retry-after"));
  if (asked > 0) return Math.min(asked, 60) * 1000 * (1 + Math.random() / 10);
  return Math.min(20_000, 200 * 2 ** attempt) * (0.5 + Math.random());
}
