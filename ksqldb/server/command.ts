/** `npm run ksqldb -- plan | apply | destroy`: from the command line to the server and back to a report. */
import { parseDuration, redact, stopSignal, UsageError, UserError } from "../../command.ts";
import { readEnvironment, type Environment } from "../../environment.ts";
import { SchemaRegistry } from "../../schemas/registry.ts";
import { carryOut, waitForQueries, type Outcome } from "./apply.ts";
import { check, type Checks } from "./checks.ts";
import { KsqlServer } from "./client.ts";
import type { Desired } from "./desired.ts";
import { changesOf, planApply, planDestroy, type Plan } from "./plan.ts";
import { planText, reportJson, type Report } from "./report.ts";
import { readState } from "./state.ts";

export type ServerCommand = "plan" | "apply" | "destroy";

/** For `parseCommand`. */
export const serverOptions = {
  replace: { type: "boolean" },
  from: { type: "string" },
  "delete-topics": { type: "boolean" },
  "detailed-exitcode": { type: "boolean" },
  wait: { type: "string" },
  timeout: { type: "string" },
} as const;

export const serverHelp = `npm run ksqldb -- plan | apply | destroy [options]

  plan       Compares ksqldb/*.sql with what the ksqlDB server of KSQLDB_URL runs, and tells what apply would do.
  apply      Does it: creates what is missing and replaces in place what the server takes. Does nothing at all where
             a change can not be made in place. What means the same is not sent. Waits until every query runs.
             After a failure the same command goes on.
  destroy    Drops the streams and tables that ksqldb/*.sql name, what reads before what it reads, and nothing else.

  --replace            Drops what can not be changed in place, with everything of these files that reads it, and
                       makes it anew. plan --replace tells what that does to the rows.
  --from               Where a new query begins to read: earliest (default) or latest.
  --delete-topics      Deletes the topics of the derived streams and tables that are dropped, too. Never a raw topic.
  --detailed-exitcode  plan exits 3 if there is something to do.
  --wait               How long a server that refuses the key, is starting or limits the rate is asked again: a fresh
                       key takes minutes to be known. Default 10m for apply, 30s for the others.
  --timeout            How long a statement may take, and then the queries to run. Default 5m.

Credentials are KSQLDB_API_KEY and KSQLDB_API_SECRET of the environment; with SCHEMA_REGISTRY_URL the raw schemas are
checked before anything is sent. A report as JSON goes to stdout, the talk to stderr.
Exit codes: 0 done, or nothing to do; 1 refused or failed, with the reason; 2 a command line not understood;
3 see --detailed-exitcode.
`;

export interface ServerValues {
  readonly replace?: boolean | undefined;
  readonly from?: string | undefined;
  readonly "delete-topics"?: boolean | undefined;
  readonly "detailed-exitcode"?: boolean | undefined;
  readonly wait?: string | undefined;
  readonly timeout?: string | undefined;
}

/** Runs a command. Throws UserError on whatever was refused or failed, after its report was printed. */
export async function runServerCommand(
  command: ServerCommand,
  values: ServerValues,
  desired: readonly Desired[],
  environment: Environment = readEnvironment(),
): Promise<void> {
  const { from = "earliest" } = values;
  if (from !== "earliest" && from !== "latest") throw new UsageError(`--from ${from}: earliest or latest is expected.`);
  const options = { from, replace: values.replace === true, deleteTopics: values["delete-topics"] === true } as const;
  const waitMs = parseDuration("--wait", values.wait ?? (command === "apply" ? "10m" : "30s"));
  const timeoutMs = parseDuration("--timeout", values.timeout ?? "5m");
  const talk = (line: string) => void process.stderr.write(`${redact(line)}\n`);
  const stop = stopSignal(undefined, (again) =>
    talk(again ? "ended" : "stopping after what is under way; again to end at once"),
  );

  const url = environment.required("KSQLDB_URL", "the ksqlDB server, as https://host, or http://127.0.0.1:8088");
  const [key, secret] = [environment.text("KSQLDB_API_KEY"), environment.secret("KSQLDB_API_SECRET")];
  environment.check();
  const server = new KsqlServer({ url, key, secret, waitMs, stop }, talk);
  const registry = readRegistry(environment);

  const { version, kafkaClusterId, ksqlServiceId } = await server.info();
  const about = { url: server.url, version, kafkaClusterId, ksqlServiceId };
  const state = await readState(server, "read what the server has");
  const plan = command === "destroy" ? planDestroy(desired, state, options) : planApply(desired, state, options);
  const checks: Checks = command === "destroy" ? { faults: [], notes: [] } : await check(plan, state, registry);
  talk(planText(plan, checks));

  const report: Report = { command, server: about, plan, checks };
  const print = (more: Partial<Report> = {}) => void process.stdout.write(redact(reportJson({ ...report, ...more })));
  if (command === "plan") {
    print();
    if (values["detailed-exitcode"] && (changesOf(plan).length > 0 || isRefused(plan))) process.exitCode = 3;
    return;
  }
  const outcomes: Outcome[] = [];
  try {
    refuse(plan, checks);
    await carryOut(server, plan, { from, timeoutMs }, outcomes, talk);
    const derived = desired.filter(({ ast }) => ast.kind === "createAs").map(({ name }) => name);
    const queries = command === "destroy" ? {} : await waitForQueries(server, derived, timeoutMs, talk);
    print({ outcomes, queries });
  } catch (error) {
    print({ outcomes, error: (error as Error).message });
    throw error;
  }
}

const isRefused = (plan: Plan) => plan.some(({ action }) => action === "refuse");

/** Nothing is sent where a part can not be: half of a change is worse than none. */
function refuse(plan: Plan, { faults }: Checks): void {
  const reasons = plan
    .filter(({ action }) => action === "refuse")
    .map(({ name, because, cure }) => `\n  ${name}: ${because.join("; ")}\n    ${cure}`);
  const all = [...reasons, ...faults.map((fault) => `\n  ${fault}`)];
  if (all.length > 0) throw new UserError(`nothing was sent, since this can not be done:${all.join("")}`);
}

function readRegistry(environment: Environment): SchemaRegistry | undefined {
  const url = environment.text("SCHEMA_REGISTRY_URL");
  if (url === undefined) return undefined;
  const [key, secret] = [environment.text("SCHEMA_REGISTRY_API_KEY"), environment.secret("SCHEMA_REGISTRY_API_SECRET")];
  return new SchemaRegistry({ url, key, secret });
}
