/** The queries of a server: what they write, what `EXPLAIN` shows of them, and the wait until they run. */
import { redact, UserError } from "../../program/command.ts";
import { type Json, list, objects, text } from "../../program/json.ts";
import { type KsqlServer, Refused } from "./client.ts";
import type { Source, Sources } from "./state.ts";

export interface Query {
  readonly id: string;
  /** Names of what it writes. */
  readonly sinks: readonly string[];
  /** Made by INSERT INTO, not with what it writes. */
  readonly inserts: boolean;
  /** RUNNING, PAUSED, ERROR, or a state between these. */
  readonly state: string;
  /** If EXPLAIN was asked: its processing guarantee, and its last recent error, RUNNING or not. */
  readonly guarantee?: string;
  readonly fault?: string;
  /** Why neither is known. */
  readonly untold?: string;
}

export async function readQueries(server: KsqlServer, step: string): Promise<Query[]> {
  const { queries } = await server.ask(step, "LIST QUERIES;", "queries");
  return objects(queries).map(readQuery);
}

export function readQuery({ id, sinks, state, statusCount, queryString }: Json): Query {
  // How many servers have it in which state: one that does not run it counts.
  const counts = Object.entries((statusCount ?? {}) as Record<string, number>);
  const states = counts.flatMap(([name, n]) => (n > 0 ? name : []));
  return {
    id: text(id),
    sinks: list(sinks).map(plain),
    inserts: /^\s*INSERT\b/i.test(text(queryString)),
    state: states.find((name) => name !== "RUNNING") ?? states[0] ?? text(state),
  };
}

/** A name without the quotes that some versions put around it. */
export function plain(name: unknown): string {
  return text(name).replace(/^`(.*)`$/, "$1");
}

/** The property of a query that says whether a crash may make it count a record twice. */
export const guaranteeProperty = "processing.guarantee";
/** The guarantee with which statements are applied. */
export const exactlyOnce = "exactly_once_v2";
/** ksqlDB's own default. */
const atLeastOnce = "at_least_once";

/** Older names of it, such as `exactly_once`, mean the same. */
export const isExactlyOnce = (guarantee: string) => guarantee.startsWith("exactly_once");

export interface Explained {
  /** From its own properties; undefined: the server's. */
  readonly guarantee: string | undefined;
  /** Its last error, if recent: a query that fails is still RUNNING to the server, which restarts it again and again. */
  readonly fault: string | undefined;
  /** Its last errors, recent or not. */
  readonly errors: readonly string[];
  /** It has read everything that was there. */
  readonly isCaughtUp: boolean;
  /** The server has assigned it partitions to read. */
  readonly isAssigned: boolean;
  /** Why the server does not show it; then nothing of the above is known. */
  readonly untold?: string;
}

const unknown = { guarantee: undefined, fault: undefined, errors: [], isCaughtUp: false, isAssigned: false };

/** Undefined for a query that no longer exists. */
export async function explain(server: KsqlServer, step: string, id: string): Promise<Explained | undefined> {
  try {
    const { queryDescription } = await server.ask(step, `EXPLAIN ${id};`, "queryDescription");
    return readExplained((queryDescription ?? {}) as Json);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const isGone = /Query with id:\S+ does not exist/.test(error.message);
    return isGone ? undefined : { ...unknown, untold: error.message };
  }
}

/** ksqlDB restarts a query that failed after 15 s, then more slowly, and at the latest after 15 minutes. */
const recentMs = 20 * 60_000;

function readExplained({ overriddenProperties, queryErrors, tasksMetadata }: Json): Explained {
  const errors = objects(queryErrors);
  const texts = errors.slice(-3).map(errorText);
  if (overriddenProperties === undefined)
    return { ...unknown, errors: texts, untold: "EXPLAIN has no overriddenProperties." };
  const given = text(((overriddenProperties ?? {}) as Json)[guaranteeProperty]);
  const offsets = objects(tasksMetadata).flatMap((task) => objects(task["topicOffsets"]));
  // An older error is one that the query has had the time to recover from.
  const isOld = Number(errors.at(-1)?.["timestamp"]) < Date.now() - recentMs;
  return {
    guarantee: given === "" ? undefined : given,
    fault: isOld ? undefined : texts.at(-1),
    errors: texts,
    isCaughtUp:
      offsets.some(({ endOffset }) => Number(endOffset) >= 0) &&
      offsets.every(({ endOffset, committedOffset }) => Number(committedOffset) >= Number(endOffset)),
    isAssigned: offsets.length > 0,
  };
}

/** One of `queryErrors` in words: its causes, without the frames of the stack between them. */
function errorText({ type, errorMessage }: Json): string {
  const lines = redact(text(errorMessage)).split("\n");
  const words = lines.filter((line) => !/^\s*(at |\.\.\. \d+ more)/.test(line)).map((line) => line.trim());
  return `${text(type)}: ${words.join(" ").trim().slice(0, 1000)}`;
}

/** The guarantee of queries that have none of their own. */
export async function serverGuarantee(server: KsqlServer, step: string): Promise<string> {
  try {
    const { properties } = await server.ask(step, "LIST PROPERTIES;", "properties");
    const found = objects(properties).find(({ name }) => text(name) === `ksql.streams.${guaranteeProperty}`);
    return text(found?.["value"]) || atLeastOnce;
  } catch (error) {
    if (error instanceof Refused) return atLeastOnce;
    throw error;
  }
}

/** The sources, those of `names` with what EXPLAIN shows of the queries that write them. */
export async function explainQueries(
  server: KsqlServer,
  step: string,
  sources: Sources,
  names: readonly string[],
): Promise<Sources> {
  let ofServer: string | undefined;
  const explained = new Map<string, Source>(sources);
  for (const name of names) {
    const source = sources.get(name);
    if (source === undefined) continue;
    const writtenBy: Query[] = [];
    for (const query of source.writtenBy) {
      const found = await explain(server, step, query.id);
      const { fault, untold } = found ?? {};
      const isKnown = found !== undefined && untold === undefined;
      const guarantee = isKnown ? (found.guarantee ?? (ofServer ??= await serverGuarantee(server, step))) : undefined;
      const known = { guarantee, fault, untold };
      writtenBy.push({ ...query, ...Object.fromEntries(Object.entries(known).filter(([, one]) => one !== undefined)) });
    }
    explained.set(name, { ...source, writtenBy });
  }
  return explained;
}

/** How long new queries are watched once they have partitions: one that fails on its records is RUNNING until it has read some. */
const watchMs = 5_000;

/**
 * Waits until the queries that write `names` run, and returns their ids. `isNew`: some were just made, and are watched until
 * they have read what is there, for some seconds at most. `talk` gets what is not known of them. Throws UserError with their
 * errors if one fails.
 */
export async function waitForQueries(
  server: KsqlServer,
  names: readonly string[],
  timeoutMs: number,
  isNew: boolean,
  talk: (line: string) => void,
): Promise<Record<string, string>> {
  const step = "wait for the queries to run (the statements are in place)";
  const queries = await server.waitFor(step, timeoutMs, async () => {
    const all = await readQueries(server, step);
    const found: Query[] = [];
    const missing: string[] = [];
    for (const name of names) {
      const query = all.find(({ sinks, inserts }) => sinks.includes(name) && !inserts);
      if (query === undefined) missing.push(`the query of ${name} is not there`);
      else if (/^(ERROR|UNRESPONSIVE|PAUSED)$/.test(query.state))
        throw faultOf(step, query, await explain(server, step, query.id));
      else if (query.state !== "RUNNING") missing.push(`${query.id} is ${query.state}`);
      else found.push(query);
    }
    return missing.length === 0 ? { found } : { missing: missing.join(", ") };
  });
  let deadline = Date.now() + (isNew ? timeoutMs / 4 : 0);
  for (;;) {
    const untold: string[] = [];
    let areCaughtUp = true;
    let areAssigned = true;
    for (const query of queries) {
      const explained = await explain(server, step, query.id);
      if (explained?.fault !== undefined) throw faultOf(step, query, explained);
      if (explained?.untold !== undefined) {
        untold.push(`${query.id} is ${query.state}; whether it fails is not known: ${explained.untold}`);
        continue;
      }
      areCaughtUp &&= explained?.isCaughtUp === true;
      areAssigned &&= explained?.isAssigned === true;
    }
    if (areAssigned) deadline = Math.min(deadline, Date.now() + watchMs);
    const left = deadline - Date.now();
    if (areCaughtUp || left <= 0) {
      untold.forEach(talk);
      return Object.fromEntries(names.map((name, i) => [name, queries[i]!.id]));
    }
    await server.pause(step, Math.min(500, left));
  }
}

function faultOf(step: string, { id, state }: Query, explained: Explained | undefined): UserError {
  const lines = (explained?.errors ?? []).map((error) => `\n  ${error}`).join("");
  const how = state === "RUNNING" ? "is RUNNING, and fails again and again" : `is ${state}`;
  return new UserError(
    `${step}: ${id} ${how}.${lines}\nFix the cause: ksqlDB restarts the query on its own; RESUME it if it is paused.`,
  );
}
