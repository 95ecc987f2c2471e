/** A ksqlDB's mind: what statements do to its sources, queries and topics, and with which words it refuses them. */
import { type CreateAs, nodesIn, type Place, type Statement } from "../../engine/language/ast.ts";
import { parse, type StatementError } from "../../engine/language/parse.ts";
import { describe, explain, list, propertiesEntity } from "./show.ts";
import { nameIn, refuse, type Properties, type Result, type Source, type State } from "./state.ts";
import { columnsOf, declared, storedText, type Column } from "./text.ts";
import { checkQuery, checkSource } from "./upgrade.ts";

export const isCommand = (sql: string) => /^(CREATE|DROP|INSERT|TERMINATE|ALTER|PAUSE|RESUME)\b/i.test(sql);

/** Executes a statement on a state, which it changes; a refusal throws StatementRefused. */
export function execute(state: State, sql: string, properties: Properties = {}): Result {
  if (/^(SET|UNSET)\b/i.test(sql)) return { entity: undefined };
  if (/^(LIST|SHOW)\s+PROPERTIES\b/i.test(sql)) return { entity: propertiesEntity(state, sql) };
  const [, what] = /^(?:LIST|SHOW|DESCRIBE)\s+(STREAMS|TABLES|QUERIES|TOPICS)\b/i.exec(sql) ?? [];
  if (what !== undefined)
    return { entity: list(state, what.toUpperCase(), /EXTENDED/i.test(sql) || /^DESCRIBE/i.test(sql), sql) };
  const [, verb = "", rest] = /^(\w+)\s+(.*);$/s.exec(sql) ?? [];
  switch (verb.toUpperCase()) {
    case "CREATE":
      return create(state, sql, properties);
    case "DROP":
      return drop(state, rest!, sql);
    case "INSERT":
      return insert(state, rest!, sql, properties);
    case "ALTER":
      return alter(state, rest!, sql);
    case "TERMINATE":
      return terminate(state, rest!.trim(), sql);
    case "PAUSE":
    case "RESUME":
      return pause(state, verb, rest!.trim(), sql);
    case "EXPLAIN":
      return { entity: explain(state, rest!.trim(), sql) };
    case "DESCRIBE": {
      const name = nameIn(rest!);
      const source = state.sources.get(name) ?? refuse(`Could not find STREAM/TABLE '${name}' in the Metastore`);
      return {
        entity: {
          "@type": "sourceDescription",
          statementText: sql,
          sourceDescription: describe(state, source),
          warnings: [],
        },
      };
    }
    case "SELECT":
    case "PRINT":
      return refuse(
        "The following statement types should be issued to the websocket endpoint '/query':\n\t* PRINT\n\t* SELECT",
        40002,
      );
    default:
      return refuse("line 1:1: Syntax Error\n");
  }
}

function create(state: State, sql: string, streams: Properties): Result {
  const ast = read(sql);
  const { name } = ast.name;
  const existing = state.sources.get(name);
  const taken = `Cannot add ${ast.source} '${name}': A ${existing?.kind} with the same name already exists`;
  if (existing !== undefined && /^CREATE\s+\w+\s+IF\s+NOT\s+EXISTS/i.test(sql)) {
    const message = `${taken.replaceAll("'", "`")}.`;
    return { entity: { "@type": "warning_entity", statementText: sql, message, warnings: [] } };
  }
  const properties = new Map(ast.properties.map((property) => [property.name, property.value]));
  const topic = properties.get("KAFKA_TOPIC") ?? name;
  const from = ast.kind === "createAs" ? ast.query.from.name.name : undefined;
  const origin = from === undefined ? undefined : state.sources.get(from);
  if (from !== undefined && origin === undefined)
    refuse(`Exception while preparing statement: ${from} does not exist.`);
  const columns = ast.kind === "createAs" ? columnsOf(ast, origin!.columns) : declared(ast);

  // First what the topic must be, of which ksqlDB speaks with codes of its own; then what the statement means.
  const wanted = topicFor(state, ast, topic, properties, origin);
  const windowed = ast.kind === "createAs" && ast.query.window !== null;
  properties.set("CLEANUP_POLICY", ast.source === "stream" ? "delete" : windowed ? "compact,delete" : "compact");
  properties.set("KAFKA_TOPIC", topic);
  if (ast.kind === "createAs") {
    properties.set("PARTITIONS", String(wanted.partitions));
    properties.set("REPLICAS", "1");
    properties.set("RETENTION_MS", String(wanted.retentionMs));
  }
  const text = storedText(ast, columns, properties, origin?.columns);
  const source: Source = {
    name,
    kind: ast.source,
    topic,
    keyFormat: properties.get("KEY_FORMAT") ?? origin?.keyFormat ?? "KAFKA",
    valueFormat: properties.get("VALUE_FORMAT") ?? origin?.valueFormat ?? "JSON",
    columns,
    statement: text,
    ast,
    from,
  };
  const ofQuery = "Could not determine output schema for query due to error: ";
  if (existing !== undefined && !ast.replace)
    refuse(ast.kind === "create" ? taken : `${ofQuery}${taken}`, undefined, text);
  if (ast.kind === "createAs") {
    const unknown = unknownColumn(ast, origin!.columns);
    if (unknown !== undefined)
      refuse(
        `${ofQuery}Line: ${unknown.at.line}, Col: ${unknown.at.column}: SELECT column '${unknown.name}' cannot be resolved.`,
        undefined,
        text,
      );
  }
  if (existing !== undefined) {
    checkSource(existing, source, text);
    if (ast.kind === "createAs" && existing.ast.kind === "createAs") checkQuery(existing.ast, ast);
  }
  state.topics.set(topic, wanted);
  state.softDeleted.delete(topic);
  state.sources.set(name, source);
  const number = numberOf(state);
  const commandId = `${ast.source}/\`${name}\`/create`;
  if (from === undefined) {
    const message = `${ast.source === "stream" ? "Stream" : "Table"} created`;
    return { commandId, message, queryId: null, text };
  }
  const running = [...state.queries.values()].find((query) => query.sink === name && !query.id.startsWith("INSERT"));
  const id = running?.id ?? `C${ast.source === "stream" ? "S" : "T"}AS_${name}_${number}`;
  state.queries.set(id, { id, sql: text, from, sink: name, properties: streams, state: "REBALANCING", errors: [] });
  return { commandId, message: `Created query with ID ${id}`, queryId: id, text };
}

/** The place of a command in its topic, where each has a mark of its transaction behind it. */
function numberOf(state: State): number {
  const number = state.next;
  state.next += 2;
  return number;
}

/** The topic that a statement needs, or gets. */
function topicFor(
  state: State,
  ast: Statement,
  topic: string,
  properties: ReadonlyMap<string, string>,
  origin: Source | undefined,
) {
  if (ast.kind === "createAs" && ast.source === "table" && ast.query.window === null && properties.has("RETENTION_MS"))
    refuse(
      "Invalid config variable in the WITH clause: RETENTION_MS. Non-windowed tables do not support retention.",
      40000,
    );
  const found = state.topics.get(topic);
  // A declaration takes its topic as it is.
  const source = origin === undefined ? found : state.topics.get(origin.topic)!;
  const wanted = {
    partitions: Number(properties.get("PARTITIONS") ?? source?.partitions ?? NaN),
    retentionMs: Number(properties.get("RETENTION_MS") ?? source?.retentionMs ?? 604_800_000),
  };
  if (found === undefined && Number.isNaN(wanted.partitions)) {
    const example = storedText(ast, declared(ast), new Map([...properties, ["PARTITIONS", "2"]]));
    refuse(
      `Topic '${topic}' does not exist. If you want to create a new topic for the stream/table please re-run the ` +
        "statement providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). " +
        `For example: ${example}`,
      40000,
    );
  }
  if (found !== undefined && (found.partitions !== wanted.partitions || found.retentionMs !== wanted.retentionMs))
    refuse(
      `A Kafka topic with the name '${topic}' already exists, with different partition/replica/retention configuration ` +
        `than required. KSQL expects ${wanted.partitions} partitions (topic has ${found.partitions}), 1 replication factor ` +
        `(topic has 1), and ${wanted.retentionMs} retention (topic has ${found.retentionMs}).`,
      50000,
    );
  return wanted;
}

/** A column that a query selects and its source has not. */
function unknownColumn({ query }: CreateAs, columns: readonly Column[]) {
  const pseudo = ["ROWTIME", "ROWPARTITION", "ROWOFFSET", "WINDOWSTART", "WINDOWEND"];
  return nodesIn(query.items).find(
    (node) => node.kind === "name" && !pseudo.includes(node.name) && !columns.some(({ name }) => name === node.name),
  ) as { name: string; at: Place } | undefined;
}

function read(sql: string): Statement {
  try {
    return parse(sql, "line")[0]!;
  } catch (error) {
    const { line, column } = (error as StatementError).at;
    return refuse(`line ${line}:${column}: Syntax Error\n`);
  }
}

function drop(state: State, rest: string, sql: string): Result {
  const [, kind, ifExists, tail] = /^(STREAM|TABLE)\s+(IF\s+EXISTS\s+)?(.*)$/is.exec(rest) ?? [];
  const name = nameIn(tail ?? "");
  const source = state.sources.get(name);
  if (source === undefined) {
    if (ifExists === undefined)
      refuse(`${kind![0]!.toUpperCase()}${kind!.slice(1).toLowerCase()} ${name} does not exist.`);
    numberOf(state);
    const commandId = `${kind!.toLowerCase()}/${name}/drop`;
    return { commandId, message: `Source \`${name}\` does not exist.`, queryId: null, text: sql };
  }
  if (source.kind !== kind!.toLowerCase())
    refuse(`Incompatible data source type is ${source.kind}, but statement was DROP ${kind!.toLowerCase()}`);
  const readers = [...state.sources.values()].filter(({ from }) => from === name).map((reader) => reader.name);
  if (readers.length > 0)
    refuse(
      `Cannot drop ${name}.\nThe following streams and/or tables read from this source: [${readers.toSorted().join(", ")}].\n` +
        `You need to drop them before dropping ${name}.`,
    );
  const inserts = [...state.queries.values()].filter(({ id }) => id.startsWith("INSERTQUERY"));
  const [reading, writing] = [inserts.filter(({ from }) => from === name), inserts.filter(({ sink }) => sink === name)];
  if (reading.length + writing.length > 0)
    refuse(
      `Cannot drop ${name}.\nThe following queries read from this source: [${reading.map(({ id }) => id).join(", ")}].\n` +
        `The following queries write into this source: [${writing.map(({ id }) => id).join(", ")}].\n` +
        `You need to terminate them before dropping ${name}.`,
    );
  if (/DELETE\s+TOPIC/i.test(tail!)) {
    const sharing = [...state.sources.values()].find((other) => other.topic === source.topic && other.name !== name);
    if (sharing !== undefined)
      refuse(`Refusing to delete topic. Found other data sources (${sharing.name}) using topic ${source.topic}`, 50000);
    if (state.softDeleted.has(source.topic))
      refuse(
        `java.lang.RuntimeException: Could not clean up the schema registry for topic: ${source.topic}\nCaused by: Subject ` +
          `'${source.topic}-value' was soft deleted.Set permanent=true\n\tto delete permanently; error code: 40404`,
        40000,
      );
    state.topics.delete(source.topic);
    state.softDeleted.add(source.topic);
  }
  state.sources.delete(name);
  for (const query of state.queries.values()) if (query.sink === name) state.queries.delete(query.id);
  numberOf(state);
  const commandId = `${source.kind}/${name}/drop`;
  const message = `Source \`${name}\` (topic: ${source.topic}) was dropped.`;
  // The request that deletes the topic is carried out before its command is written.
  return { commandId, message, queryId: null, text: sql.replace(/`?([\w]+)`?\s+DELETE\s+TOPIC/i, "$1") };
}

/** What DROP … DELETE TOPIC does before its command is written. */
export function deleteHalf(state: State, sql: string): void {
  const topic = state.sources.get(nameIn(sql.replace(/^DROP\s+\w+\s+/i, "")))!.topic;
  state.topics.delete(topic);
  state.softDeleted.add(topic);
}

function insert(state: State, rest: string, sql: string, properties: Properties): Result {
  const [, into, from] = /^INTO\s+(\S+)\s+SELECT\b.*\bFROM\s+(\w+|`[^`]+`)/is.exec(rest) ?? [];
  const [sink, source] = [nameIn(into ?? ""), nameIn(from ?? "")];
  for (const name of [sink, source]) if (!state.sources.has(name)) refuse(`${name} does not exist.`);
  const id = `INSERTQUERY_${numberOf(state)}`;
  state.queries.set(id, { id, sql, from: source, sink, properties, state: "REBALANCING", errors: [] });
  return { commandId: `stream/\`${sink}\`/create`, message: `Created query with ID ${id}`, queryId: id, text: sql };
}

function alter(state: State, rest: string, sql: string): Result {
  const [, name, column, type] =
    /^(?:STREAM|TABLE)\s+(\S+)\s+ADD\s+(?:COLUMN\s+)?(\S+)\s+(\S+)$/i.exec(rest.trim()) ?? [];
  const source = state.sources.get(nameIn(name ?? "")) ?? refuse(`Source ${nameIn(name ?? "")} does not exist.`);
  if (source.ast.kind !== "create") refuse(`ALTER command is not supported for CREATE ... AS statements.`);
  const columns = [...source.columns, { name: nameIn(column!), type: type!.toUpperCase(), key: false }];
  state.sources.set(source.name, { ...source, columns, statement: `${source.statement}\n${sql}` });
  numberOf(state);
  return {
    commandId: `stream/${source.name}/alter`,
    message: `Stream ${source.name} altered.`,
    queryId: null,
    text: sql,
  };
}

function terminate(state: State, id: string, sql: string): Result {
  if (!state.queries.delete(id)) refuse(`Unknown queryId: ${id}`);
  numberOf(state);
  return { commandId: `terminate/${id}/execute`, message: "Query terminated.", queryId: null, text: sql };
}

function pause(state: State, verb: string, id: string, sql: string): Result {
  const query = state.queries.get(id) ?? refuse(`Unknown queryId: ${id}`);
  query.state = /^PAUSE/i.test(verb) ? "PAUSED" : "RUNNING";
  numberOf(state);
  const message = `Query ${verb.toLowerCase()}d.`;
  return { commandId: `${verb.toLowerCase()}/${id}/execute`, message, queryId: null, text: sql };
}
