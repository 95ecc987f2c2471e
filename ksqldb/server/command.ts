/** `npm run ksqldb -- plan | apply | destroy`: from the command line to the server and back to a report. */
import { agrees, redact, stopSignal, UserError } from "../../program/command.ts";
import type { Values } from "../../program/command-line.ts";
import { anyText, choice, duration, secretText } from "../../program/forms.ts";
import { readEnvironment, type Environment } from "../../program/environment.ts";
import { readRegistry } from "../../topics/registry/config.ts";
import { carryOut, type Outcome } from "./apply.ts";
import { check, type Checks } from "./checks.ts";
import { KsqlServer, type ServerAccess } from "./client.ts";
import type { Desired } from "./desired.ts";
import { changesOf, planApply, planDestroy, type Step } from "./plan.ts";
import { explainQueries, waitForQueries } from "./queries.ts";
import { planText, reportJson, type Report } from "./report.ts";
import { secretOf } from "./state-secret.ts";
import { readSources, readTopics } from "./state.ts";

export const ksqldbVariables = {
  KSQLDB_URL: {
    form: anyText,
    doc: "The ksqlDB server: what stands before /ksql, https://host or http://127.0.0.1:8088.",
  },
  KSQLDB_API_KEY: { form: anyText, doc: "Without one: no login." },
  KSQLDB_API_SECRET: { form: secretText, doc: "The key's secret." },
} as const;

const of = ["plan", "apply", "destroy"];

/** The options of plan, apply and destroy. */
export const serverOptions = {
  replace: {
    of,
    doc: `Drops what cannot be changed in place, with everything of these files that reads it, and recreates it. plan --replace
      shows what that does to the rows.`,
  },
  from: {
    of,
    form: choice("earliest", "latest"),
    default: "earliest",
    doc: "Where a new query begins to read: earliest or latest.",
  },
  "delete-topics": {
    of,
    doc: "Also deletes the topics of the derived streams and tables that are dropped. Never a raw topic.",
  },
  "detailed-exitcode": { of, doc: "plan exits 3 if there is something to do." },
  wait: {
    of,
    form: duration(),
    doc: `How long to retry a server that is not there yet, is starting, refuses the key or limits the rate: a fresh key takes
      minutes to be known. Without it: 10m for apply, 30s for the others.`,
  },
  timeout: {
    of,
    form: duration(),
    default: "2m",
    doc: "How long a statement may take, and then the queries to run.",
  },
  yes: { of, doc: "Does not ask before it drops something." },
  state: {
    of,
    form: anyText,
    doc: `Folder of a Terraform stack, whose state has the secret of KSQLDB_API_KEY. With it destroy assumes that the server is
      deleted next: one that does not answer, or whose key is gone, is passed over.`,
  },
} as const;

export const serverAbout = `
  plan         Compares ksqldb/*.sql with what the ksqlDB server of KSQLDB_URL runs, and reports what apply would do.
  apply        Does it: creates what is missing and replaces in place what the server accepts. Does nothing at all if a
               change cannot be made in place. What means the same is not sent. Waits until every query runs, and fails if
               one fails on its records. After a failure the same command continues.
  destroy      Drops the streams and tables that ksqldb/*.sql name, readers first, and nothing else.`;

export const serverNotes = `
Credentials are KSQLDB_API_KEY and KSQLDB_API_SECRET of the environment; with SCHEMA_REGISTRY_URL the raw schemas are
checked before anything is sent. Messages go to stderr, and a report as JSON to stdout, unless that is a terminal.`;

/** Where a command is at home. */
interface Surroundings {
  readonly environment: Environment;
  readonly out: (text: string) => void;
  readonly talk: (line: string) => void;
  readonly stop: AbortSignal;
  readonly agrees: (question: string) => Promise<boolean>;
}

/** Those of a process of its own. */
function surroundings(): Surroundings {
  const talk = (line: string) => void process.stderr.write(`${redact(line)}\n`);
  const onInterrupt = (again: boolean) =>
    talk(again ? "ended" : "stopping when the server has answered; again ends at once");
  const out = (text: string) => void (process.stdout.isTTY || process.stdout.write(redact(text)));
  return { environment: readEnvironment(), out, talk, stop: stopSignal(undefined, onInterrupt), agrees };
}

/**
 * Runs a command; returns its exit code. Throws UserError on whatever was refused or failed, when its report has been
 * printed.
 */
export async function runServerCommand(
  command: "plan" | "apply" | "destroy",
  values: Partial<Values<typeof serverOptions>>,
  desired: readonly Desired[],
  { environment, out, talk, stop, agrees: isAgreed }: Surroundings = surroundings(),
): Promise<number> {
  const {
    from = "earliest",
    replace = false,
    wait = command === "apply" ? 600_000 : 30_000,
    timeout: timeoutMs = 120_000,
  } = values;
  const options = { from, replace, deleteTopics: values["delete-topics"] === true };
  const registry = readRegistry(environment, "optional");
  const credentials = readAccess(environment, values.state);
  environment.check();
  // Of a stack that is being deleted, the server with it.
  const isTeardown = command === "destroy" && values.state !== undefined;
  const isGone = isTeardown && credentials.secret === undefined;
  const access = {
    ...credentials,
    ...(isGone && { key: undefined }),
    waitMs: wait,
    stop,
  };
  const server = new KsqlServer({ ...access, answerMs: Math.min(30_000, timeoutMs) }, talk);

  let report: Report = { command, server: { url: server.url }, plan: [], checks: { faults: [], notes: [] } };
  const endsWithServer = (why: string): number => {
    talk(`${why}\nNothing is dropped: the statements end with the server.`);
    out(reportJson(report));
    return 0;
  };
  if (isGone) return endsWithServer(`the key of ${server.url} no longer exists, nor does the server.`);
  const outcomes: Outcome[] = [];
  try {
    const info = await server.info().catch((error: unknown) => {
      if (isTeardown && !stop.aborted && error instanceof UserError) return error;
      throw error;
    });
    if (info instanceof UserError) return endsWithServer(info.message);
    const { version, kafkaClusterId, ksqlServiceId } = info;
    const look = "read what the server has";
    const sources = await readSources(server, look);
    const plan =
      command === "destroy"
        ? planDestroy(desired, sources, options)
        : planApply(desired, await explainQueries(server, look, sources, namesOf(desired)), options);
    const checks = await check(plan, await readTopics(server, "read the server's topics"), registry);
    report = { ...report, server: { url: server.url, version, kafkaClusterId, ksqlServiceId }, plan, checks };
    talk(planText(plan, checks));
    if (command === "plan") {
      out(reportJson(report));
      if (checks.faults.length > 0 || plan.some(({ action }) => action === "refuse")) return 1;
      return changesOf(plan).length > 0 && values["detailed-exitcode"] ? 3 : 0;
    }
    refuse(plan, checks);
    const dropped = plan.flatMap(({ action, name }) => (action === "drop" || action === "recreate" ? name : []));
    const isAsked = dropped.length > 0 && values.yes !== true;
    if (isAsked && !(await isAgreed(`Drop ${dropped.join(", ")} on ${server.url}?`)))
      throw new UserError("nothing was sent. If no one can be asked, use --yes.");
    await carryOut(server, plan, { from, timeoutMs, talk }, outcomes);
    const running = command === "destroy" ? [] : namesOf(desired.filter(({ reads }) => reads !== undefined));
    const queries = await waitForQueries(server, running, timeoutMs, outcomes.length > 0, talk);
    out(reportJson({ ...report, outcomes, queries }));
    return 0;
  } catch (error) {
    out(reportJson({ ...report, outcomes, error: (error as Error).message }));
    throw error;
  }
}

const namesOf = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);

/** Nothing is sent if a part cannot be: half of a change is worse than none. */
function refuse(plan: readonly Step[], { faults }: Checks): void {
  const refusals = plan.flatMap(({ action, name, notes, cure }) =>
    action === "refuse" ? `${name}: ${notes.join("; ")}. ${cure}` : [],
  );
  const all = [...refusals, ...faults].map((text) => `\n  ${text}`);
  if (all.length > 0) throw new UserError(`nothing was sent, since this cannot be done:${all.join("")}`);
}

function readAccess(environment: Environment, state?: string): Pick<ServerAccess, "url" | "key" | "secret"> {
  const url = environment.required(ksqldbVariables, "KSQLDB_URL");
  const { KSQLDB_API_KEY: key, KSQLDB_API_SECRET: own } = environment.read(ksqldbVariables);
  const kept = key === undefined || state === undefined ? null : secretOf(key, state);
  // What the state does not have is gone; another secret, as of .env, would open nothing.
  const secret = kept === null ? own : kept;
  if (state !== undefined && kept === null && secret === undefined)
    environment.fault(`${state} has no state: KSQLDB_API_SECRET is required`);
  return { url, key, secret };
}
