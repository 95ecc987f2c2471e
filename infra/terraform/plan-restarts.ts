/** What a plan makes begin to read again, and what that does to rows: written twice, or lost. */
import { readStatements } from "../../ksqldb/statements.ts";
import type { Body, PlannedChange } from "./plan.ts";

const day = 86_400_000;

/**
 * One text each. What is created for the first time does not start again, unless it was deleted by hand, which shows in the drift that
 * Terraform found. If the Kafka cluster is replaced too, the topics go with it, and there is nothing to read again.
 */
export function startsAgain(changes: readonly PlannedChange[], drift: readonly PlannedChange[]): string[] {
  const isMade = ({ change }: PlannedChange) => change.actions.includes("create");
  const wasThere = ({ address, change }: PlannedChange) =>
    change.before !== null || drift.some((one) => one.address === address && one.change.actions.includes("delete"));
  const again = changes.filter((one) => isMade(one) && wasThere(one));
  if (again.some(({ type }) => type === "confluent_kafka_cluster")) return [];
  // If no statement has been applied, a server that was only half created has run none.
  const applied = changes.find(({ address }) => address.endsWith("statements-apply"));
  const server =
    applied !== undefined && !wasThere(applied)
      ? undefined
      : (again.find(({ type }) => type === "confluent_ksql_cluster") ??
        again.find(({ address }) => address.endsWith("statements-teardown")));
  const sinks = again.filter(({ type }) => type === "confluent_connector");
  return [...(server === undefined ? [] : [ofServer(server, changes)]), ...sinks.map((sink) => ofSink(sink, changes))];
}

const folded =
  "Views and functions keep one row of each identity and stay right; the base tables keep, and bill, both until their partitions expire";

function ofServer(server: PlannedChange, changes: readonly PlannedChange[]): string {
  const { sources, plans } = readStatements();
  const written = plans.map(({ sink }) => sink.topic);
  const read = [...sources.values()].map(({ topic }) => topic).filter((topic) => !written.includes(topic));
  return lines(
    `${server.address} is replaced${why(server)}: the statements are dropped, and begin at the oldest record of ${kept(read, changes)}`,
    `written twice: what ${written.join(", ")} have of that time, in their topics and in BigQuery. ${folded}`,
    "lost: nothing; rows from before that time are as they were",
  );
}

function ofSink(sink: PlannedChange, changes: readonly PlannedChange[]): string {
  const settings = (sink.change.after?.["config_nonsensitive"] ?? {}) as Readonly<Record<string, string>>;
  const topics = (settings["topics"] ?? "").split(",");
  const begin = `${sink.address} is replaced${why(sink)}: another consumer group, which begins at the`;
  // A worker of Connect begins at the oldest record unless its settings say otherwise.
  const reset = settings["consumer.override.auto.offset.reset"] ?? settings["auto.offset.reset"] ?? "earliest";
  if (reset !== "earliest")
    return lines(
      `${begin} newest record (${reset})`,
      "lost: what the old one has not written yet, and what comes before the new one runs",
    );
  return lines(
    `${begin} oldest record of ${kept(topics, changes)}`,
    `written twice: the rows of that time in each of these tables. ${folded}`,
    "lost: nothing; what waits in the dead letter queue of the old one stays there",
  );
}

/** The topics with how far back they reach. */
function kept(topics: readonly string[], changes: readonly PlannedChange[]): string {
  const reach = new Map<string, string[]>();
  for (const topic of topics) {
    const { change } = changes.find(
      ({ type, change: { after } }) => type === "confluent_kafka_topic" && after?.["topic_name"] === topic,
    ) ?? { change: undefined };
    const retention = ((change?.after?.["config"] ?? {}) as Body)["retention.ms"];
    const back = retention === undefined ? "as far as it goes back" : `${Number(retention) / day} days back`;
    reach.set(back, [...(reach.get(back) ?? []), topic]);
  }
  return [...reach].map(([back, names]) => `${names.join(", ")} (${back})`).join("; ");
}

/** What of it differs, or what else makes it so. */
function why({ action_reason: reason = "", change }: PlannedChange): string {
  const { before, after, replace_paths: paths = [] } = change;
  if (before === null) return ", because it was deleted by hand";
  const names = [...new Set(paths.map(([name]) => String(name)))];
  const isPlain = (value: unknown) => typeof value === "string" || typeof value === "number";
  const changed = names.map((name) => {
    const [from, to] = [before[name], after?.[name]];
    return isPlain(from) && isPlain(to) ? `${name} ${String(from)} → ${String(to)}` : name;
  });
  if (changed.length > 0) return ` (${changed.join(", ")})`;
  const [was, becomes] = [before, after].map((one) => ((one?.["config_nonsensitive"] ?? {}) as Body)["name"]);
  if (isPlain(was) && isPlain(becomes) && was !== becomes) return ` (name ${String(was)} → ${String(becomes)})`;
  return { replace_by_request: " (--replace)", replace_because_tainted: " (it was not finished)" }[reason] ?? "";
}

function lines(...texts: readonly string[]): string {
  return texts.join("\n    ");
}
