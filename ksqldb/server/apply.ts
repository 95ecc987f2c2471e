/**
 * Carries a plan out, one statement at a time: each is sent when the one before it has been executed, and at the end every
 * query has to run. After a failure in the middle the next plan begins with what is there, so the same command goes on.
 */
import { UserError } from "../../command.ts";
import { duration, Lost, Refused, type KsqlServer } from "./client.ts";
import { differences } from "./compare.ts";
import { changesOf, type Step } from "./plan.ts";
import { readErrors, readQueries, readState } from "./state.ts";

export interface Outcome {
  readonly step: Step;
  /** `found`: the answer was lost, and it turned out to have been executed. */
  readonly result: "done" | "found" | "failed" | "not reached";
  readonly ms?: number;
  readonly message?: string;
}

export interface ApplyOptions {
  readonly from: "earliest" | "latest";
  /** How long a statement may take, and then all queries to run. */
  readonly timeoutMs: number;
  readonly talk: (line: string) => void;
}

/** Times that a statement is sent at most. */
const attempts = 3;

/** Throws UserError at the first step that fails; `outcomes` gets one for every step, also then. */
export async function carryOut(
  server: KsqlServer,
  plan: readonly Step[],
  options: ApplyOptions,
  outcomes: Outcome[],
): Promise<void> {
  const steps = changesOf(plan);
  for (const [i, step] of steps.entries()) {
    const started = Date.now();
    try {
      const done = await execute(server, step, options);
      const ms = Date.now() - started;
      outcomes.push({ step, ms, ...done });
      options.talk(
        `${titleOf(step)}: ${done.result === "found" ? "has been executed, as it turns out" : "done"}, ${duration(ms)}`,
      );
    } catch (error) {
      const { message } = error as Error;
      outcomes.push({ step, result: "failed", ms: Date.now() - started, message });
      outcomes.push(...steps.slice(i + 1).map((later) => ({ step: later, result: "not reached" }) as const));
      if (!(error instanceof UserError)) throw error;
      const left = steps.slice(i).map(({ action, name }) => `${action} ${name}`);
      throw new UserError(
        `${message}\n${i} of ${steps.length} steps are done and stay. Left: ${left.join(", ")}. The same command goes on from there.`,
        { cause: error },
      );
    }
  }
}

function titleOf({ action, name, desired }: Step): string {
  return `${action} ${name}${desired === undefined ? "" : ` (${desired.file})`}`;
}

async function execute(
  server: KsqlServer,
  step: Step,
  options: ApplyOptions,
): Promise<{ result: "done" | "found"; message?: string }> {
  const title = titleOf(step);
  for (let attempt = 1; ; attempt++) {
    try {
      return { result: "done", message: await sendAndWait(server, title, step.sql!, options) };
    } catch (error) {
      if (!(error instanceof Lost) && !(error instanceof Refused)) throw error;
      if (error instanceof Lost) options.talk(`${error.message} Looking.`);
      // What is refused, as being there already or no more, may be the trace of an answer that was lost.
      if (await isThere(server, step)) return { result: "found" };
      if (error instanceof Refused) throw new UserError(`${error.message} ${cureOf(error.message)}`, { cause: error });
      if (attempt === attempts)
        throw new UserError(
          `${error.message} It was sent ${attempts} times, and has not been executed. Look at the log of the server, ` +
            "and at what stands between it and here.",
          { cause: error },
        );
      await server.pause(title, 200 * 2 ** attempt);
    }
  }
}

/** Returns the server's message when it has executed the statement. Throws Lost, and Refused where it could not. */
async function sendAndWait(
  server: KsqlServer,
  title: string,
  sql: string,
  { from, timeoutMs, talk }: ApplyOptions,
): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  let now = await server.send(title, sql, { "auto.offset.reset": from });
  for (let poll = 0; now.status !== "SUCCESS"; poll++) {
    const { commandId, status, message } = now;
    if (status === "ERROR" || status === "TERMINATED")
      throw new Refused(
        `${title}: the server took it and could not execute it (${status}): ${message.replace(/\.$/, "")}.`,
      );
    if (Date.now() >= deadline)
      throw new UserError(
        `${title}: the server took it, and its status is still ${status} after ${duration(timeoutMs)} (/status/${commandId}). ` +
          "Look whether the server runs and reads its command topic; or wait longer (--timeout).",
      );
    await server.pause(title, Math.min(2_000, 50 * 2 ** poll, Math.max(1, deadline - Date.now())));
    const next = await server.status(title, commandId);
    // A server that was started again does not know it.
    if (next === undefined) throw new Lost(`${title}: the server no longer knows the command ${commandId}.`);
    if (poll === 5) talk(`${title}: ${next.status}`);
    now = next;
  }
  return now.message;
}

/** Whether the server is as the step would leave it. */
async function isThere(server: KsqlServer, { action, name, desired }: Step): Promise<boolean> {
  const source = (await readState(server, `look for ${name}`)).sources.get(name);
  return action === "drop" ? source === undefined : source !== undefined && differences(source, desired!).length === 0;
}

const cures: readonly [RegExp, string][] = [
  [
    /exists, with different/,
    "Give the topic the PARTITIONS and RETENTION_MS of the statement: it belongs to the infrastructure.",
  ],
  [
    /opic .* does not exist/,
    "Create the topic first: deploy the infrastructure, or npm run producer -- --create-topics.",
  ],
  [
    /already exists|does not exist|read from this source|into this source/,
    "The server has changed meanwhile: look at what plan says now.",
  ],
  [/not upgradeable|not yet supported/, "apply --replace drops it and makes it anew."],
  [/exceed|limit/i, "The cluster runs as many queries as it may: terminate others, or take a larger one."],
  [/uthoriz|denied/, "ksqlDB's own account lacks a right: to the topic, its group, or the subject of its schema."],
  [
    /ncompatible|NAME_MISMATCH|chema Registry/,
    "Look in the Schema Registry who registered the topic's subject, and its compatibility.",
  ],
];

function cureOf(message: string): string {
  return cures.find(([pattern]) => pattern.test(message))?.[1] ?? "Mend the statement, or what it needs.";
}

/** Waits until what the queries write is written: returns their ids by what they write. Throws UserError with their faults. */
export async function waitForQueries(
  server: KsqlServer,
  names: readonly string[],
  { timeoutMs, talk }: ApplyOptions,
): Promise<Record<string, string>> {
  const step = "wait for the queries to run";
  const deadline = Date.now() + timeoutMs;
  for (let poll = 0; ; poll++) {
    const all = await readQueries(server, step);
    const own = (name: string) => all.find(({ sinks, inserts }) => sinks.includes(name) && !inserts);
    const late = names.filter((name) => own(name)?.state !== "RUNNING");
    if (late.length === 0) return Object.fromEntries(names.map((name) => [name, own(name)!.id]));
    const states = late.map(
      (name) => `${own(name)?.id ?? `the query of ${name}`} is ${own(name)?.state ?? "not there"}`,
    );
    const broken = late
      .flatMap((name) => own(name) ?? [])
      .filter(({ state }) => /^(ERROR|UNRESPONSIVE|PAUSED)$/.test(state));
    if (broken.length > 0) {
      const errors: string[] = [];
      for (const { id } of broken)
        errors.push(...(await readErrors(server, step, id)).slice(-3).map((line) => `\n  ${id}: ${line}`));
      throw new UserError(
        `${step}: ${states.join(", ")}.${errors.join("")}\nThe statements are in place. ` +
          "Mend what a query complains of: ksqlDB starts it again by itself; RESUME one that is paused.",
      );
    }
    if (Date.now() >= deadline)
      throw new UserError(
        `${step}: ${states.join(", ")} after ${duration(timeoutMs)}. The statements are in place. Look at the server's log; ` +
          "or wait longer (--timeout).",
      );
    if (poll === 5) talk(`${step}: ${states.join(", ")}`);
    await server.pause(step, Math.min(2_000, 50 * 2 ** poll));
  }
}
