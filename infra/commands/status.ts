/** `npm run status`: the state of a deployed environment, as its services report it. */
import { realpathSync } from "node:fs";
import { redact, UserError } from "../../program/command.ts";
import { command } from "../../program/command-line.ts";
import { count, duration, whole } from "../../program/forms.ts";
import { KsqlServer } from "../../ksqldb/server/client.ts";
import { explain, readQueries } from "../../ksqldb/server/queries.ts";
import { countDeadLetters, readConnector, readLags } from "../operations/confluent-api.ts";
import { readNewestRows } from "../operations/newest-rows.ts";
import { currentDeployment, type Deployment, queriesOfTopics } from "../operations/deployment.ts";

type Told<T> = T | { readonly error: string };

/** The answer, or the reason that there is none. */
async function told<T>(ask: () => Promise<T>): Promise<Told<T>> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UserError) return { error: redact(error.message) };
    throw error;
  }
}

/** The queries that write our topics, with what one died of lately that the server has for RUNNING all the same. */
async function readQueriesOfTopics(server: KsqlServer) {
  const step = "read the queries";
  const queries = [];
  for (const query of queriesOfTopics(await readQueries(server, step))) {
    const { fault, untold } = (query.id === undefined ? undefined : await explain(server, step, query.id)) ?? {};
    queries.push({ ...query, ...(fault !== undefined && { fault }), ...(untold !== undefined && { untold }) });
  }
  return queries;
}

/** Asks all services at once. If one does not answer, the reason stands in place of the answer. */
export async function askServices(platform: Deployment, talk: (line: string) => void) {
  const { environment, confluent, connector, deadLetterTopic, ksqldb, warehouse } = platform;
  const hours = 24;
  const [sink, deadLetters, queries, lags, newestRows] = await Promise.all([
    told(() => readConnector(confluent, connector)),
    told(async () => ({
      topic: deadLetterTopic,
      hours,
      records: await countDeadLetters(confluent, connector, hours),
    })),
    told(() => readQueriesOfTopics(new KsqlServer(ksqldb, talk))),
    told(() => readLags(confluent, connector.cluster)),
    told(() => readNewestRows(warehouse)),
  ]);
  return {
    environment,
    connector: { name: connector.name, id: connector.id },
    sink,
    deadLetters,
    queries,
    lags,
    newestRows,
  };
}

type Report = Awaited<ReturnType<typeof askServices>>;

/** A report for people, or as JSON; `ok` if all is well. `maxLag`: how many records of lag are normal. */
export function render(report: Report, asJson: boolean, maxLag = usualLag): { ok: boolean; text: string } {
  const lines = linesOf(report, maxLag);
  const ok = !lines.some((line) => line.startsWith("!"));
  return { ok, text: redact(asJson ? JSON.stringify({ ok, ...report }, undefined, 2) : lines.join("\n")) };
}

/** Some seconds of the busiest day: who is further behind has stopped, or does not keep up. */
const usualLag = 100_000;

/** A line with ! is of what is not as it should be. */
function linesOf({ connector, sink, deadLetters, queries, lags, newestRows }: Report, maxLag: number): string[] {
  const lines: string[] = [];
  const add = (text: string, isWrong = false) => void lines.push(`${isWrong ? "!" : " "} ${text}`);
  const isKnown = <T extends object>(what: string, answer: Told<T>): answer is T => {
    if ("error" in answer) add(`${what}: not known. ${answer.error}`, true);
    return !("error" in answer);
  };
  const groups = isKnown("lag", lags) ? lags : undefined;
  const lagOf = (groupEnd: string): { text: string; isMuch: boolean } => {
    const lag = groups?.find(({ group }) => group.endsWith(groupEnd));
    if (groups === undefined) return { text: "", isMuch: false };
    if (lag === undefined) return { text: ", lag not known", isMuch: false };
    return { text: `, ${count(lag.records, "record")} behind`, isMuch: lag.records > maxLag };
  };
  if (isKnown(`sink ${connector.name} (${connector.id})`, sink)) {
    const { state, trace, tasks } = sink;
    const lag = lagOf(`connect-${connector.id}`);
    const text = `sink ${connector.name} (${connector.id}): ${state}${lag.text}${because(trace)}`;
    add(text, state !== "RUNNING" || lag.isMuch);
    for (const task of tasks) add(`  task ${task.id}: ${task.state}${because(task.trace)}`, task.state === "FAILED");
  }
  if (isKnown("dead letters", deadLetters)) {
    const { topic, records, hours } = deadLetters;
    add(`dead letters: ${count(records, "record")} in the last ${hours} hours (${topic})`, records > 0);
  }
  if (isKnown("queries", queries))
    for (const { topic, id, state, fault, untold } of queries) {
      const lag = lagOf(`query_${id}`);
      const rest = id ? `${lag.text} (${id})` : "; npm run ksqldb -- apply makes it";
      const died = fault === undefined ? "" : `, died lately: ${fault}`;
      const unknown = untold === undefined ? "" : `, whether it fails is not known: ${untold}`;
      const isWrong = state !== "RUNNING" || fault !== undefined || untold !== undefined || lag.isMuch;
      add(`query of ${topic}: ${state}${rest}${died}${unknown}`, isWrong);
    }
  if (isKnown("newest rows", newestRows)) {
    add(`newest rows (${count(newestRows.bytesBilled, "byte")} billed for asking):`);
    for (const { table, time, secondsAgo, isMissed } of newestRows.rows)
      add(
        `  ${table}: ${time === null ? "none in the last day" : `${time}, ${ago(Number(secondsAgo))} ago`}`,
        isMissed,
      );
  }
  return lines;
}

function because(trace: string | undefined): string {
  return trace === undefined ? "" : `: ${trace}`;
}

function ago(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}

const declaration = {
  usage: "npm run status [-- --json] [--wait 30s] [--max-lag 100000]",
  about: `
Reports the state of the environment that TAPELINE_ENVIRONMENT names: the sink with its tasks and dead letters, ksqlDB's
queries, how far they are behind, and the newest row of each table, for which BigQuery is asked: it costs a few cents at most,
and the report says how much.
A line with ! is a problem: what is not RUNNING, or fails again and again; what is far behind; dead letters in the last 24
hours; a table without a row in the last day, except feed_quarantine, for which that is good news, and coinbase_ticker, which a
producer with keys of the exchange does not fill; what does not answer.

  behind        records in the topic that the sink or a query has yet to read
  dead letters  records that the sink could not write into a table; they are kept in a topic of their own`,
  options: {
    json: { doc: "Prints one JSON object." },
    wait: { form: duration(), default: "30s", doc: "How long to retry a service that is busy, or does not answer." },
    "max-lag": {
      form: whole(0, 1_000_000_000),
      default: String(usualLag),
      doc: "How many records sink and queries may be behind.",
    },
  },
  notes: `
Credentials: CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET, of an owner that may read metrics (MetricsViewer); for
BigQuery gcloud auth application-default login. The rest is in Terraform's outputs.`,
  exits: { 0: "all is well", 1: "something is not, or did not answer" },
} as const;

// Tests import this file, too.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename)
  await command(declaration, async ({ json, wait, "max-lag": maxLag }) => {
    const platform = await currentDeployment(wait);
    const report = await askServices(platform, (line) => void process.stderr.write(`${redact(line)}\n`));
    const { ok, text } = render(report, json, maxLag);
    // Exits then: a request of Google's client that hangs cannot be cancelled.
    process.stdout.write(`${text}\n`, () => process.exit(ok ? 0 : 1));
  });
