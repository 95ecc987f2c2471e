/** What a ksqlDB server has: its streams and tables with the statements that made them, their queries, its topics. */
import { UserError } from "../../command.ts";
import type { Create, Statement } from "../language/ast.ts";
import { nameText } from "../language/types.ts";
import type { Json, KsqlServer } from "./client.ts";
import { parse } from "../language/parse.ts";

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
  /** The statement that made it; the reason where it can not be read here. */
  readonly statement: Statement | string;
  readonly columns: readonly Column[];
  /** Properties as the server tells them beside its statement, which may leave them out. */
  readonly known: ReadonlyMap<string, string>;
  /** Names of the sources that are made from it. */
  readonly readers: readonly string[];
  /** INSERT INTO queries that read it or write into it, which no file can name. */
  readonly inserts: readonly string[];
  readonly writtenBy: readonly Query[];
}

export interface Query {
  readonly id: string;
  readonly sinks: readonly string[];
  /** Made by INSERT INTO, not with what it writes. */
  readonly inserts: boolean;
  /** RUNNING, PAUSED, ERROR, or what it is on its way through. */
  readonly state: string;
}

export interface State {
  readonly sources: ReadonlyMap<string, Source>;
  /** Number of partitions by topic; the reason where the server does not tell. */
  readonly topics: ReadonlyMap<string, number> | string;
}

export async function readState(server: KsqlServer, step: string): Promise<State> {
  const queries = await readQueries(server, step);
  const sources: Source[] = [];
  for (const kind of ["STREAMS", "TABLES"]) {
    const { sourceDescriptions } = await server.ask(step, `LIST ${kind} EXTENDED;`, "source_descriptions");
    sources.push(...objects(sourceDescriptions).map((description) => readSource(description, queries)));
  }
  return { sources: new Map(sources.map((source) => [source.name, source])), topics: await readTopics(server, step) };
}

/** The persistent queries. */
export async function readQueries(server: KsqlServer, step: string): Promise<Query[]> {
  const { queries } = await server.ask(step, "LIST QUERIES;", "queries");
  return objects(queries)
    .filter(({ queryType }) => queryType === undefined || queryType === "PERSISTENT")
    .map(readQuery);
}

/** What went wrong in a query, latest last. */
export async function readErrors(server: KsqlServer, step: string, id: string): Promise<string[]> {
  const { queryDescription } = await server.ask(step, `EXPLAIN ${id};`, "queryDescription");
  const { queryErrors } = (queryDescription ?? {}) as Json;
  return objects(queryErrors).map(({ type, errorMessage }) => `${text(type)}: ${text(errorMessage)}`);
}

async function readTopics(server: KsqlServer, step: string): Promise<State["topics"]> {
  try {
    const { topics } = await server.ask(step, "LIST TOPICS;", "kafka_topics", { wait: false });
    return new Map(objects(topics).map(({ name, replicaInfo }) => [text(name), list(replicaInfo).length]));
  } catch (error) {
    // A key may be good for the statements and not for the topics.
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function readSource(description: Json, queries: readonly Query[]): Source {
  const { fields, readQueries: reading, writeQueries, sourceConstraints, topic, partitions } = description;
  const name = plain(description["name"]);
  const readBy = objects(reading).map(readQuery);
  const writtenBy = objects(writeQueries).map(readQuery);
  const unlisted = queries.filter(
    ({ id, sinks }) => sinks.includes(name) && !writtenBy.some((query) => query.id === id),
  );
  writtenBy.push(...unlisted);
  const columns = objects(fields).map((field) => ({
    name: plain(field["name"]),
    type: typeOfSchema(field["schema"]),
    key: field["type"] === "KEY",
  }));
  const known = Object.entries({
    KAFKA_TOPIC: text(topic),
    KEY_FORMAT: text(description["keyFormat"]),
    VALUE_FORMAT: text(description["valueFormat"]),
    // 0 where it was not looked up.
    PARTITIONS: text(partitions || ""),
  });
  return {
    name,
    kind: text(description["type"]) === "TABLE" ? "table" : "stream",
    topic: text(topic),
    statement: readStatement(text(description["statement"]).trim(), columns),
    columns,
    known: new Map(known.filter(([, value]) => value !== "")),
    readers: [
      ...list(sourceConstraints).map(plain),
      ...readBy.filter((query) => !query.inserts).flatMap(({ sinks }) => sinks),
    ],
    inserts: [...readBy, ...writtenBy].filter((query) => query.inserts).map(({ id }) => id),
    writtenBy: writtenBy.filter((query) => !query.inserts),
  };
}

function readStatement(stored: string, columns: readonly Column[]): Statement | string {
  // Whoever altered it left the statement as it was, with the ALTER behind it: the server knows the columns.
  const [created = "", altered] = stored.split(/;\s*(?=ALTER\s)/i);
  if (created === "") return "the server does not show its statement";
  try {
    const [statement] = parse(created.endsWith(";") ? created : `${created};`, "the stored statement");
    if (altered === undefined || statement?.kind !== "create") return statement!;
    const old = statement.columns.map(({ name }) => name);
    const added = columns.filter(({ name }) => !old.includes(name)).map(({ name, type }) => `\`${name}\` ${type}`);
    const [more] = parse(`CREATE STREAM x (${added.join(", ")}) WITH (A = 1);`, "its columns") as [Create];
    return { ...statement, columns: [...statement.columns, ...more.columns] };
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function readQuery({ id, sinks, state, statusCount, queryString }: Json): Query {
  const states = Object.entries((statusCount ?? {}) as Record<string, number>).flatMap(([name, n]) =>
    n > 0 ? name : [],
  );
  // Of several servers that run it the one that fares worst counts.
  const worst = states.find((name) => name === "ERROR") ?? states.find((name) => name !== "RUNNING");
  return {
    id: text(id),
    sinks: list(sinks).map(plain),
    inserts: /^INSERTQUERY_/i.test(text(id)) || /^\s*INSERT\b/i.test(text(queryString)),
    state: worst ?? (text(state) || (states[0] ?? "")),
  };
}

/** A type as the server describes it, in the words in which it prints one. */
function typeOfSchema(schema: unknown): string {
  const { type, fields, memberSchema, parameters } = (schema ?? {}) as Json;
  const { precision, scale } = (parameters ?? {}) as Json;
  const members = objects(fields).map((field) => `${nameText(plain(field["name"]))} ${typeOfSchema(field["schema"])}`);
  const name = text(type);
  if (name === "ARRAY") return `ARRAY<${typeOfSchema(memberSchema)}>`;
  if (name === "MAP") return `MAP<STRING, ${typeOfSchema(memberSchema)}>`;
  if (name === "STRUCT") return `STRUCT<${members.join(", ")}>`;
  return name === "DECIMAL" ? `DECIMAL(${text(precision)}, ${text(scale)})` : name;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const objects = (value: unknown): Json[] =>
  list(value).filter((item): item is Json => typeof item === "object" && item !== null);
const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");
/** A name without the quotes that some versions put around it. */
const plain = (name: unknown): string => text(name).replace(/^`(.*)`$/, "$1");
