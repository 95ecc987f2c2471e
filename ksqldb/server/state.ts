/** What a ksqlDB server has: its streams and tables with the statements that made them, their queries, its topics. */
import { UserError } from "../../program/command.ts";
import type { Statement } from "../../engine/language/ast.ts";
import { parse } from "../../engine/language/parse.ts";
import { nameText } from "../../engine/language/types.ts";
import { type KsqlServer, Refused } from "./client.ts";
import { type Json, list, objects, text } from "../../program/json.ts";
import { plain, type Query, readQueries, readQuery } from "./queries.ts";

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
  /** The statement that made it; the reason if it cannot be parsed here. */
  readonly statement: Statement | string;
  readonly columns: readonly Column[];
  /** Names of the sources that are made from it. */
  readonly readers: readonly string[];
  /** INSERT INTO queries that read it or write into it, which no file can name. */
  readonly inserts: readonly string[];
  readonly writtenBy: readonly Query[];
}

/** By name. */
export type Sources = ReadonlyMap<string, Source>;

/** Number of partitions by topic; the reason if the server does not show them. */
export type Topics = ReadonlyMap<string, number> | string;

export async function readSources(server: KsqlServer, step: string): Promise<Sources> {
  const queries = await readQueries(server, step);
  const sources: Source[] = [];
  for (const kind of ["STREAMS", "TABLES"]) {
    const { sourceDescriptions } = await server.ask(step, `LIST ${kind} EXTENDED;`, "source_descriptions");
    sources.push(...objects(sourceDescriptions).map((description) => readSource(description, queries)));
  }
  return new Map(sources.map((source) => [source.name, source]));
}

export async function readTopics(server: KsqlServer, step: string): Promise<Topics> {
  try {
    const { topics } = await server.ask(step, "LIST TOPICS;", "kafka_topics");
    return new Map(objects(topics).map(({ name, replicaInfo }) => [text(name), list(replicaInfo).length]));
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function readSource(description: Json, queries: readonly Query[]): Source {
  const { fields, readQueries: readBy, sourceConstraints, topic } = description;
  const name = plain(description["name"]);
  const writing = queries.filter(({ sinks }) => sinks.includes(name));
  return {
    name,
    kind: description["type"] === "TABLE" ? "table" : "stream",
    topic: text(topic),
    statement: readStatement(text(description["statement"])),
    columns: objects(fields).map((field) => ({
      name: plain(field["name"]),
      type: typeOfSchema(field["schema"]),
      key: field["type"] === "KEY",
    })),
    readers: list(sourceConstraints).map(plain),
    inserts: [...objects(readBy).map(readQuery), ...writing].flatMap(({ id, inserts }) => (inserts ? id : [])),
    writtenBy: writing.filter(({ inserts }) => !inserts),
  };
}

function readStatement(stored: string): Statement | string {
  // What added columns stands behind the statement that it altered.
  const [created = ""] = stored.trim().split(/;\s*(?=ALTER\s)/i);
  try {
    const [statement] = parse(created.endsWith(";") ? created : `${created};`, "the stored statement");
    return statement ?? "the server does not show its statement";
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
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
