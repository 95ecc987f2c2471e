/** Statements to plans. Every fault is found here, before anything runs. */
import type { CreateStream, CreateStreamAs, Item, Property } from "./ast.ts";
import { planExpression, requireCondition, type Refuse } from "./expression.ts";
import { parse, StatementError } from "./parse.ts";
import type { OutputColumn, Plan, PlannedExpression, Stream } from "./plan.ts";
import { typeNamed } from "./types.ts";

export interface Script {
  /** For messages. */
  readonly file: string;
  readonly text: string;
}

export interface Analysis {
  readonly streams: ReadonlyMap<string, Stream>;
  readonly plans: readonly Plan[];
}

const knownProperties = {
  createStream: ["KAFKA_TOPIC", "KEY_FORMAT", "VALUE_FORMAT", "PARTITIONS"],
  createStreamAs: ["KAFKA_TOPIC", "KEY_FORMAT", "VALUE_FORMAT", "PARTITIONS", "RETENTION_MS", "VALUE_SCHEMA_FULL_NAME"],
};

/** Analyses scripts in their order: a stream must be created before it is read. Throws StatementError. */
export function analyse(scripts: readonly Script[]): Analysis {
  const streams = new Map<string, Stream>();
  const plans: Plan[] = [];
  for (const { file, text } of scripts) {
    const refuse: Refuse = (at, message) => {
      throw new StatementError(file, at, message);
    };
    for (const statement of parse(text, file)) {
      const { name } = statement.name;
      if (streams.has(name)) refuse(statement.name.at, `a stream named ${name} exists already`);
      if (statement.kind === "createStream") streams.set(name, planStream(statement, refuse));
      else {
        const source = streams.get(statement.query.source.name);
        if (source === undefined) {
          return refuse(
            statement.query.source.at,
            `there is no stream ${statement.query.source.name}: create it in an earlier statement`,
          );
        }
        const plan = planQuery(statement, source, { file, text }, refuse);
        streams.set(name, plan.sink);
        plans.push(plan);
      }
    }
  }
  return { streams, plans };
}

function planStream(statement: CreateStream, refuse: Refuse): Stream {
  const properties = readProperties(statement, refuse);
  const [key, ...more] = statement.columns.filter((column) => column.key);
  if (key === undefined || more.length > 0 || typeNamed(key.type) !== "STRING") {
    return refuse(statement.at, "exactly one KEY column of type STRING is expected");
  }
  const columns = statement.columns
    .filter((column) => !column.key)
    .map(({ name, type, at }) => {
      const known = typeNamed(type);
      return { name, type: known ?? refuse(at, `the type of ${name} is outside the subset that is executed here`), at };
    });
  refuseRepeated([...columns, key], refuse);
  return newStream(statement.name.name, properties, key.name, columns);
}

function planQuery(statement: CreateStreamAs, source: Stream, script: Script, refuse: Refuse): Plan {
  const properties = readProperties(statement, refuse);
  const { items, where } = statement.query;
  const explode: PlannedExpression[] = [];
  const [first, ...rest] = items;
  if (first?.expression.kind !== "name" || first.expression.name !== source.key) {
    return refuse(first!.at, `the first column must be the key of ${source.name}, ${source.key}`);
  }
  const key = first.name?.name ?? source.key;
  const columns = rest.map((item): OutputColumn => {
    const expression = planExpression(item.expression, source, explode, refuse);
    return {
      name: nameOf(item, refuse),
      type: expression.type,
      expression,
      comment: commentBehind(item, script.text),
      passes: expression.kind === "column" ? expression.name : undefined,
    };
  });
  refuseRepeated([...columns.map(({ name }, i) => ({ name, at: rest[i]!.at })), { name: key, at: first.at }], refuse);
  const filter =
    where === null ? undefined : requireCondition(where, planExpression(where, source, undefined, refuse), refuse);
  return {
    file: script.file,
    description: headComment(script.text),
    source,
    sink: newStream(statement.name.name, properties, key, columns),
    columns,
    where: filter,
    explode,
    properties,
  };
}

function newStream(
  name: string,
  properties: ReadonlyMap<string, string | number>,
  key: string,
  columns: Stream["columns"],
): Stream {
  return {
    name,
    topic: String(properties.get("KAFKA_TOPIC")),
    key,
    columns: columns.map((column) => ({ name: column.name, type: column.type })),
    schemaName: String(
      properties.get("VALUE_SCHEMA_FULL_NAME") ?? "io.confluent.ksql.avro_schemas.KsqlDataSourceSchema",
    ),
  };
}

function readProperties(statement: CreateStream | CreateStreamAs, refuse: Refuse): Map<string, string | number> {
  const known = knownProperties[statement.kind];
  const values = new Map<string, string | number>();
  for (const { name, value, at } of statement.properties) {
    if (!known.includes(name))
      refuse(at, `the property ${name} is outside the subset that is executed here (${known.join(", ")})`);
    if (values.has(name)) refuse(at, `the property ${name} is given twice`);
    values.set(name, value);
  }
  requireProperty("KAFKA_TOPIC", undefined);
  requireProperty("KEY_FORMAT", "KAFKA");
  requireProperty("VALUE_FORMAT", "AVRO");
  return values;

  function requireProperty(name: string, only: string | undefined): void {
    const value = values.get(name);
    if (value === undefined) refuse(statement.at, `WITH must name ${name}${only ? ` = '${only}'` : ""}`);
    if (only !== undefined && value !== only)
      refuse(statement.at, `${name} '${value}' is outside the subset that is executed here ('${only}')`);
  }
}

function refuseRepeated(columns: readonly { name: string; at: Property["at"] }[], refuse: Refuse): void {
  const seen = new Set<string>();
  for (const { name, at } of columns) {
    if (seen.has(name)) refuse(at, `the column ${name} is named twice`);
    seen.add(name);
  }
}

function nameOf({ name, expression }: Item, refuse: Refuse): string {
  if (name !== null) return name.name;
  return expression.kind === "name" ? expression.name : refuse(expression.at, "an expression needs a name: AS `name`");
}

/** The comment that follows an item on its line. */
function commentBehind({ name, expression }: Item, text: string): string | undefined {
  const line = text.slice(name?.end ?? expression.at.offset).split("\n", 1)[0]!;
  return /--\s*(.*)/.exec(line)?.[1]?.trim();
}

/** The comment at the head of a script: what the object is. */
function headComment(text: string): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("--"));
  return lines
    .slice(0, end)
    .map((line) => line.slice(2).trim())
    .join(" ");
}
