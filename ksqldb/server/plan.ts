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

export interface Step {
  readonly action: "create" | "replace" | "drop" | "recreate" | "unchanged" | "refuse" | "orphan";
  readonly name: string;
  readonly kind: "stream" | "table";
  readonly topic: string;
  /** What the files say of it; undefined of an orphan. */
  readonly desired?: Desired | undefined;
  /** The statement to send. */
  readonly sql?: string;
  /** What differs, what stands against it, what it means for the rows. */
  readonly notes: readonly string[];
  /** Of a refusal: what would help. */
  readonly cure?: string;
}

export interface PlanOptions {
  readonly replace: boolean;
  readonly from: "earliest" | "latest";
  /** Topics that ksqlDB writes go with what wrote them. */
  readonly deleteTopics: boolean;
}

export const changesOf = (plan: readonly Step[]) => plan.filter(({ sql }) => sql !== undefined);

export function planApply(desired: readonly Desired[], state: State, options: PlanOptions): Step[] {
  const { sources } = state;
  const notes = new Map<string, string[]>();
  const refused = new Map<string, string>();
  for (const one of desired) {
    const source = sources.get(one.name);
    const found = source === undefined ? [] : differences(source, one);
    notes.set(
      one.name,
      found.map(({ text }) => text),
    );
    const why = found.length === 0 ? undefined : whyNotInPlace(source!, one, found);
    if (why !== undefined) refused.set(one.name, why);
  }
  const doomed = withReaders([...refused.keys()], sources);
  const obstacles = options.replace ? whyNotDrop(doomed, desired, state, options) : [];
  const falls = options.replace && obstacles.length === 0 ? doomed : new Set<string>();

  const steps = desired.map((one): Step => {
    const { name, kind, topic, text } = one;
    const source = sources.get(name);
    const step = { name, kind, topic, desired: one, notes: notes.get(name)! };
    if (source === undefined) return { ...step, action: "create", sql: text, notes: rowsOf(one, options, false) };
    const why = refused.get(name);
    if (falls.has(name)) {
      const because = why === undefined ? [`reads ${one.reads}, which is made anew`] : [...step.notes, why];
      return { ...step, action: "recreate", sql: text, notes: [...because, ...rowsOf(one, options, true)] };
    }
    if (why !== undefined) {
      const cure = obstacles.length > 0 ? obstacles.join(" ") : cureOf(one, withReaders([name], sources));
      return { ...step, action: "refuse", notes: [...step.notes, `the server would not take that: ${why}`], cure };
    }
    if (step.notes.length > 0)
      return { ...step, action: "replace", sql: text.replace(/^CREATE/i, "CREATE OR REPLACE") };
    const ailing = source.writtenBy.filter((query) => query.state !== "RUNNING");
    return { ...step, action: "unchanged", notes: ailing.map((query) => `its query ${query.id} is ${query.state}`) };
  });
  return [...dropSteps(falls, desired, state, options), ...steps, ...orphans(desired, state)];
}

/** Drops what the files name, what reads first. Whatever else is there stays. */
export function planDestroy(desired: readonly Desired[], state: State, options: PlanOptions): Step[] {
  const names = new Set(desired.map(({ name }) => name).filter((name) => state.sources.has(name)));
  const foreign = desired.flatMap(({ name, kind, topic }) => {
    const source = state.sources.get(name);
    if (source === undefined || (source.kind === kind && source.topic === topic)) return [];
    return `The ${source.kind} ${name} over the topic ${source.topic} is not what the file says: drop it by hand, if it may go.`;
  });
  const obstacles = [...foreign, ...whyNotDrop(names, desired, state, options)];
  if (obstacles.length === 0) return [...dropSteps(names, desired, state, options), ...orphans(desired, state)];
  const [first] = desired.filter(({ name }) => names.has(name));
  const { name, kind, topic } = first!;
  const notes = ["nothing is dropped where not everything can be"];
  return [
    { action: "refuse", name, kind, topic, desired: first, notes, cure: obstacles.join(" ") },
    ...orphans(desired, state),
  ];
}

/** The sources, and all that is made from them, directly or not. */
function withReaders(names: readonly string[], sources: State["sources"]): Set<string> {
  const all = new Set<string>();
  const visit = (name: string): void => {
    const source = sources.get(name);
    if (source === undefined || all.has(name)) return;
    all.add(name);
    source.readers.forEach(visit);
  };
  names.forEach(visit);
  return all;
}

/** What stands against dropping these. */
function whyNotDrop(
  names: ReadonlySet<string>,
  desired: readonly Desired[],
  { sources }: State,
  { deleteTopics }: PlanOptions,
): string[] {
  return [...names].flatMap((name) => {
    const source = sources.get(name)!;
    const { readers, inserts, topic } = source;
    const foreign = readers.filter((reader) => !desired.some((one) => one.name === reader));
    const sharing = [...sources.values()].filter((other) => other.topic === topic && !names.has(other.name));
    const reasons: string[] = [];
    if (foreign.length > 0)
      reasons.push(
        `${[...new Set(foreign)].join(", ")}, which no file names, reads from ${name}, and the server keeps what is read: drop that by hand, if it may go.`,
      );
    if (inserts.length > 0)
      reasons.push(
        `${inserts.join(", ")}, which no file names, reads from or writes into ${name}: TERMINATE it by hand, if it may go.`,
      );
    if (deleteTopics && sharing.length > 0 && ownsTopic(source))
      reasons.push(
        `${sharing.map((other) => other.name).join(", ")} uses the topic ${topic} too: leave --delete-topics out.`,
      );
    return reasons;
  });
}

/** Whether the topic is one that ksqlDB made for it. That of a declared stream is the producer's, whatever a file says. */
function ownsTopic({ statement, topic }: Source): boolean {
  const isRaw = catalog.some(({ name, writtenBy }) => name === topic && writtenBy === "producer");
  return typeof statement !== "string" && statement.kind === "createAs" && !isRaw;
}

/** What reads stands before what it reads, as the server knows them, which may be otherwise than in the files. */
function dropSteps(
  names: ReadonlySet<string>,
  desired: readonly Desired[],
  { sources }: State,
  { deleteTopics }: PlanOptions,
): Step[] {
  const ordered: string[] = [];
  const place = (name: string): void => {
    if (ordered.includes(name) || !names.has(name)) return;
    sources.get(name)!.readers.forEach(place);
    ordered.push(name);
  };
  [...names].toReversed().forEach(place);
  return ordered.map((name) => {
    const source = sources.get(name)!;
    const { kind, topic } = source;
    const withTopic = deleteTopics && ownsTopic(source);
    return {
      action: "drop",
      name,
      kind,
      topic,
      desired: desired.find((one) => one.name === name),
      sql: `DROP ${kind.toUpperCase()} ${quoted(name)}${withTopic ? " DELETE TOPIC" : ""};`,
      notes: [withTopic ? `the topic ${topic} goes, with its records` : `the topic ${topic} stays, with its records`],
    };
  });
}

function orphans(desired: readonly Desired[], { sources }: State): Step[] {
  return [...sources.values()]
    .filter(({ name }) => name !== "KSQL_PROCESSING_LOG" && !desired.some((one) => one.name === name))
    .map(({ name, kind, topic, statement }: Source) => {
      const unread = typeof statement === "string" ? [`not read here: ${statement}`] : [];
      return { action: "orphan", name, kind, topic, notes: ["no file names it: it is left as it is", ...unread] };
    });
}

function cureOf({ name, kind, topic }: Desired, doomed: ReadonlySet<string>): string {
  const readers = [...doomed].filter((other) => other !== name);
  const them =
    readers.length === 0 ? "" : ` and ${readers.join(", ")}, which read${readers.length === 1 ? "s" : ""} it,`;
  return (
    `apply --replace drops it${them} and makes it anew; plan --replace tells what that does to the rows. ` +
    `Or leave the ${kind} ${name} as it is and give the new one a name and a topic of its own, as ${topic}_v2.`
  );
}

/** What a query that starts now means for the rows. */
function rowsOf({ ast, reads, topic }: Desired, { from, deleteTopics }: PlanOptions, again: boolean): string[] {
  if (ast.kind === "create") return [];
  const source = reads!.toLowerCase();
  const kept = catalog.find(({ name }) => name === source)?.retentionMs;
  const all = `all that is still in ${source}${kept === undefined ? "" : ` (${kept / 86_400_000} days, says the catalogue)`}`;
  const windowed = ast.query.window !== null;
  if (from === "latest")
    return !again
      ? [`reads what comes into ${source} from now on`]
      : [
          `reads what comes into ${source} from its start on: what comes between the drop and that is missing in ${topic}`,
          ...(windowed ? ["windows that are open now begin anew at zero"] : []),
        ];
  if (!again || deleteTopics) return [`reads ${all}`];
  return [
    `reads ${all} again: those rows come twice into ${topic} and what it is sunk into; the row views fold them`,
    ...(windowed ? ["a window of which records are gone by now comes out smaller"] : []),
  ];
}
