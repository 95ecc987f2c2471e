/** `npm run pause` and `npm run resume`: the sink and the queries stop, and continue where they stopped. */
import { realpathSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { redact, UserError } from "../../program/command.ts";
import { command } from "../../program/command-line.ts";
import { duration as durationForm } from "../../program/forms.ts";
import { duration, KsqlServer } from "../../ksqldb/server/client.ts";
import { readQueries } from "../../ksqldb/server/queries.ts";
import { readConnector, switchConnector } from "../operations/confluent-api.ts";
import { currentDeployment, type Deployment, queriesOfTopics } from "../operations/deployment.ts";

type Verb = "pause" | "resume";

const target = { pause: "PAUSED", resume: "RUNNING" } as const;

/**
 * Pauses the sink, then the queries; resumes in the opposite order, each for up to `timeoutMs`. What is so already is left.
 * Throws UserError if one refuses or does not get there; the same command again continues.
 */
export async function switchDeployment(
  platform: Deployment,
  verb: Verb,
  timeoutMs: number,
  talk: (line: string) => void,
): Promise<void> {
  const steps = verb === "pause" ? [switchSink, switchQueries] : [switchQueries, switchSink];
  for (const step of steps) await step(platform, verb, timeoutMs, talk);
}

const switchSink: typeof switchDeployment = async ({ confluent, connector }, verb, timeoutMs, talk) => {
  const sink = `sink ${connector.name}`;
  const deadline = Date.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    const { state, trace } = await readConnector(confluent, connector);
    if (state === target[verb]) return talk(`${sink}: ${state}${attempt === 0 ? " already" : ""}`);
    if (attempt === 0) await switchConnector(confluent, connector, verb);
    else if (Date.now() >= deadline)
      throw new UserError(
        `${verb} ${sink}: it is still ${state}${trace === undefined ? "" : ` (${trace})`} after ${duration(timeoutMs)}. Look at it in Confluent's console, ` +
          "or wait longer (--timeout); the same command again continues from here.",
      );
    if (attempt === 0) talk(`${sink}: ${state}, asked to ${verb}`);
    await sleep(Math.min(2_000, 50 * 2 ** attempt, Math.max(1, deadline - Date.now())));
  }
};

const switchQueries: typeof switchDeployment = async ({ ksqldb }, verb, timeoutMs, talk) => {
  const server = new KsqlServer(ksqldb, talk);
  const step = `${verb} the queries`;
  const read = async () => queriesOfTopics(await readQueries(server, step)).filter(({ state }) => state !== "MISSING");
  const before = await read();
  for (const { id, state } of verb === "pause" ? before : before.toReversed()) {
    // RESUME is for what is paused: what failed is started again by ksqlDB itself.
    if ((state === "PAUSED") === (verb === "pause")) continue;
    const { status, message } = await server.send(`${verb} ${id}`, `${verb.toUpperCase()} ${id};`, {});
    if (status === "ERROR") throw new UserError(`${verb} ${id}: ksqlDB could not: ${message}`);
  }
  await server.waitFor(step, timeoutMs, async () => {
    const wrong = (await read()).filter(({ state }) => state !== target[verb]);
    if (wrong.length === 0) return { found: true };
    return { missing: wrong.map(({ id, state }) => `${id} is ${state}`).join(", ") };
  });
  talk(`queries: ${target[verb]} (${before.map(({ id }) => id).join(", ")})`);
};

const declaration = {
  usage: `
npm run pause [-- --timeout 2m] [--wait 30s]
npm run resume [-- --timeout 2m] [--wait 30s]`,
  lines: ["pause", "resume"],
  own: 1,
  about: `
  pause     Pauses the sink, then every query of ksqlDB that writes a topic of ours, and waits until they are paused.
  resume    The same in reverse: they continue where they were. After a failure the same command continues.`,
  options: {
    timeout: { form: durationForm(), default: "2m", doc: "How long the sink, and then the queries, may take." },
    wait: {
      form: durationForm(),
      default: "30s",
      doc: "How long to retry a service that is busy, or does not answer.",
    },
  },
  notes: `
A running producer continues to write. What waits in a topic longer than the topic keeps it (7 days; RAW_RETENTION_DAYS) is
lost to BigQuery: resume before that.
Terraform does not know of a pause: npm run deploy leaves a paused sink as it is; a query whose statement it changes, and
npm run ksqldb -- apply, wait for queries to run and fail while they are paused. Resume first.
What continues to cost: ksqlDB by its streaming units, the Kafka cluster and what it stores, BigQuery's storage; whether a
paused sink's tasks are billed, Confluent's bill shows. npm run destroy ends all of it.
Credentials are those of npm run status.`,
  exits: { 1: "refused, failed or not in time" },
} as const;

// Tests import this file, too.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename)
  await command(declaration, async ({ timeout, wait }, [verb]) => {
    const talk = (line: string) => void process.stderr.write(`${redact(line)}\n`);
    await switchDeployment(await currentDeployment(wait), verb === "resume" ? "resume" : "pause", timeout, talk);
  });
