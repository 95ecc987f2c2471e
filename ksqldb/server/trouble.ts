/** What stands between a question and its answer: what may pass, and what to do where it does not. */
import { type Answer, type Fixes, mayPass, type Service, Unreachable, wordsOf } from "../../program/http.ts";
import { parseJson } from "../../program/json.ts";
import { catalog } from "../../schemas/catalog.ts";

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
  keyless: "It requires a key: set KSQLDB_API_KEY and KSQLDB_API_SECRET.",
  later: "Check the log of the server, and the gateway in front of it.",
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

/** What helps when a server refuses a statement, by its words. */
const cures: readonly [RegExp, string | ((topic: string) => string)][] = [
  [
    /processing\.guarantee/,
    "Every query must run exactly once, and this server does not let a request set that: set ksql.streams.processing.guarantee=exactly_once_v2 " +
      "in its configuration (in Confluent Cloud ALTER SYSTEM 'processing.guarantee'='exactly_once_v2' in the ksql command line). " +
      "Then statements are sent without it.",
  ],
  [/Not recognizable as .* property/, "This version of ksqlDB does not know the property: 0.28 or later is needed."],
  [/exists, with different/, "Give the topic the PARTITIONS and RETENTION_MS of the statement, in the infrastructure."],
  [/Non-windowed tables do not support retention/, "Take RETENTION_MS out of the statement: only windows have one."],
  [/Refusing to delete topic/, "Drop without --delete-topics: others use the topic."],
  [
    /soft deleted|clean up the schema registry/i,
    "Its subject was deleted halfway: DROP it without DELETE TOPIC, and delete the subject permanently (permanent=true).",
  ],
  [/command topic/, "The server cannot use its own topic of commands: look at its log, and whether it reaches Kafka."],
  [/opic '?([\w.-]+)'? does not exist/, topicCure],
  [/already exists|does not exist|this source/, "The server has changed in the meantime: run plan again."],
  [/not upgradeable|not yet supported/, "DROP it by hand, which keeps its topic: apply recreates it."],
  [/exceed|limit/i, "The cluster runs as many queries as it allows: terminate others, or use a larger one."],
  [/uthoriz|denied/, "ksqlDB's own account lacks a permission: on the topic, its group, or the subject of its schema."],
  [/ncompatible|NAME_MISMATCH|chema Registry/, "Check who registered the topic's subject, and its compatibility."],
];

/** What is known to help; undefined where nothing is. */
function knownCure(message: string): string | undefined {
  for (const [pattern, cure] of cures) {
    const match = pattern.exec(message);
    if (match !== null) return typeof cure === "string" ? cure : cure(match[1] ?? "");
  }
  return undefined;
}

export function cureOf(message: string): string {
  return knownCure(message) ?? "Fix the statement, or what it needs.";
}

/** How a topic that is missing comes to be: whoever writes it makes it. */
export function topicCure(topic: string): string {
  const writer = catalog.find(({ name }) => name === topic)?.writtenBy;
  if (writer === "producer")
    return "Create the topic: deploy the infrastructure, or npm run producer -- --create-topics.";
  if (writer === undefined) return "Create the topic, or give the statement PARTITIONS: then ksqlDB makes it.";
  return (
    "Deploy the infrastructure, which makes the topic. On a Kafka of your own ksqlDB makes it with the statement: " +
    "drop what writes it, and what reads that (npm run ksqldb -- destroy), then apply."
  );
}
