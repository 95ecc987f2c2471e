/** What only EXPLAIN tells of a query: with which guarantee it runs, and what it dies of. */
import { redact } from "../../program/command.ts";
import { type KsqlServer, Refused } from "./client.ts";
import { type Json, objects, text } from "../../program/json.ts";
import type { Source, Sources } from "./state.ts";

/** The property of a query that says whether a crash may make it count a record twice. */
export const guaranteeProperty = "processing.guarantee";
/** With which statements are applied. */
export const exactlyOnce = "exactly_once_v2";
/** What a server takes where nobody says otherwise. */
const ksqldbDefault = "at_least_once";

export interface Explained {
  /** As its properties have it; undefined: that of the server. */
  readonly guarantee: string | undefined;
  /** What it died of lately, in words: it is still RUNNING for the server, which starts it again and again. */
  readonly fault: string | undefined;
  /** It has read all that was there. */
  readonly isCaughtUp: boolean;
  /** The server has given it something to read. */
  readonly isAssigned: boolean;
  /** Why the server does not tell; then nothing of the above is known. */
  readonly untold?: string;
}

const untoldOf = (untold: string): Explained => ({
  guarantee: undefined,
  fault: undefined,
  isCaughtUp: false,
  isAssigned: false,
  untold,
});

/** Undefined of a query that has gone meanwhile. */
export async function explain(server: KsqlServer, step: string, id: string): Promise<Explained | undefined> {
  try {
    const { queryDescription } = await server.ask(step, `EXPLAIN ${id};`, "queryDescription");
    return readExplained((queryDescription ?? {}) as Json);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return /Query with id:\S+ does not exist/.test(error.message) ? undefined : untoldOf(error.message);
  }
}

function readExplained({ overriddenProperties, queryErrors, tasksMetadata }: Json): Explained {
  if (overriddenProperties === undefined) return untoldOf("EXPLAIN has no overriddenProperties.");
  const given = text(((overriddenProperties ?? {}) as Json)[guaranteeProperty]);
  const offsets = objects(tasksMetadata).flatMap((task) => objects(task["topicOffsets"]));
  return {
    guarantee: given === "" ? undefined : given,
    fault: recentFault(objects(queryErrors)),
    isCaughtUp:
      offsets.some(({ endOffset }) => Number(endOffset) >= 0) &&
      offsets.every(({ endOffset, committedOffset }) => Number(committedOffset) >= Number(endOffset)),
    isAssigned: offsets.length > 0,
  };
}

/** ksqlDB starts a query that died again after 15 s, then more slowly, and at the latest after 15 minutes. */
const recentMs = 20 * 60_000;

/** The last error, where the query did not have the time to prove that it has got over it. */
function recentFault(errors: readonly Json[]): string | undefined {
  const last = errors.at(-1);
  if (last === undefined || Number(last["timestamp"]) < Date.now() - recentMs) return undefined;
  return errorText(last);
}

/** One of `queryErrors` in words. Frames of the stack help nobody here; the causes stand between them. */
export function errorText({ type, errorMessage }: Json): string {
  const lines = redact(text(errorMessage)).split("\n");
  const words = lines.filter((line) => !/^\s*(at |\.\.\. \d+ more)/.test(line)).map((line) => line.trim());
  return `${text(type)}: ${words.join(" ").trim().slice(0, 1000)}`;
}

/** Older names of it, as `exactly_once`, mean the same. */
export const isExactlyOnce = (guarantee: string) => guarantee.startsWith("exactly_once");

/** With which guarantee a query runs to which nobody gave one. */
export async function serverGuarantee(server: KsqlServer, step: string): Promise<string> {
  try {
    const { properties } = await server.ask(step, "LIST PROPERTIES;", "properties");
    const found = objects(properties).find(({ name }) => text(name) === `ksql.streams.${guaranteeProperty}`);
    return text(found?.["value"]) || ksqldbDefault;
  } catch (error) {
    if (error instanceof Refused) return ksqldbDefault;
    throw error;
  }
}

/** The sources with what EXPLAIN tells of the queries that write those of `names`. */
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
    const writtenBy = [];
    for (const query of source.writtenBy) {
      const found = await explain(server, step, query.id);
      const { fault, untold } = found ?? {};
      const isTold = found !== undefined && untold === undefined;
      const guarantee = isTold ? (found.guarantee ?? (ofServer ??= await serverGuarantee(server, step))) : undefined;
      writtenBy.push({
        ...query,
        ...(guarantee !== undefined && { guarantee }),
        ...(fault !== undefined && { fault }),
        ...(untold !== undefined && { untold }),
      });
    }
    explained.set(name, { ...source, writtenBy });
  }
  return explained;
}
