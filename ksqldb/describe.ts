/**
 * The shape of every table: of raw topics from their `.avsc`, of derived ones from the analysed statement. A column
 * that passes a raw field through inherits its type and description; a computed one has them in the comment behind it,
 * `-- [timestamp] meaning` where its BIGINT is a time in microseconds.
 */
import { catalog, namespace, topics, type RawTopic, type Table, type Topic } from "../schemas/catalog.ts";
import { readSchema, unwrap, type AvroField } from "../schemas/avro.ts";
import type { Column, TableShape } from "../schemas/tables.ts";
import { UserError } from "../command.ts";
import type { OutputColumn, Plan } from "./language/plan.ts";
import { bigQueryType } from "./language/types.ts";

/** Shapes in the order of the catalogue. Throws UserError where a column has no description or no type in BigQuery. */
export function describeTables(plans: readonly Plan[]): TableShape[] {
  const shapes = new Map<string, readonly Column[]>();
  return catalog.flatMap((topic) => {
    const { description, columns } =
      topic.writtenBy === "producer" ? rawShape(topic) : derivedShape(topic, plans, shapes);
    shapes.set(topic.name, columns);
    const { table } = topic;
    return table === undefined
      ? []
      : [{ name: topic.name, description, ...table, columns: columns.map((column) => required(column, table)) }];
  });
}

interface Shape {
  readonly description: string;
  readonly columns: readonly Column[];
}

function rawShape(topic: Topic): Shape {
  const schema = readSchema(topic.name as RawTopic);
  const columns = schema.fields.filter((field) => !holdsList(field)).map(rawColumn);
  return { description: schema.doc ?? "", columns };
}

/** Lists are flattened by a statement before BigQuery sees them. */
function holdsList(field: AvroField): boolean {
  const { type } = unwrap(field.type);
  return typeof type === "object" && type.type === "array";
}

function rawColumn(field: AvroField): Column {
  const { type, nullable } = unwrap(field.type);
  const bigQuery = { string: "STRING", long: "INT64", int: "INT64" } as const;
  const known =
    typeof type === "string"
      ? bigQuery[type as keyof typeof bigQuery]
      : "logicalType" in type
        ? "TIMESTAMP"
        : undefined;
  if (known === undefined || field.doc === undefined)
    throw new UserError(`the field ${field.name} needs a doc, and a type that BigQuery has`);
  return { name: field.name, type: known, mode: nullable ? "NULLABLE" : "REQUIRED", description: field.doc };
}

function derivedShape(topic: Topic, plans: readonly Plan[], shapes: ReadonlyMap<string, readonly Column[]>): Shape {
  const plan = plans.find(({ sink }) => sink.topic === topic.name);
  if (plan === undefined) throw new UserError(`no statement writes ${topic.name}: schemas/catalog.ts says ksqlDB does`);
  const source = shapes.get(plan.source.topic) ?? [];
  return { description: plan.description, columns: plan.columns.map((column) => derivedColumn(column, source, plan)) };
}

function derivedColumn(column: OutputColumn, source: readonly Column[], plan: Plan): Column {
  const passed = source.find(({ name }) => name === column.passes);
  const [, timestamp, meaning] = /^(\[timestamp\]\s*)?(.*)$/.exec(column.comment ?? "")!;
  const type = timestamp === undefined ? (passed?.type ?? bigQueryType(column.type)) : "TIMESTAMP";
  const description = meaning || passed?.description;
  if (type === undefined)
    throw new UserError(`${plan.file}: the column ${column.name} is a list, which BigQuery can not hold`);
  if (!description)
    throw new UserError(`${plan.file}: the column ${column.name} needs a meaning: a comment behind it on its line`);
  // ksqlDB writes every column nullable.
  return { name: column.name, type, mode: "NULLABLE", description };
}

/** The partition column is never null: rows without it would be in no partition that a filter reads. */
function required(column: Column, table: Table): Column {
  return column.name === table.partitionBy.column ? { ...column, mode: "REQUIRED" } : column;
}

/** The text of `schemas/tables.lock.json`. */
export function lockText(shapes: readonly TableShape[]): string {
  return `${JSON.stringify(shapes, null, 2)}\n`;
}

/** Where a statement's WITH differs from the catalogue, which Terraform makes the topic from. */
export function disagreements(plans: readonly Plan[]): string[] {
  return plans.flatMap(({ file, sink, properties }) => {
    const topic: Topic | undefined = topics[sink.topic as keyof typeof topics];
    if (topic === undefined) return [`${file}: the topic ${sink.topic} is not in schemas/catalog.ts`];
    const expected = {
      PARTITIONS: topic.partitions,
      RETENTION_MS: topic.retentionMs,
      VALUE_SCHEMA_FULL_NAME: `${namespace}.${topic.name}`,
    };
    return Object.entries(expected)
      .filter(([name, value]) => properties.get(name) !== value)
      .map(([name, value]) => `${file}: ${name} must be ${value}, as in schemas/catalog.ts`);
  });
}
