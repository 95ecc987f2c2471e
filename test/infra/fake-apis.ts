/**
 * The far ends of `npm run status`, over real HTTP and in memory: Confluent's Connect and Metrics API, and BigQuery's jobs.
 * Bodies and codes are those of the documentation, and of what others measured:
 * https://docs.confluent.io/cloud/current/api.html, https://api.telemetry.confluent.cloud/docs,
 * https://github.com/open-metadata/OpenMetadata/issues/32998, https://cloud.google.com/bigquery/docs/reference/rest
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { serve } from "../serve.ts";

// Google's client looks for credentials in the network, where none are wanted.
process.env["METADATA_SERVER_DETECTION"] = "none";

/** What goes wrong with requests whose line (`GET /connect/v1/…`) matches. */
interface Fault {
  readonly on: RegExp;
  /** Always, if not given. */
  readonly times?: number;
  /** Never answers without one. */
  readonly status?: number;
  readonly body?: unknown;
}

interface Task {
  readonly id: number;
  state: string;
  readonly worker_id: string;
  msg: string;
}

/** A sample of a metric, of the minute that began so long ago. */
interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly minutesAgo: number;
  readonly value: number;
}

export interface FakeApis {
  readonly url: string;
  /** Every request: method, path and body, in the order in which they came. */
  readonly requests: readonly string[];
  readonly connector: { state: string; trace: string; readonly tasks: Task[] };
  readonly samples: Sample[];
  /** Of each table, how many seconds ago its newest row was; null without one. */
  readonly newest: Map<string, number | null>;
  fail(...faults: readonly Fault[]): void;
  /** Answers no one until so many wait. */
  hold(many: number): void;
  /** How often the connector is looked at before it changes, as it is asked to; it never does at Infinity. */
  looksToChange: number;
}

export const credentials = { key: "CLOUDKEY", secret: "cloud+secret/of=ours" };
export const place = { environment: "env-1", cluster: "lkc-1", name: "tapeline-dev-bigquery", id: "lcc-1" };
export const dataset = { project: "acme", dataset: "tapeline_dev", location: "us-central1" };

const mib = 2 ** 20;

/** Longest interval of a granularity, in minutes. */
const intervals: Record<string, number> = { PT1M: 360, PT5M: 1440, PT15M: 5760, PT30M: 10_080, ALL: Infinity };

const metrics: Record<string, { kind: "gauge" | "counter"; resource: string; id: string; labels: string[] }> = {
  "io.confluent.kafka.server/consumer_lag_offsets": {
    kind: "gauge",
    resource: "resource.kafka.id",
    id: place.cluster,
    labels: ["metric.consumer_group_id", "metric.topic", "metric.partition", "metric.client_id"],
  },
  "io.confluent.kafka.connect/dead_letter_queue_records": {
    kind: "counter",
    resource: "resource.connector.id",
    id: place.id,
    labels: [],
  },
};

interface Question {
  readonly aggregations?: readonly { readonly metric: string }[];
  readonly filter?: { readonly field: string; readonly op: string; readonly value: string };
  readonly granularity?: string;
  readonly intervals?: readonly string[];
  readonly group_by?: readonly string[];
  readonly limit?: number;
}

type Reply = readonly [status: number, body?: unknown];

/** Starts them, all well, for the test that is running. */
export async function startFakeApis(tables: readonly string[]): Promise<FakeApis> {
  const faults: { fault: Fault; left: number }[] = [];
  const jobs = new Map<string, { rows: unknown[]; billed: number }>();
  let waiting: (() => void)[] = [];
  let held = 0;
  let change: { to: string; looks: number } | undefined;
  const requests: string[] = [];
  const host = await serve(handle);
  const fake: FakeApis = {
    url: `http://${host}`,
    requests,
    connector: { state: "RUNNING", trace: "", tasks: [{ id: 0, state: "RUNNING", worker_id: place.name, msg: "" }] },
    samples: [],
    newest: new Map(tables.map((name) => [name, 3])),
    fail: (...more) => void faults.push(...more.map((fault) => ({ fault, left: fault.times ?? Infinity }))),
    hold: (many) => void (held = many),
    looksToChange: 2,
  };
  return fake;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const line = `${request.method} ${request.url}`;
    requests.push(`${line} ${body}`.trim());
    if (held > 0) {
      const turn = new Promise<void>((resolve) => waiting.push(resolve));
      if (waiting.length >= held) {
        held = 0;
        for (const go of waiting) go();
        waiting = [];
      }
      await turn;
    }
    const active = faults.find(({ fault, left }) => left > 0 && fault.on.test(line));
    if (active !== undefined) active.left--;
    if (active !== undefined && active.fault.status === undefined) return;
    const [status, answer] = active === undefined ? answerTo(request, body) : [active.fault.status!, active.fault.body];
    const isPage = typeof answer === "string";
    response.writeHead(status, { "content-type": isPage ? "text/html" : "application/json" });
    response.end(answer === undefined || isPage ? answer : JSON.stringify(answer));
  }

  function answerTo({ method, url, headers }: IncomingMessage, body: string): Reply {
    const { pathname } = new URL(url!, fake.url);
    if (pathname.startsWith("/bigquery/v2/")) return bigQuery(method!, pathname, body);
    const basic = `Basic ${Buffer.from(`${credentials.key}:${credentials.secret}`).toString("base64")}`;
    const isMetrics = pathname.startsWith("/v2/metrics/");
    if (headers.authorization !== basic)
      return isMetrics
        ? [401, { errors: [{ status: "401", detail: "Invalid credentials" }] }]
        : [401, { error: { code: 401, message: "Unauthorized" } }];
    if (isMetrics) return query(JSON.parse(body) as Question);
    const path = `/connect/v1/environments/${place.environment}/clusters/${place.cluster}/connectors/${place.name}`;
    if (method === "GET" && pathname === `${path}/status`) return [200, look()];
    const verb = method === "PUT" ? /\/(pause|resume)$/.exec(pathname)?.[1] : undefined;
    if (verb === undefined || pathname !== `${path}/${verb}`)
      return [404, { error: { code: 404, message: "connector not found" } }];
    change = { to: verb === "pause" ? "PAUSED" : "RUNNING", looks: fake.looksToChange };
    return [202];
  }

  /** It changes between two looks, its tasks with it. */
  function look(): object {
    const { connector } = fake;
    if (change !== undefined && change.looks-- <= 0) {
      connector.state = change.to;
      for (const task of connector.tasks) task.state = change.to;
      change = undefined;
    }
    const { state, trace, tasks } = connector;
    return {
      name: place.name,
      type: "sink",
      connector: { state, worker_id: place.name, trace },
      tasks,
      errors_from_trace: [],
      validation_errors: [],
      override_message: "",
    };
  }

  function query({ aggregations = [], filter, granularity = "", intervals: asked = [], ...rest }: Question): Reply {
    const bad = (detail: string): Reply => [400, { errors: [{ status: "400", detail }] }];
    const [{ metric } = { metric: "" }] = aggregations;
    const known = metrics[metric];
    if (known === undefined || aggregations.length !== 1) return bad(`unknown metric: ${metric}`);
    if (filter?.op !== "EQ" || filter.field !== known.resource || filter.value !== known.id)
      return [
        403,
        { errors: [{ status: "403", detail: "Query must filter by at least one of your authorized resources" }] },
      ];
    const [, length, unit] = /^PT(\d+)([MH])\/now(?:\|m)?$/.exec(asked[0] ?? "") ?? [];
    const minutes = Number(length) * (unit === "H" ? 60 : 1);
    const longest = intervals[granularity];
    if (longest === undefined || !(minutes <= longest)) return bad(`${granularity} does not go with ${asked[0]}`);
    const { group_by: by = [], limit = 100 } = rest;
    if (by.some((label) => !known.labels.includes(label)) || limit > 1000) return bad("group_by or limit");

    const width = granularity === "ALL" ? minutes : Number(/\d+/.exec(granularity)![0]);
    const points = new Map<string, { labels: object; bucket: number; minutes: Set<number>; sum: number }>();
    const inside = fake.samples.filter(
      (sample) =>
        sample.metric === metric && sample.labels[filter.field] === filter.value && sample.minutesAgo < minutes,
    );
    for (const { labels, minutesAgo, value } of inside) {
      const group = Object.fromEntries(by.map((label) => [label, labels[label]]));
      const bucket = Math.floor(minutesAgo / width);
      const id = JSON.stringify([group, bucket]);
      const point = points.get(id) ?? { labels: group, bucket, minutes: new Set(), sum: 0 };
      point.minutes.add(minutesAgo);
      point.sum += value;
      points.set(id, point);
    }
    const groups = [...new Set([...points.values()].map(({ labels }) => JSON.stringify(labels)))].slice(0, limit);
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const data = [...points.values()]
      .filter(({ labels }) => groups.includes(JSON.stringify(labels)))
      .toSorted((a, b) => a.bucket - b.bucket)
      .map((point) => ({
        timestamp: new Date(now - (point.bucket + 1) * width * 60_000).toISOString(),
        // A gauge is averaged over time, a counter summed.
        value: known.kind === "gauge" ? point.sum / point.minutes.size : point.sum,
        ...point.labels,
      }));
    return [200, { data, meta: { pagination: { page_size: limit } } }];
  }

  function bigQuery(method: string, path: string, body: string): Reply {
    const refused = (code: number, reason: string, message: string): Reply => [
      code,
      { error: { code, message, errors: [{ message, domain: "global", reason }], status: reason } },
    ];
    const [, kind, id = ""] = /^\/bigquery\/v2\/projects\/acme\/(jobs|queries)(?:\/(.+))?$/.exec(path) ?? [];
    const reference = (jobId: string) => ({ projectId: dataset.project, jobId, location: dataset.location });
    if (method === "POST" && kind === "jobs") {
      const { configuration, jobReference } = JSON.parse(body) as {
        configuration: { query: { query: string; maximumBytesBilled?: string } };
        jobReference: { jobId: string; location: string };
      };
      const { query: sql, maximumBytesBilled = Infinity } = configuration.query;
      const selects = sql.split("UNION ALL");
      const names = selects.map((select) => /FROM `acme\.tapeline_dev\.(\w+)`/.exec(select)?.[1] ?? "");
      const unknown = names.find((name) => !fake.newest.has(name));
      if (unknown !== undefined || jobReference.location !== dataset.location)
        return refused(
          404,
          "notFound",
          `Not found: Table acme:tapeline_dev.${unknown} was not found in location ${jobReference.location}`,
        );
      if (
        !selects.every((select) => /WHERE time >= TIMESTAMP_SUB\(CURRENT_TIMESTAMP\(\), INTERVAL 1 DAY\)/.test(select))
      )
        return refused(400, "invalidQuery", "Cannot query over table without a filter over column(s) 'time'");
      const billed = names.length * 10 * mib;
      if (billed > Number(maximumBytesBilled))
        return refused(
          400,
          "bytesBilledLimitExceeded",
          `Query exceeded limit for bytes billed: ${maximumBytesBilled}. ${billed} or higher required.`,
        );
      const rows = names.toSorted().map((name) => {
        const age = fake.newest.get(name) ?? null;
        const isOld = age === null || age > 86_400;
        const time = new Date(Date.now() - (age ?? 0) * 1000).toISOString().replace(/\.\d+/, "");
        return { f: [{ v: name }, { v: isOld ? null : time }, { v: isOld ? null : String(age) }] };
      });
      jobs.set(jobReference.jobId, { rows, billed });
      return [200, { kind: "bigquery#job", jobReference: reference(jobReference.jobId), status: { state: "RUNNING" } }];
    }
    const job = jobs.get(id);
    if (job === undefined) return refused(404, "notFound", `Not found: Job acme:${id}`);
    if (kind === "jobs") {
      const statistics = { query: { totalBytesBilled: String(job.billed) } };
      return [200, { kind: "bigquery#job", jobReference: reference(id), statistics, status: { state: "DONE" } }];
    }
    const fields = ["table", "time", "secondsAgo"].map((name, i) => ({ name, type: i === 2 ? "INTEGER" : "STRING" }));
    const totalRows = String(job.rows.length);
    return [200, { jobReference: reference(id), jobComplete: true, schema: { fields }, rows: job.rows, totalRows }];
  }
}
