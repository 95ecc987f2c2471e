/** The queries of a server, and the wait until they run. One that somebody reads writes nothing. */
import { UserError } from "../../command.ts";
import type { KsqlServer } from "./client.ts";
import { type Json, list, objects, plain, text } from "./json.ts";

export interface Query {
  readonly id: string;
  /** Names of what it writes. */
  readonly sinks: readonly string[];
  /** Made by INSERT INTO, not with what it writes. */
  readonly inserts: boolean;
  /** RUNNING, PAUSED, ERROR, or what it is on its way through. */
  readonly state: string;
  /** Its processing guarantee, where EXPLAIN was asked for it. */
  readonly guarantee?: string;
}

export async function readQueries(server: KsqlServer, step: string): Promise<Query[]> {
  const { queries } = await server.ask(step, "LIST QUERIES;", "queries");
  return objects(queries).map(readQuery);
}

export function readQuery({ id, sinks, state, statusCount, queryString }: Json): Query {
  // How many servers have it in which state: one that does not run it counts.
  const states = Object.entries((statusCount ?? {}) as Record<string, number>).flatMap(([name, n]) =>
    n > 0 ? name : [],
  );
  return {
    id: text(id),
    sinks: list(sinks).map(plain),
    inserts: /^\s*INSERT\b/i.test(text(queryString)),
    state: states.find((name) => name !== "RUNNING") ?? states[0] ?? text(state),
  };
}

/** Waits until the queries that write `names` run: returns their ids. Throws UserError with what is wrong with them. */
export function waitForQueries(
  server: KsqlServer,
  names: readonly string[],
  timeoutMs: number,
): Promise<Record<string, string>> {
  const step = "wait for the queries to run (the statements are in place)";
  return server.waitFor(step, timeoutMs, async () => {
    const all = await readQueries(server, step);
    const ids: Record<string, string> = {};
    const missing: string[] = [];
    for (const name of names) {
      const query = all.find(({ sinks, inserts }) => sinks.includes(name) && !inserts);
      if (query === undefined) missing.push(`the query of ${name} is not there`);
      else if (/^(ERROR|UNRESPONSIVE|PAUSED)$/.test(query.state)) throw await faultOf(server, step, query);
      else if (query.state !== "RUNNING") missing.push(`${query.id} is ${query.state}`);
      else ids[name] = query.id;
    }
    return missing.length === 0 ? { found: ids } : { missing: missing.join(", ") };
  });
}

/** What a query complains of: the last of its errors. */
async function faultOf(server: KsqlServer, step: string, { id, state }: Query): Promise<UserError> {
  const { queryDescription } = await server.ask(step, `EXPLAIN ${id};`, "queryDescription");
  const { queryErrors } = (queryDescription ?? {}) as Json;
  const errors = objects(queryErrors).slice(-3);
  const lines = errors.map(({ type, errorMessage }) => `\n  ${text(type)}: ${text(errorMessage)}`).join("");
  return new UserError(
    `${step}: ${id} is ${state}.${lines}\n` +
      "Mend what it complains of: ksqlDB starts it again by itself; RESUME it if it is paused.",
  );
}
