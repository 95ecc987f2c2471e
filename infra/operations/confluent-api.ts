/**
 * The sink's state as Confluent Cloud's APIs report it, and its switch:
 * https://docs.confluent.io/cloud/current/api.html#tag/Status-(connectv1), https://api.telemetry.confluent.cloud/docs
 *
 * Every function throws UserError, with reason and fix, if an API does not answer or refuses.
 */
import { redact } from "../../program/command.ts";
import { Service } from "../../program/http.ts";
import { type Json, objects, parseJson, text } from "../../program/json.ts";

export interface ConfluentAccess {
  /** A Cloud API key, for both APIs. */
  readonly key: string;
  readonly secret: string;
  readonly connectUrl: string;
  readonly metricsUrl: string;
  /** How long a question is asked again that may be answered better. */
  readonly waitMs: number;
}

export interface Connector {
  readonly environment: string;
  readonly cluster: string;
  readonly name: string;
  readonly id: string;
}

/** States of a connector and its tasks: RUNNING, PAUSED, FAILED, PROVISIONING, DEGRADED, … */
export async function readConnector(access: ConfluentAccess, connector: Connector) {
  const { connector: own, tasks } = await ask(access, "connect", "GET", `${pathOf(connector)}/status`);
  return {
    ...stateOf((own ?? {}) as Json),
    tasks: objects(tasks).map((task) => ({ id: text(task["id"]), ...stateOf(task) })),
  };
}

/** Asks a connector to pause or resume, which takes it a while. */
export async function switchConnector(access: ConfluentAccess, connector: Connector, verb: "pause" | "resume") {
  await ask(access, "connect", "PUT", `${pathOf(connector)}/${verb}`);
}

/** How many records a connector gave up in the last `hours`. */
export async function countDeadLetters(access: ConfluentAccess, { id }: Connector, hours: number): Promise<number> {
  const points = await query(access, "io.confluent.kafka.connect/dead_letter_queue_records", {
    filter: { field: "resource.connector.id", op: "EQ", value: id },
    granularity: "ALL",
    intervals: [`PT${hours}H/now|m`],
  });
  // If nothing happened there are no data points.
  return points.reduce((sum, { value }) => sum + Number(value), 0);
}

/** How many records each consumer group of a cluster is behind. */
export async function readLags(access: ConfluentAccess, cluster: string) {
  const labels = ["metric.consumer_group_id", "metric.topic", "metric.partition"] as const;
  const points = await query(access, "io.confluent.kafka.server/consumer_lag_offsets", {
    filter: { field: "resource.kafka.id", op: "EQ", value: cluster },
    // Down to the partition and the minute: coarser values are sums or means over what should not be added.
    group_by: labels,
    granularity: "PT1M",
    intervals: ["PT10M/now|m"],
    limit: 1000,
  });
  const inTime = points.toSorted((a, b) => (text(a["timestamp"]) < text(b["timestamp"]) ? -1 : 1));
  const newest = new Map(inTime.map((point) => [JSON.stringify(labels.map((label) => point[label])), point]));
  const lags = new Map<string, number>();
  for (const { [labels[0]]: group, value } of newest.values())
    lags.set(text(group), (lags.get(text(group)) ?? 0) + Number(value));
  return [...lags].map(([group, records]) => ({ group, records }));
}

async function query(access: ConfluentAccess, metric: string, question: Json): Promise<Json[]> {
  const body = { aggregations: [{ metric }], ...question };
  return objects((await ask(access, "metrics", "POST", "/v2/metrics/cloud/query", body))["data"]);
}

function pathOf({ environment, cluster, name }: Connector): string {
  return `/connect/v1/environments/${environment}/clusters/${cluster}/connectors/${encodeURIComponent(name)}`;
}

/** A connector reports its error in `trace`; a task in `msg` according to the documentation, or in `trace`. */
function stateOf({ state, trace, msg }: Json): { state: string; trace?: string } {
  const [line = ""] = (text(trace) || text(msg)).trim().split("\n");
  return { state: text(state), ...(line !== "" && { trace: redact(line) }) };
}

/** The JSON of a successful answer. Every request may be retried. */
async function ask(
  { key, secret, waitMs, connectUrl, metricsUrl }: ConfluentAccess,
  api: "connect" | "metrics",
  method: string,
  path: string,
  body?: Json,
): Promise<Json> {
  const { name, ...fixes } = apis[api];
  const service = new Service(name, { url: api === "connect" ? connectUrl : metricsUrl, key, secret }, fixes);
  const answer = await service.ask(method, path, body, waitMs);
  const json = answer.text === "" ? {} : parseJson(answer.text);
  if (answer.status >= 200 && answer.status < 300 && json !== undefined) return json;
  throw service.fault(answer);
}

const common = {
  401: "Check CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET: it must be a Cloud API key, not one of a cluster.",
  404: "It is not there: npm run deploy -- --plan shows whether it was deleted by hand.",
  429: "The service limits the rate: try again in a minute.",
  later: "Ask again later: https://status.confluent.cloud reports outages.",
  other: "Look at what stands between it and here, a proxy for example; or the API has changed.",
};

const apis = {
  connect: {
    ...common,
    name: "Confluent's Connect API",
    403: "The key's owner has no right to the connector: use a key of an OrganizationAdmin.",
  },
  metrics: {
    ...common,
    name: "Confluent's Metrics API",
    403: "The key's owner may not read metrics: give it the role MetricsViewer.",
  },
};
