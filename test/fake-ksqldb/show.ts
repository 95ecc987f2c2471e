/** What a fake ksqlDB shows of itself: LIST, DESCRIBE, EXPLAIN. */
import { refuse, type Query, type Source, type State } from "./state.ts";
import { schemaOf } from "./text.ts";

export function list(state: State, what: string, extended: boolean, sql: string): object {
  const sources = [...state.sources.values()].filter(({ kind }) => what === `${kind.toUpperCase()}S`);
  const entity = { statementText: sql, warnings: [] };
  if (what === "QUERIES") {
    const queries = [...state.queries.values()].map((query) => queryOf(state, query));
    // Queries come to run between two looks.
    for (const query of state.queries.values()) if (query.state === "REBALANCING") query.state = "RUNNING";
    return { "@type": "queries", ...entity, queries };
  }
  if (what === "TOPICS") {
    const topics = [...state.topics].map(([name, { partitions }]) => ({
      name,
      replicaInfo: Array.from({ length: partitions }, () => 1),
    }));
    return { "@type": "kafka_topics", ...entity, topics };
  }
  if (extended)
    return {
      "@type": "source_descriptions",
      ...entity,
      sourceDescriptions: sources.map((source) => describe(state, source)),
    };
  const rows = sources.map(({ name, kind, topic, keyFormat, valueFormat, ast }) => ({
    type: kind.toUpperCase(),
    name,
    topic,
    keyFormat,
    valueFormat,
    isWindowed: ast.kind === "createAs" && ast.query.window !== null,
  }));
  return { "@type": what.toLowerCase(), ...entity, [what.toLowerCase()]: rows };
}

export function propertiesEntity({ guarantee }: State, sql: string): object {
  const of = (name: string, value: string) => ({ name, scope: "KSQL", value });
  const properties = [of("ksql.service.id", "default_"), of("ksql.streams.processing.guarantee", guarantee)];
  return {
    "@type": "properties",
    statementText: sql,
    properties,
    overwrittenProperties: [],
    defaultProperties: [],
    warnings: [],
  };
}

function queryOf(state: State, { id, sql, sink, state: now }: Query): object {
  return {
    queryString: sql,
    sinks: [sink],
    sinkKafkaTopics: [state.sources.get(sink)!.topic],
    id,
    statusCount: { [now]: 1 },
    queryType: "PERSISTENT",
    state: stateIn(now),
  };
}

/** Of a paused query only how many servers have it PAUSED is seen. */
const stateIn = (state: string) => (state === "PAUSED" ? "RUNNING" : state);

export function describe(state: State, source: Source): object {
  const queries = [...state.queries.values()];
  const of = (chosen: readonly Query[]) => chosen.map((query) => queryOf(state, query));
  return {
    name: source.name,
    windowType: source.ast.kind === "createAs" && source.ast.query.window !== null ? "TUMBLING" : null,
    readQueries: of(queries.filter(({ from }) => from === source.name)),
    writeQueries: of(queries.filter(({ sink }) => sink === source.name)),
    fields: source.columns.map(({ name, type, key }) => ({
      name,
      schema: schemaOf(type),
      ...(key ? { type: "KEY" } : {}),
    })),
    type: source.kind.toUpperCase(),
    timestamp: "",
    statistics: "",
    errorStats: "",
    extended: true,
    keyFormat: source.keyFormat,
    valueFormat: source.valueFormat,
    topic: source.topic,
    partitions: state.topics.get(source.topic)?.partitions ?? 0,
    replication: 1,
    statement: source.statement,
    queryOffsetSummaries: [],
    sourceConstraints: [...state.sources.values()].filter(({ from }) => from === source.name).map(({ name }) => name),
    clusterStatistics: [],
    clusterErrorStats: [],
  };
}

export function explain(state: State, id: string, sql: string): object {
  const query =
    state.queries.get(id) ??
    refuse(`Query with id:${id} does not exist, use SHOW QUERIES to view the full set of queries.`);
  const committedOffset = query.isBehind ? -1 : 1;
  const topicPartitionEntity = { topic: state.sources.get(query.from)?.topic, partition: 0 };
  const topicOffsets = [{ topicPartitionEntity, endOffset: 1, committedOffset }];
  const tasks = { taskId: "0_0", topicOffsets, timeCurrentIdlingStarted: null };
  const queryDescription = {
    id,
    statementText: query.sql,
    windowType: null,
    fields: [],
    sources: [query.from],
    sinks: [query.sink],
    topology: "",
    executionPlan: "",
    ...(!query.hasHiddenProperties && { overriddenProperties: query.properties }),
    ksqlHostQueryStatus: { "127.0.0.1:8088": stateIn(query.state) },
    queryType: "PERSISTENT",
    queryErrors: query.errors.map((error) => ({ ...error, type: "USER" })),
    tasksMetadata: query.isUnassigned ? [] : [tasks],
    consumerGroupId: `_confluent-ksql-default_query_${id}`,
    state: stateIn(query.state),
  };
  return { "@type": "queryDescription", statementText: sql, queryDescription, warnings: [] };
}
