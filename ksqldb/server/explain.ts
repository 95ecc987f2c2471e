/** What only EXPLAIN tells of a query: with which guarantee it runs, and what it complains of. */
import { type KsqlServer, Refused } from "./client.ts";
import { type Json, objects, text } from "./json.ts";
import type { Source, Sources } from "./state.ts";

/** The property of a query that says whether a crash may make it count a record twice. */
export const guaranteeProperty = "processing.guarantee";
/** With which statements are applied. */
export const exactlyOnce = "exactly_once_v2";
/** What a server takes where nobody says otherwise. */
const ksqldbDefault = "at_least_once";

interface Explained {
  /** As its properties have it; undefined: that of the server. */
  readonly guarantee: string | undefined;
}

/** Undefined of a query that has gone meanwhile. */
async function explain(server: KsqlServer, step: string, id: string): Promise<Explained | undefined> {
  try {
    const { queryDescription } = await server.ask(step, `EXPLAIN ${id};`, "queryDescription");
    const { overriddenProperties } = (queryDescription ?? {}) as Json;
    const given = text(((overriddenProperties ?? {}) as Json)[guaranteeProperty]);
    return { guarantee: given === "" ? undefined : given };
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
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
      const guarantee = found && (found.guarantee ?? (ofServer ??= await serverGuarantee(server, step)));
      writtenBy.push({ ...query, ...(guarantee !== undefined && { guarantee }) });
    }
    explained.set(name, { ...source, writtenBy });
  }
  return explained;
}
