/** What a ksqlDB server has: its streams and tables with the statements that made them, their queries, its topics. */
import { UserError } from "../../command.ts";
import type { Statement } from "../language/ast.ts";
import { parse } from "../language/parse.ts";
import { nameText } from "../language/types.ts";
import { Refused, type Json, type KsqlServer } from "./client.ts";

export interface Column {
  readonly name: string;
  /** As ksqlDB prints it. */
  readonly type: string;
  readonly key: boolean;
}

export interface Source {
  readonly name: string;
  readonly kind: "stream" | "table";
  readonly topic: string;
  /** The statement that made it; text where it can not be read here: `unreadable` says why. */
  readonly ast: Statement | undefined;
  readonly unreadable: string | undefined;
  readonly columns: readonly Column[];
  /** What the server says of it beside its statement: values of properties that the statement may leave out. */
  readonly known: ReadonlyMap<string, string>;
  /** Names of the sources that are made from it. */
  readonly readers: readonly string[];
  readonly readBy: readonly Query[];
  readonly writtenBy: readonly Query[];
}

export interface Query {
  readonly id: string;
  readonly sinks: readonly string[];
  /** RUNNING, PAUSED, ERROR, or what it is on its way through. */
  readonly state: string;
}

export interface State {
  readonly sources: ReadonlyMap<string, Source>;
  /** Number of partitions by topic; text where the server does not tell: why. */
  readonly topics: ReadonlyMap<string, number> | string;
}

export async function readState(server: KsqlServer, step: string): Promise<State> {
  const sources = new Map<string, Source>();
  const queries = await readQueries(server, step);
  for (const list of ["LIST STREAMS EXTENDED;", "LIST TABLES EXTENDED;"]) {
    const { sourceDescriptions } = await server.ask(step, list, "source_descriptions");
    for (const description of objects(sourceDescriptions)) {
      const source = readSource(description, queries);
      sources.set(source.name, source);
    }
  }
  return { sources, topics: await readTopics(server, step) };
}

/** The persistent queries. */
export async function readQueries(server: KsqlServer, step: string): Promise<Query[]> {
  const { queries } = await server.ask(step, "LIST QUERIES;", "queries");
  return objects(queries)
    .filter((query) => (query["queryType"] ?? "PERSISTENT") === "PERSISTENT")
    .map(readQuery);
}

/** What went wrong in a query, latest last. */
export async function readErrors(server: KsqlServer, step: string, id: string): Promise<string[]> {
  const { queryDescription } = await server.ask(step, `EXPLAIN ${id};`, "queryDescription");
  return objects((queryDescription as Json | undefined)?.["queryErrors"]).map(
    (error) => `${text(error["type"])}: ${text(error["errorMessage"])}`,
  );
}

async function readTopics(server: KsqlServer, step: string): Promise<State["topics"]> {
  try {
    const { topics } = await server.ask(step, "LIST TOPICS;", "kafka_topics");
    return new Map(
      objects(topics).map((topic) => [
        text(topic["name"]),
        Array.isArray(topic["replicaInfo"]) ? topic["replicaInfo"].length : 0,
      ]),
    );
  } catch (error) {
    // A key may be good for the statements and not for the topics.
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function readSource(description: Json, all: readonly Query[]): Source {
  const name = plain(description["name"]);
  const columns = objects(description["fields"]).map((field) => ({
    name: plain(field["name"]),
    type: typeOfSchema(field["schema"]),
    key: field["type"] === "KEY",
  }));
  const writtenBy = objects(description["writeQueries"]).map(readQuery);
  const listed = all.filter((query) => query.sinks.includes(name) && !writtenBy.some(({ id }) => id === query.id));
  const known = [
    ["KAFKA_TOPIC", text(description["topic"])],
    ["KEY_FORMAT", text(description["keyFormat"])],
    ["VALUE_FORMAT", text(description["valueFormat"])],
    // 0 where it was not looked up.
    ["PARTITIONS", text(description["partitions"]).replace(/^0$/, "")],
  ] as const;
  return {
    name,
    kind: text(description["type"]).toUpperCase() === "TABLE" ? "table" : "stream",
    topic: text(description["topic"]),
    ...readStatement(text(description["statement"]), name),
    columns,
    known: new Map(known.filter(([, value]) => value !== "")),
    readers: strings(description["sourceConstraints"]).map(plain),
    readBy: objects(description["readQueries"]).map(readQuery),
    writtenBy: [...writtenBy, ...listed],
  };
}

function readStatement(stored: string, name: string): Pick<Source, "ast" | "unreadable"> {
  if (stored.trim() === "") return { ast: undefined, unreadable: "the server does not show its statement" };
  try {
    const [ast] = parse(/;\s*$/.test(stored) ? stored : `${stored};`, `the server's ${name}`);
    return { ast, unreadable: undefined };
  } catch (error) {
    if (error instanceof UserError) return { ast: undefined, unreadable: error.message };
    throw error;
  }
}

function readQuery(query: Json): Query {
  const counts = Object.entries((query["statusCount"] ?? {}) as Record<string, number>).filter(
    ([, count]) => count > 0,
  );
  // On a cluster of several servers the worst counts.
  const states = counts.map(([state]) => state);
  const worst = states.includes("ERROR") ? "ERROR" : (states.find((state) => state !== "RUNNING") ?? states[0]);
  const state = typeof query["state"] === "string" ? query["state"] : "";
  return {
    id: text(query["id"]),
    sinks: strings(query["sinks"]).map(plain),
    state: state === "" || state === "RUNNING" ? (worst ?? state) : state,
  };
}

/** A type as the server describes it, in the words in which it prints one. */
function typeOfSchema(schema: unknown): string {
  const { type, fields, memberSchema, parameters } = (schema ?? {}) as Json;
  switch (text(type).toUpperCase()) {
    case "ARRAY":
      return `ARRAY<${typeOfSchema(memberSchema)}>`;
    case "MAP":
      return `MAP<STRING, ${typeOfSchema(memberSchema)}>`;
    case "STRUCT":
      return `STRUCT<${objects(fields)
        .map((field) => `${nameText(plain(field["name"]))} ${typeOfSchema(field["schema"])}`)
        .join(", ")}>`;
    case "DECIMAL": {
      const { precision, scale } = (parameters ?? {}) as Json;
      return `DECIMAL(${text(precision)}, ${text(scale)})`;
    }
    case "VARCHAR":
      return "STRING";
    case "INT":
      return "INTEGER";
    default:
      return text(type).toUpperCase();
  }
}

function objects(value: unknown): Json[] {
  const all: unknown[] = Array.isArray(value) ? value : [];
  return all.filter((item): item is Json => typeof item === "object" && item !== null);
}

function strings(value: unknown): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [];
  return all.filter((item) => typeof item === "string");
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** A name without the quotes that some versions put around it. */
function plain(name: unknown): string {
  return text(name).replace(/^`(.*)`$/, "$1");
}
