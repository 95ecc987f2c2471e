/**
 * What has to be done so that a server runs what the files say. Pure: from statements and the server's state to steps.
 * A statement that means what runs is not sent; one that differs is replaced in place where the server takes that, and
 * else refused, or with `replace` dropped with everything that reads it and made anew.
 */
import { catalog } from "../../schemas/catalog.ts";
import { differences } from "./compare.ts";
import { quoted, type Desired } from "./desired.ts";
import type { Source, State } from "./state.ts";
import { whyNotInPlace } from "./upgrade.ts";

type Action = "create" | "replace" | "drop" | "recreate" | "unchanged" | "refuse" | "orphan";

export interface Step {
  readonly action: Action;
  readonly name: string;
  readonly kind: "stream" | "table";
  readonly topic: string;
  /** What the files say; of a drop that which is in its place, of an orphan nothing. */
  readonly desired?: Desired;
  /** The statement to send. */
  readonly sql?: string;
  /** Why: what differs, what stands against it. */
  readonly because: readonly string[];
  /** Of a refusal: what would help. */
  readonly cure?: string;
  /** What it means for the rows. */
  readonly data?: string;
}

export type Plan = readonly Step[];

export interface PlanOptions {
  readonly replace: boolean;
  readonly from: "earliest" | "latest";
  /** Topics that ksqlDB writes go with what wrote them. */
  readonly deleteTopics: boolean;
}

export function changesOf(plan: Plan): Step[] {
  return plan.filter(({ action }) => ["create", "replace", "drop", "recreate"].includes(action));
}

export function planApply(desired: readonly Desired[], state: State, options: PlanOptions): Plan {
  const because = new Map<string, readonly string[]>();
  const refusals = new Map<string, string>();
  for (const one of desired) {
    const server = state.sources.get(one.name);
    const found = server === undefined ? [] : differences(server, one);
    if (found.length === 0) continue;
    because.set(
      one.name,
      found.map(({ text }) => text),
    );
    const why = whyNotInPlace(server!, one, found);
    if (why !== undefined) refusals.set(one.name, why);
  }
  const fallen = readersOf([...refusals.keys()], state);
  const obstacles = options.replace ? whyNotDrop(fallen, desired, state, options) : new Map<string, string>();
  const drops = options.replace && obstacles.size === 0 ? dropSteps(fallen, desired, state, options) : [];

  const rest = desired.map((one): Step => {
    const { name, kind, topic } = one;
    const base = { name, kind, topic, desired: one, because: because.get(name) ?? [] };
    const server = state.sources.get(name);
    if (server === undefined) return { ...base, action: "create", sql: one.text, ...dataOfFirst(one, options) };
    const refusal = refusals.get(name);
    if (drops.some((step) => step.name === name)) {
      const because_ =
        refusal === undefined
          ? [`it reads ${server.ast === undefined ? "what" : one.reads}, which is made anew`]
          : [...base.because, refusal];
      return { ...base, action: "recreate", sql: one.text, because: because_, ...dataOfAgain(one, options) };
    }
    if (refusal !== undefined) {
      const also = [...readersOf([name], state)].filter((reader) => reader !== name);
      const obstacle = obstacles.get(name) ?? [...obstacles.values()][0];
      const cure = obstacle ?? cureOf(one, also);
      return {
        ...base,
        action: "refuse",
        because: [...base.because, `The server would not take it: ${refusal}`],
        cure,
      };
    }
    if (base.because.length === 0) return { ...base, action: "unchanged", because: ailing(server) };
    return { ...base, action: "replace", sql: one.text.replace(/^CREATE/i, "CREATE OR REPLACE") };
  });
  return [...drops, ...rest, ...orphans(desired, state)];
}

/** Drops what the files name, what reads first. Whatever else is there stays. */
export function planDestroy(desired: readonly Desired[], state: State, options: PlanOptions): Plan {
  const ours = desired.filter(({ name }) => state.sources.has(name));
  const strangers = new Map<string, string>();
  for (const { name, kind, topic } of ours) {
    const server = state.sources.get(name)!;
    if (server.kind !== kind || server.topic !== topic)
      strangers.set(name, `the ${server.kind} of that name, over the topic ${server.topic}, is not what the file says`);
  }
  const names = new Set(ours.map(({ name }) => name));
  const obstacles = whyNotDrop(names, desired, state, options);
  if (strangers.size + obstacles.size === 0)
    return [...dropSteps(names, desired, state, options), ...orphans(desired, state)];
  const steps = ours.map((one): Step => {
    const { name, kind, topic } = one;
    const because = [strangers.get(name), obstacles.get(name)].filter((text) => text !== undefined);
    if (because.length === 0)
      return {
        action: "unchanged",
        name,
        kind,
        topic,
        desired: one,
        because: ["nothing is dropped while another can not be"],
      };
    const cure = strangers.has(name) ? "Drop it by hand, if it may go." : "Nothing was dropped.";
    return { action: "refuse", name, kind, topic, desired: one, because, cure };
  });
  return [...steps, ...orphans(desired, state)];
}

/** The sources, and all that is made from them, directly or not. */
function readersOf(names: readonly string[], { sources }: State): Set<string> {
  const all = new Set<string>();
  const visit = (name: string): void => {
    const source = sources.get(name);
    if (source === undefined || all.has(name)) return;
    all.add(name);
    for (const reader of readers(source)) visit(reader);
  };
  for (const name of names) visit(name);
  return all;
}

function readers({ readers: constraints, readBy }: Source): string[] {
  return [...constraints, ...readBy.filter(({ id }) => !isInsert(id)).flatMap(({ sinks }) => sinks)];
}

const isInsert = (id: string) => /^INSERTQUERY_/i.test(id);

/** What stands against dropping these, by the name of what it stands against. */
function whyNotDrop(
  names: ReadonlySet<string>,
  desired: readonly Desired[],
  { sources }: State,
  { deleteTopics }: PlanOptions,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of names) {
    const source = sources.get(name)!;
    const foreign = readers(source).filter((reader) => !desired.some((one) => one.name === reader));
    const inserts = [...source.readBy, ...source.writtenBy].map(({ id }) => id).filter(isInsert);
    const sharing = [...sources.values()].filter((other) => other.topic === source.topic && !names.has(other.name));
    const reason =
      foreign.length > 0
        ? `${[...new Set(foreign)].join(", ")}, which no file names, reads from ${name}: the server does not drop it before those. Drop them by hand, if they may go.`
        : inserts.length > 0
          ? `${inserts.join(", ")} reads from or writes into ${name}, and no file names it. TERMINATE it by hand, if it may go.`
          : deleteTopics && sharing.length > 0 && sources.get(name)?.ast?.kind === "createAs"
            ? `${sharing.map((other) => other.name).join(", ")} uses the topic ${source.topic} too: it can not be deleted. Leave --delete-topics out.`
            : undefined;
    if (reason !== undefined) found.set(name, reason);
  }
  return found;
}

/** What reads stands before what it reads, as the server knows them, which may be otherwise than in the files. */
function dropSteps(
  names: ReadonlySet<string>,
  desired: readonly Desired[],
  state: State,
  options: PlanOptions,
): Step[] {
  const steps: Step[] = [];
  const place = (name: string): void => {
    if (steps.some((step) => step.name === name)) return;
    const source = state.sources.get(name)!;
    for (const reader of readers(source)) if (names.has(reader) && reader !== name) place(reader);
    const { kind, topic } = source;
    // A declared stream has no topic of its own: the producer writes it.
    const withTopic = options.deleteTopics && desired.find((one) => one.name === name)?.ast.kind === "createAs";
    steps.push({
      action: "drop",
      name,
      kind,
      topic,
      desired: desired.find((one) => one.name === name)!,
      sql: `DROP ${kind.toUpperCase()} ${quoted(name)}${withTopic ? " DELETE TOPIC" : ""};`,
      because: [],
      data: withTopic ? `the topic ${topic} goes with all its records` : `the topic ${topic} stays, with its records`,
    });
  };
  for (const name of [...names].toReversed()) place(name);
  return steps;
}

function orphans(desired: readonly Desired[], { sources }: State): Step[] {
  return [...sources.values()]
    .filter(({ name }) => name !== "KSQL_PROCESSING_LOG" && !desired.some((one) => one.name === name))
    .map(({ name, kind, topic, unreadable }) => ({
      action: "orphan",
      name,
      kind,
      topic,
      because: ["no file names it: left as it is", ...(unreadable === undefined ? [] : [unreadable])],
    }));
}

/** What an unchanged statement's query suffers from. */
function ailing({ writtenBy }: Source): string[] {
  return writtenBy.filter(({ state }) => state !== "RUNNING").map(({ id, state }) => `its query ${id} is ${state}`);
}

function cureOf({ name, kind, topic }: Desired, readersToo: readonly string[]): string {
  const them = readersToo.length === 0 ? "" : ` (with what reads it: ${readersToo.join(", ")})`;
  return (
    `apply --replace drops it${them} and makes it anew; plan --replace tells what that does to the rows. ` +
    `Or let the ${kind} ${name} run on, and give the new one a name and a topic of its own, as ${topic}_v2.`
  );
}

const days = (ms: number) => `${Math.round(ms / 86_400_000)} days`;

function sourceTopic(one: Desired): { name: string; kept: string } {
  const name = one.reads!.toLowerCase();
  const topic = catalog.find((entry) => entry.name === name);
  return { name, kept: topic === undefined ? "" : ` (${days(topic.retentionMs)}, by the catalogue)` };
}

function dataOfFirst(one: Desired, { from }: PlanOptions): Pick<Step, "data"> {
  if (one.ast.kind === "create") return {};
  const { name, kept } = sourceTopic(one);
  return {
    data:
      from === "earliest" ? `reads all that is still in ${name}${kept}` : `reads what comes into ${name} from now on`,
  };
}

function dataOfAgain(one: Desired, { from, deleteTopics }: PlanOptions): Pick<Step, "data"> {
  if (one.ast.kind === "create") return {};
  const { name, kept } = sourceTopic(one);
  const { topic } = one;
  if (from === "latest")
    return {
      data:
        `reads ${name} from its end: what comes into it between the drop and the start is missing in ${topic}` +
        (one.ast.query.window === null ? "" : "; the windows that are open now begin anew at zero"),
    };
  if (deleteTopics) return { data: `reads all that is still in ${name}${kept} into the new topic` };
  return {
    data:
      `reads all that is still in ${name}${kept} again: those rows stand twice in ${topic} and in what it is sunk into, ` +
      "which the row views fold" +
      (one.ast.query.window === null ? "" : "; a window whose first records are gone comes out smaller"),
  };
}
