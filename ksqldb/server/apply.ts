/**
 * Carries a plan out, one statement at a time: each is sent when the one before it has been executed, and at the end every
 * query has to run. After a failure in the middle the next plan begins with what is there, so the same command goes on.
 */
import { UserError } from "../../command.ts";
import { duration, Lost, Refused, type CommandStatus, type KsqlServer } from "./client.ts";
import { differences } from "./compare.ts";
import { changesOf, type Plan, type Step } from "./plan.ts";
import { readErrors, readQueries, readState } from "./state.ts";

export interface Outcome {
  readonly step: Step;
  /** `found`: its answer was lost, and it turned out to have been executed. */
  readonly result: "done" | "found" | "failed" | "not reached";
  readonly ms: number;
  readonly message?: string;
}

export interface ApplyOptions {
  readonly from: "earliest" | "latest";
  /** How long a statement may take, and then all queries to run. */
  readonly timeoutMs: number;
}

const attempts = 3;

/** Throws UserError at the first step that fails; `outcomes` is filled with every step's, also then. */
export async function carryOut(
  server: KsqlServer,
  plan: Plan,
  options: ApplyOptions,
  outcomes: Outcome[],
  talk: (line: string) => void,
): Promise<void> {
  const steps = changesOf(plan);
  for (const [i, step] of steps.entries()) {
    const started = Date.now();
    try {
      const { result, message } = await execute(server, step, options, talk);
      const ms = Date.now() - started;
      outcomes.push({ step, result, ms, message });
      talk(`${titleOf(step)}: ${result === "found" ? "was executed, as it turns out" : "done"}, ${duration(ms)}`);
    } catch (error) {
      const message = (error as Error).message;
      outcomes.push({ step, result: "failed", ms: Date.now() - started, message });
      for (const later of steps.slice(i + 1)) outcomes.push({ step: later, result: "not reached", ms: 0 });
      if (!(error instanceof UserError) || steps.length === 1) throw error;
      throw new UserError(`${message}\n${progress(i, steps)}`, { cause: error });
    }
  }
}

export function titleOf({ action, name, desired }: Step): string {
  return `${action} ${name}${desired === undefined || action === "drop" ? "" : ` (${desired.file})`}`;
}

function progress(done: number, steps: readonly Step[]): string {
  const left = steps.slice(done).map(({ action, name }) => `${action} ${name}`);
  return `${done} of ${steps.length} steps are done and stay. Left: ${left.join(", ")}. The same command again goes on from there.`;
}

async function execute(
  server: KsqlServer,
  step: Step,
  { from, timeoutMs }: ApplyOptions,
  talk: (line: string) => void,
): Promise<{ result: "done" | "found"; message: string }> {
  const title = titleOf(step);
  for (let attempt = 1; ; attempt++) {
    try {
      const sent = await server.send(title, step.sql!, { "auto.offset.reset": from });
      const message = await executed(server, title, sent, timeoutMs, talk);
      return { result: "done", message };
    } catch (error) {
      if (!(error instanceof Lost) && !(error instanceof Refused)) throw error;
      // What is refused as being there already, or as not being there, may be the trace of an answer that was lost.
      if (error instanceof Lost) talk(`${error.message} Looking.`);
      if (await isThere(server, step)) return { result: "found", message: "" };
      if (error instanceof Refused) throw new Refused(`${error.message} ${cureOf(error.message)}`, { cause: error });
      if (attempt === attempts)
        throw new UserError(
          `${error.message} It was sent ${attempts} times, and the server has not executed it. ` +
            "Look at the server's log, and at what stands between it and here.",
          { cause: error },
        );
    }
  }
}

/** Waits until a command has been executed; returns the server's message. Throws Refused where it failed. */
async function executed(
  server: KsqlServer,
  title: string,
  sent: CommandStatus,
  timeoutMs: number,
  talk: (line: string) => void,
): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  let last = sent;
  let told = sent.status;
  for (let poll = 0; ; poll++) {
    if (last.status === "SUCCESS") return last.message;
    if (last.status === "ERROR" || last.status === "TERMINATED")
      throw new Refused(`${title}: the server took it and could not execute it (${last.status}): ${last.message}.`);
    if (Date.now() >= deadline)
      throw new UserError(
        `${title}: the server took it ${duration(timeoutMs)} ago and has not executed it: its status is still ${last.status} ` +
          `(/status/${sent.commandId}). Look whether the server runs and reads its command topic; or wait longer (--timeout).`,
      );
    await server.pause(title, Math.min(2_000, 100 * 1.5 ** poll, Math.max(1, deadline - Date.now())));
    const now = await server.status(title, sent.commandId);
    // Of a server that has been restarted: what it has is looked at.
    if (now === undefined) throw new Lost(`${title}: the server no longer knows the command ${sent.commandId}.`);
    if (now.status !== told && now.status !== "SUCCESS") talk(`${title}: ${(told = now.status)}`);
    last = now;
  }
}

/** Whether the server is as the step would leave it. */
async function isThere(server: KsqlServer, { action, name, desired }: Step): Promise<boolean> {
  const { sources } = await readState(server, `look for ${name}`);
  const source = sources.get(name);
  if (action === "drop") return source === undefined;
  return source !== undefined && differences(source, desired!).length === 0;
}

const cures: readonly [RegExp, string][] = [
  [
    /already exists, with different/,
    "Topics belong to the infrastructure: give this one the PARTITIONS and RETENTION_MS of the statement.",
  ],
  [
    /opic '?[^ ]*'? does not exist/,
    "Create the topic first: deploy the infrastructure, or npm run producer -- --create-topics.",
  ],
  [/already exists/, "Someone made another object of this name meanwhile: look at what plan says now."],
  [/does not exist/, "Look at what plan says now: something that it needs is gone."],
  [
    /read from this source|reads? from|write into this source/,
    "Someone made a reader of it meanwhile: look at what plan says now.",
  ],
  [/not upgradeable|not yet supported/, "apply --replace drops it and makes it anew."],
  [/exceed|limit/i, "The cluster runs as many queries as it may: terminate others, or take a larger cluster."],
  [/uthoriz|denied|ACL/, "ksqlDB's own account lacks a right: on the topic, its group, or the schema's subject."],
  [
    /ncompatible|NAME_MISMATCH|chema Registry/,
    "Look at the subject of the topic in the Schema Registry: who registered it, and its compatibility.",
  ],
];

function cureOf(message: string): string {
  return cures.find(([pattern]) => pattern.test(message))?.[1] ?? "Correct the statement, or what it needs.";
}

/** Waits until the queries that write these sources run. Throws UserError with the faults of those that do not. */
export async function waitForQueries(
  server: KsqlServer,
  names: readonly string[],
  timeoutMs: number,
  talk: (line: string) => void,
): Promise<Record<string, string>> {
  const step = "wait for the queries to run";
  const deadline = Date.now() + timeoutMs;
  for (let poll = 0, told = ""; ; poll++) {
    const all = await readQueries(server, step);
    const states = names.map((name) => ({ name, query: all.find(({ sinks }) => sinks.includes(name)) }));
    const broken = states.filter(({ query }) => /^(ERROR|PAUSED|UNRESPONSIVE)$/.test(query?.state ?? ""));
    const waiting = states.filter(({ query }) => query?.state !== "RUNNING");
    if (waiting.length === 0) return Object.fromEntries(states.map(({ name, query }) => [name, query!.id]));
    const text = waiting.map(
      ({ name, query }) => `${query?.id ?? `the query of ${name}`} is ${query?.state ?? "not there"}`,
    );
    if (broken.length > 0 || Date.now() >= deadline) {
      const errors: string[] = [];
      for (const { query } of broken)
        for (const line of (await readErrors(server, step, query!.id)).slice(-3))
          errors.push(`\n  ${query!.id}: ${line}`);
      const paused = broken.some(({ query }) => query!.state === "PAUSED");
      throw new UserError(
        `${step}: ${text.join(", ")}${broken.length === 0 ? ` after ${duration(timeoutMs)}` : ""}.${errors.join("")}\n` +
          (paused
            ? "RESUME it, if it may run."
            : broken.length > 0
              ? "The statements are in place. Mend what the query complains of; ksqlDB starts it again by itself, or after TERMINATE and apply --replace."
              : "The statements are in place. Look at the server's log; or wait longer (--timeout)."),
      );
    }
    if (poll > 4 && told !== text.join()) talk(`${step}: ${(told = text.join())}`);
    await server.pause(step, Math.min(2_000, 100 * 1.5 ** poll));
  }
}
