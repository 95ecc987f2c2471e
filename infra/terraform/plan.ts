/** What Terraform has planned, and what it keeps: https://developer.hashicorp.com/terraform/internals/json-format */
import { holdsData } from "../policies/protection.ts";
import { startsAgain } from "./plan-restarts.ts";
import { terraform } from "./terraform.ts";

export type Body = Readonly<Record<string, unknown>>;

export interface PlannedChange {
  readonly address: string;
  readonly type: string;
  readonly mode: string;
  /** Why it is deleted or recreated. */
  readonly action_reason?: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Body | null;
    readonly after: Body | null;
    /** What makes it a replacement: `[["kafka_cluster", 0, "id"]]`. */
    readonly replace_paths?: readonly (readonly (string | number)[])[];
  };
}

interface Plan {
  readonly resource_changes?: readonly PlannedChange[];
  /** What was found to differ from the state, deleted by hand for example. */
  readonly resource_drift?: readonly PlannedChange[];
  readonly output_changes?: Readonly<Record<string, { readonly actions: readonly string[] }>>;
  /** Since Terraform 1.7: also what only moves or is imported. */
  readonly applyable?: boolean;
}

export type Planned = Awaited<ReturnType<typeof readPlan>>;

/** What is to be known of a plan in a file of the stack's folder. */
export async function readPlan(dir: string, file: string) {
  const plan = await show<Plan>(dir, file);
  const { resource_changes: all = [], output_changes: outputs = {}, applyable } = plan;
  const changes = all.filter(({ mode, change }) => mode === "managed" && change.actions[0] !== "no-op");
  const deleted = changes.filter(({ change }) => change.actions.includes("delete"));
  const address = (one: PlannedChange) => one.address;
  const makes = (what: (one: PlannedChange) => boolean) =>
    changes.some((one) => what(one) && one.change.actions.includes("create"));
  return {
    isEmpty: !(
      applyable ??
      (changes.length > 0 || Object.values(outputs).some(({ actions }) => actions[0] !== "no-op"))
    ),
    /** What loses rows or messages, and how, one text each. */
    lost: changes.flatMap(losses),
    /** Addresses of what would be deleted while its service still protects it. */
    locked: deleted.filter(({ change }) => change.before?.["deletion_protection"] === true).map(address),
    /** Addresses of topics that would get more partitions. */
    grown: changes.filter(grows).map(address),
    /** Addresses of keys that would go though Terraform itself uses them. */
    exchanged: exchanged(all).map(address),
    /** What begins to read again, and what that does to rows, one text each. */
    again: startsAgain(
      all.filter(({ mode }) => mode === "managed"),
      plan.resource_drift ?? [],
    ),
    /** Whether the plan applies the statements, to the server that runs them now. */
    sendsStatements:
      makes((one) => one.address.endsWith("statements-apply")) &&
      !makes(({ type }) => type === "confluent_ksql_cluster"),
    addresses: all.map(address),
  };
}

/** What of a change deletes data: all of it, a column, or what gets older than it may. */
function losses({ address, type, change: { actions, before, after } }: PlannedChange): string[] {
  // Made, or no longer looked after.
  if (before === null || actions.includes("forget")) return [];
  const [was, becomes] = [before, after ?? {}];
  if (actions.includes("delete")) return holdsData({ type, body: was }) ? [`${address}, all of it`] : [];
  if (type === "google_bigquery_table") {
    const kept = columns(becomes);
    const gone = columns(was).filter((name) => !kept.includes(name));
    const [from, to] = [expiration(was), expiration(becomes)];
    const older = to !== 0 && (from === 0 || to < from);
    return [
      ...(holdsData({ type, body: was }) ? gone.map((name) => `${address}, the column ${name}`) : []),
      ...(older ? [`${address}, rows older than ${to / 86_400_000} days`] : []),
    ];
  }
  return type === "confluent_kafka_topic" ? topicLosses(address, was, becomes) : [];
}

function grows({ type, change: { actions, before, after } }: PlannedChange): boolean {
  const [was, becomes] = [before, after].map((one) => Number(one?.["partitions_count"] ?? 0)) as [number, number];
  return type === "confluent_kafka_topic" && actions.join() === "update" && becomes > was;
}

/**
 * Keys that would be deleted, though Terraform reads topics and schemas with them: a run that ends before these have another
 * leaves it with keys that open nothing, for its next plan too. If a key must be recreated, so is what it opens.
 */
function exchanged(all: readonly PlannedChange[]): PlannedChange[] {
  const asked = ["replace_by_request", "delete_because_no_resource_config"];
  const used = new Set(
    all.flatMap(({ change }) => ((change.before?.["credentials"] ?? []) as Body[]).map(({ key }) => key)),
  );
  return all.filter(
    ({ type, action_reason: reason = "", change }) =>
      type === "confluent_api_key" && asked.includes(reason) && used.has(change.before?.["id"]),
  );
}

type Settings = Readonly<Record<string, string | undefined>>;

function topicLosses(address: string, ...configs: [was: Body, becomes: Body]): string[] {
  const [was, becomes] = configs.map(({ config }) => config ?? {}) as [Settings, Settings];
  const isLess = (name: string) => {
    const [from, to] = [was, becomes].map((one) => Number(one[name] ?? -1)) as [number, number];
    return to >= 0 && (from < 0 || to < from);
  };
  const isCompacted = (one: Settings) => (one["cleanup.policy"] ?? "").includes("compact");
  const days = Number(becomes["retention.ms"]) / 86_400_000;
  return [
    ...(isLess("retention.ms") ? [`${address}, messages older than ${days} days`] : []),
    ...(isLess("retention.bytes") ? [`${address}, messages beyond ${becomes["retention.bytes"]} bytes`] : []),
    ...(isCompacted(becomes) && !isCompacted(was) ? [`${address}, all messages of a key but the last`] : []),
  ];
}

function columns({ schema }: Body): string[] {
  return typeof schema !== "string" ? [] : (JSON.parse(schema) as { name: string }[]).map(({ name }) => name);
}

/** Milliseconds that a partition is kept; 0 for ever. */
function expiration({ time_partitioning: blocks }: Body): number {
  return Number((blocks as readonly Body[] | undefined)?.[0]?.["expiration_ms"] ?? 0);
}

interface State {
  readonly values?: { readonly root_module: { readonly resources?: readonly Resource[] } };
}

interface Resource {
  readonly address: string;
  readonly type: string;
  readonly tainted?: boolean;
  readonly values: Body;
}

/** Addresses of what is protected and would be recreated because it was not finished when a run ended. */
export async function readTainted(dir: string, isProtected: boolean): Promise<string[]> {
  const { values } = await show<State>(dir);
  const resources = values?.root_module.resources ?? [];
  return resources
    .filter(({ tainted = false, type, values: body }) => tainted && holdsData({ type, body }))
    .filter(({ values: body }) => isProtected || body["deletion_protection"] === true)
    .map(({ address }) => address);
}

async function show<T>(dir: string, ...file: string[]): Promise<T> {
  return JSON.parse(await terraform(dir, ["show", "-json", ...file], {}, "answer")) as T;
}
