/** The queries of a server, and the wait until they run. One that somebody reads writes nothing. */
import { UserError } from "../../program/command.ts";
import type { KsqlServer } from "./client.ts";
import { errorText, explain } from "./explain.ts";
import { type Json, list, objects, text } from "../../program/json.ts";

export interface Query {
  readonly id: string;
  /** Names of what it writes. */
  readonly sinks: readonly string[];
  /** Made by INSERT INTO, not with what it writes. */
  readonly inserts: boolean;
  /** RUNNING, PAUSED, ERROR, or what it is on its way through. */
  readonly state: string;
  /** Where EXPLAIN was asked: its processing guarantee, and what it died of lately, RUNNING or not. */
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

/**
 * How long queries that were just made are watched once they have partitions to read, which they first wait for: one that
 * dies of its records is RUNNING until it has read some.
 */
const watchMs = 5_000;

/**
 * Waits until the queries that write `names` run: returns their ids. `isNew`: some were just made, and are watched until they
 * have read what is there, for some seconds at most. `talk` is given what is not known of them. Throws UserError with what is
 * wrong with them.
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
      else if (/^(ERROR|UNRESPONSIVE|PAUSED)$/.test(query.state)) throw await faultOf(server, step, query);
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
      if (explained?.fault !== undefined) throw await faultOf(server, step, query);
      if (explained?.untold !== undefined) {
        untold.push(`${query.id} is ${query.state}; whether it dies is not known: ${explained.untold}`);
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

/** What a query complains of: the last of its errors. */
async function faultOf(server: KsqlServer, step: string, { id, state }: Query): Promise<UserError> {
  const { queryDescription } = await server.ask(step, `EXPLAIN ${id};`, "queryDescription");
  const { queryErrors } = (queryDescription ?? {}) as Json;
  const errors = objects(queryErrors).slice(-3);
  const lines = errors.map((error) => `\n  ${errorText(error)}`).join("");
  const how = state === "RUNNING" ? "is RUNNING, and dies again and again" : `is ${state}`;
  return new UserError(
    `${step}: ${id} ${how}.${lines}\n` +
      "Fix what it complains of: ksqlDB starts it again by itself; RESUME it if it is paused.",
  );
}

/** A name without the quotes that some versions put around it. */
export function plain(name: unknown): string {
  return text(name).replace(/^`(.*)`$/, "$1");
}
