/**
 * Carries out a plan, one statement at a time: each is sent when the one before it has been executed. After a failure in
 * the middle the next plan starts from what is there, so the same command continues.
 */
import { UserError } from "../../program/command.ts";
import { type CommandStatus, duration, Lost, Refused, type KsqlServer } from "./client.ts";
import { differences } from "./compare.ts";
import { exactlyOnce, guaranteeProperty, isExactlyOnce, serverGuarantee } from "./queries.ts";
import { changesOf, type Step } from "./plan.ts";
import { readSources } from "./state.ts";
import { cureOf } from "./trouble.ts";

export interface Outcome {
  readonly step: Step;
  /** `found`: the answer was lost, and the statement was executed. */
  readonly result: "done" | "found" | "failed" | "not reached";
  readonly ms?: number;
  readonly message?: string;
}

export interface ApplyOptions {
  readonly from: "earliest" | "latest";
  /** How long a statement may take. */
  readonly timeoutMs: number;
  readonly talk: (line: string) => void;
}

/** How many times a statement is sent at most. */
const attempts = 3;

/** Throws UserError at the first step that fails; `outcomes` gets one for every step, even then. */
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
      const how = done.result === "found" ? "was executed after all" : "done";
      options.talk(`${titleOf(step)}: ${how}, ${duration(ms)}`);
    } catch (error) {
      const { message } = error as Error;
      outcomes.push({ step, result: "failed", ms: Date.now() - started, message });
      outcomes.push(...steps.slice(i + 1).map((later) => ({ step: later, result: "not reached" }) as const));
      if (!(error instanceof UserError)) throw error;
      const left = steps.slice(i).map(({ action, name }) => `${action} ${name}`);
      throw new UserError(
        `${message}\n${i} of ${steps.length} steps are done and stay. Left: ${left.join(", ")}. The same command continues from there.`,
        { cause: error },
      );
    }
  }
}

function titleOf({ action, name, desired }: Step): string {
  return `${action} ${name} (${desired!.file})`;
}

type Properties = Readonly<Record<string, string>>;

/** What a query keeps for as long as it runs. */
const propertiesOf = ({ from }: ApplyOptions): Properties => ({
  "auto.offset.reset": from,
  [guaranteeProperty]: exactlyOnce,
});

/** A statement that is lost, or refused, may have been executed: `execute` checks that before it sends it again, or gives up. */
async function execute(
  server: KsqlServer,
  step: Step,
  options: ApplyOptions,
): Promise<Pick<Outcome, "result" | "message">> {
  const title = titleOf(step);
  let request: Request = { sql: step.sql!, properties: step.action === "drop" ? {} : propertiesOf(options) };
  for (let attempt = 1; ; attempt++) {
    try {
      return { result: "done", message: await sendAndWait(server, title, request, options) };
    } catch (error) {
      if (!(error instanceof Lost) && !(error instanceof Refused)) throw error;
      if (error instanceof Lost) options.talk(`${error.message} Looking.`);
      if (await isExecuted(server, step)) return { result: "found" };
      if (error instanceof Refused) {
        const other = await withoutWhat(server, step, request, error.message, options);
        if (other === undefined) throw new UserError(`${error.message} ${cureOf(error.message)}`, { cause: error });
        request = other;
        continue;
      }
      if (attempt === attempts)
        throw new UserError(
          `${error.message} It was sent ${attempts} times, and has not been executed. ${error.cure}`,
          { cause: error },
        );
      await server.pause(title, 200 * 2 ** attempt);
      // A slow server may have executed it by now.
      if (await isExecuted(server, step)) return { result: "found" };
    }
  }
}

interface Request {
  readonly sql: string;
  readonly properties: Properties;
}

const deleteTopic = / DELETE TOPIC;$/;

/** The request without the part that the server refused, if the rest does as well; undefined if nothing does. */
async function withoutWhat(
  server: KsqlServer,
  { action, name, topic }: Step,
  { sql, properties }: Request,
  refusal: string,
  { talk }: ApplyOptions,
): Promise<Request | undefined> {
  const { [guaranteeProperty]: guarantee, ...others } = properties;
  if (guarantee !== undefined && refusal.includes(guaranteeProperty)) {
    const ofServer = await serverGuarantee(server, `${action} ${name}`);
    if (!isExactlyOnce(ofServer)) return undefined;
    talk(`${action} ${name}: the server does not let a request set ${guaranteeProperty}; its own is ${ofServer}.`);
    return { sql, properties: others };
  }
  // It deletes the topic, then its subject, then drops: after a failure in between it fails forever.
  if (deleteTopic.test(sql) && /clean up the (schema registry|topic)/i.test(refusal)) {
    talk(
      `${refusal}\nThe server is stuck at deleting the topic ${topic}: ${name} is dropped without it. Check whether the topic still exists, and the ` +
        `subject ${topic}-value in the registry.`,
    );
    return { sql: sql.replace(deleteTopic, ";"), properties };
  }
  return undefined;
}

/** Returns the server's message when it has executed the statement. Throws Lost, and Refused where it could not. */
async function sendAndWait(
  server: KsqlServer,
  title: string,
  { sql, properties }: Request,
  { timeoutMs }: ApplyOptions,
): Promise<string> {
  let now: CommandStatus | undefined = await server.send(title, sql, properties);
  const { commandId } = now;
  return server.waitFor(title, timeoutMs, async () => {
    now ??= await server.status(title, commandId);
    // A restarted server does not know it.
    if (now === undefined)
      throw new Lost(
        `${title}: the server no longer knows the command ${commandId}.`,
        "Check the log of the server: it may have lost its command topic.",
      );
    const { status, message } = now;
    now = undefined;
    if (status === "SUCCESS") return { found: message };
    if (status !== "ERROR" && status !== "TERMINATED")
      return { missing: `the server accepted it, and its status is still ${status} (/status/${commandId})` };
    const words = message.replace(/\.$/, "");
    throw new Refused(`${title}: the server accepted it and could not execute it (${status}): ${words}.`);
  });
}

/** Whether the server is as the step would leave it. */
async function isExecuted(server: KsqlServer, { action, name, desired }: Step): Promise<boolean> {
  const source = (await readSources(server, `look for ${name}`)).get(name);
  return action === "drop" ? source === undefined : source !== undefined && differences(source, desired!).length === 0;
}
