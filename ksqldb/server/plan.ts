/**
 * What has to be done so that a server runs what the files say. Pure: from statements and the server's state to steps.
 * A statement that means the same as what runs is not sent. One that differs is replaced in place if the server accepts that;
 * otherwise it is refused, or with `replace` dropped with its readers and recreated.
 */
import { catalog } from "../../schemas/catalog.ts";
import { differences } from "./compare.ts";
import { inOrder } from "../../program/order.ts";
import type { Desired } from "./desired.ts";
import type { Query } from "./queries.ts";
import type { Source, Sources } from "./state.ts";
import { whyNotInPlace } from "./upgrade.ts";

export interface Step {
  readonly action: "create" | "replace" | "drop" | "recreate" | "unchanged" | "refuse" | "orphan";
  readonly name: string;
  readonly kind: "stream" | "table";
  readonly topic: string;
  /** What the files say about it; undefined for an orphan. */
  readonly desired?: Desired | undefined;
  /** The statement to send. */
  readonly sql?: string;
  /** What differs, why it cannot be done, what it means for the rows. */
  readonly notes: readonly string[];
  /** For a refusal: what would help. */
  readonly cure?: string;
}

export interface PlanOptions {
  readonly replace: boolean;
  readonly from: "earliest" | "latest";
  /** Topics that ksqlDB writes are deleted with their queries. */
  readonly deleteTopics: boolean;
}

export const changesOf = (plan: readonly Step[]) => plan.filter(({ sql }) => sql !== undefined);

export function planApply(desired: readonly Desired[], sources: Sources, options: PlanOptions): Step[] {
  const looks = desired.map((one) => look(one, sources.get(one.name)));
  const stuck = looks.flatMap(({ one, whyNot }) => (whyNot === undefined ? [] : one.name));
  const drops = options.replace ? dropSteps(stuck, desired, sources, options) : [];
  const steps = looks.map(({ one, source, notes, whyNot }): Step => {
    const { name, kind, topic, text } = one;
    const step = { name, kind, topic, desired: one, notes };
    if (source === undefined) return { ...step, action: "create", sql: text, notes: rowsOf(one, options, false) };
    if (drops.some((drop) => drop.name === name)) {
      const because = whyNot ?? `reads ${one.reads}, which is recreated`;
      return { ...step, action: "recreate", sql: text, notes: [...notes, because, ...rowsOf(one, options, true)] };
    }
    if (whyNot !== undefined) {
      const told = [...notes, `the server would refuse that: ${whyNot}`];
      return { ...step, action: "refuse", notes: told, cure: waysOut(one, withReaders([name], sources)) };
    }
    if (notes.length > 0) return { ...step, action: "replace", sql: text.replace(/^CREATE/i, "CREATE OR REPLACE") };
    return { ...step, action: "unchanged", notes: source.writtenBy.flatMap(ailment) };
  });
  return [...drops, ...steps, ...orphans([...drops, ...steps], sources)];
}

/** Drops what the files name. Everything else stays, even if it has one of their names. */
export function planDestroy(desired: readonly Desired[], sources: Sources, options: PlanOptions): Step[] {
  const ours = desired.filter(({ name, kind, topic }) => {
    const source = sources.get(name);
    return source?.kind === kind && source.topic === topic;
  });
  const names = ours.map(({ name }) => name);
  const drops = dropSteps(names, ours, sources, options);
  return [...drops, ...orphans(drops, sources)];
}

/** What is wrong with a query whose statement matches. */
function ailment({ id, state, fault, untold }: Query): string[] {
  if (untold !== undefined)
    return [`its query ${id}: whether it runs exactly once, and whether it fails, is not known: ${untold}`];
  if (fault !== undefined) return [`its query ${id} is ${state}, and failed recently: ${fault}`];
  return state === "RUNNING" ? [] : [`its query ${id} is ${state}`];
}

/** How a source differs from its file, and why that cannot be changed in place. */
function look(one: Desired, source: Source | undefined) {
  const found = source === undefined ? [] : differences(source, one);
  const whyNot = source === undefined || found.length === 0 ? undefined : whyNotInPlace(source, one, found);
  return { one, source, notes: found.map(({ text }) => text), whyNot };
}

/** The sources and everything made from them, directly or not, readers first. */
function withReaders(names: readonly string[], sources: Sources): string[] {
  return inOrder(names.toReversed(), (name) => sources.get(name)!.readers.filter((reader) => sources.has(reader)));
}

/** Drops the sources with their readers; a refusal for what no file names, and the server would keep. */
function dropSteps(
  names: readonly string[],
  desired: readonly Desired[],
  sources: Sources,
  { deleteTopics }: PlanOptions,
): Step[] {
  const doomed = withReaders(names, sources);
  return doomed.map((name): Step => {
    const source = sources.get(name)!;
    const { kind, topic, inserts } = source;
    const step = { name, kind, topic, desired: desired.find((one) => one.name === name) };
    const refuse = (note: string, what: string): Step => {
      return { ...step, action: "refuse", notes: [note], cure: `${what} by hand, if it is no longer needed.` };
    };
    if (step.desired === undefined) {
      const read = doomed.filter((other) => sources.get(other)!.readers.includes(name)).join(", ");
      return refuse(`no file names it, and it reads from ${read}, which would be dropped`, "Drop it");
    }
    const ids = inserts.join(", ");
    if (ids !== "") return refuse(`${ids}, which no file names, reads from it or writes into it`, `TERMINATE ${ids}`);
    const withTopic = deleteTopics && ownsTopic(source);
    return {
      ...step,
      action: "drop",
      sql: `DROP ${kind.toUpperCase()} \`${name}\`${withTopic ? " DELETE TOPIC" : ""};`,
      notes: [`the topic ${topic} ${withTopic ? "is deleted" : "stays"}, with its records`],
    };
  });
}

/** Whether ksqlDB made the topic for it. That of a declared stream is the producer's, whatever a file says. */
function ownsTopic({ statement, topic }: Source): boolean {
  const isRaw = catalog.some(({ name, writtenBy }) => name === topic && writtenBy === "producer");
  return typeof statement !== "string" && statement.kind === "createAs" && !isRaw;
}

/** What else the server has. */
function orphans(plan: readonly Step[], sources: Sources): Step[] {
  return [...sources.values()]
    .filter(({ name }) => name !== "KSQL_PROCESSING_LOG" && !plan.some((step) => step.name === name))
    .map(({ name, kind, topic, statement }) => {
      const unread = typeof statement === "string" ? [`it cannot be parsed here: ${statement}`] : [];
      return { action: "orphan", name, kind, topic, notes: ["no file names it: it is left as it is", ...unread] };
    });
}

function waysOut({ name, kind, topic }: Desired, doomed: readonly string[]): string {
  const readers = doomed.filter((other) => other !== name);
  const them =
    readers.length === 0 ? "" : ` and ${readers.join(", ")}, which read${readers.length === 1 ? "s" : ""} it,`;
  return (
    `npm run ksqldb -- apply --replace drops it${them} and recreates it; plan --replace shows what that does to the rows. ` +
    `Or leave the ${kind} ${name} as it is and give the new one a name and a topic of its own, as ${topic}_v2.`
  );
}

/** What a query that starts now means for the rows of what it writes. `again`: another query has written them before. */
function rowsOf({ ast, reads, topic }: Desired, { from, deleteTopics }: PlanOptions, again: boolean): string[] {
  if (ast.kind === "create") return [];
  const source = reads!.toLowerCase();
  const isWindowed = ast.query.window !== null;
  if (from === "latest") {
    if (!again) return [`reads what comes into ${source} from now on`];
    const missing = `reads what comes into ${source} from its start on: what comes between the drop and the start is missing in ${topic}`;
    return isWindowed ? [missing, "windows that are open now start again at zero"] : [missing];
  }
  const kept = catalog.find(({ name }) => name === source)?.retentionMs;
  const days = kept === undefined ? "" : ` (${kept / 86_400_000} days, according to schemas/catalog.ts)`;
  if (!again || deleteTopics) return [`reads all that is still in ${source}${days}`];
  const twice = `reads all that is still in ${source}${days} again: those rows come twice into ${topic} and its table; the row views fold unchanged rows, but if a row means something else now, empty the table or use a new name`;
  return isWindowed ? [twice, "a window whose records are partly gone by now comes out smaller"] : [twice];
}
