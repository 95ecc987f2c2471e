/**
 * The shape of every table: of raw topics from their `.avsc`, of derived ones from the analysed statement. A column
 * that passes a raw field through inherits its type and description; a computed one has them in the comment behind it,
 * `-- [timestamp] meaning` where its BIGINT is a time in microseconds.
 */
import { catalog, namespace, type RawTopic, type Table, type Topic } from "../schemas/catalog.ts";
import { readSchema, unwrap, type AvroField, type AvroType } from "../schemas/avro.ts";
import type { Column, TableShape } from "../schemas/tables.ts";
import { UserError } from "../program/command.ts";
import type { OutputColumn } from "../engine/analysis/plan.ts";
import type { Outline } from "./outline.ts";
import { avroSchema } from "../engine/formats/avro-schema.ts";
import type { Create, Place, Statement } from "../engine/language/ast.ts";
import { typeNameText } from "../engine/language/canonical-text.ts";
import { typeText, type SqlType } from "../engine/language/types.ts";

/** A table that cannot be described: a field of its schema or a column of its statement, or no statement writes its topic. */
export class DescribeError extends UserError {
  readonly kind: "field" | "column" | "unwritten";
  /** The field or the column. */
  readonly part: string | undefined;

  constructor(kind: DescribeError["kind"], reason: string, part?: string) {
    super(reason);
    this.kind = kind;
    this.part = part;
  }
}

/**
 * Shapes in the order of the catalogue. `onFault` is called where a column has no description or no type in BigQuery, or
 * no statement writes a topic; that table is left out, if it returns.
 */
export function describeTables(
  plans: readonly Outline[],
  onFault: (fault: DescribeError, topic: Topic) => void = raise,
): TableShape[] {
  const shapes = new Map<string, readonly Column[]>();
  return catalog.flatMap((topic) => {
    try {
      const { description, columns } =
        topic.writtenBy === "producer" ? rawShape(topic) : derivedShape(topic, plans, shapes);
      shapes.set(topic.name, columns);
      const { name, table } = topic;
      return table === undefined
        ? []
        : [{ name, description, ...table, columns: columns.map((column) => required(column, table)) }];
    } catch (error) {
      if (!(error instanceof DescribeError)) throw error;
      onFault(error, topic);
      return [];
    }
  });
}

function raise(fault: DescribeError): never {
  throw fault;
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

/** A statement flattens lists before BigQuery sees them. */
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
    throw new DescribeError("field", `the field ${field.name} needs a doc, and a type that BigQuery has`, field.name);
  return { name: field.name, type: known, mode: nullable ? "NULLABLE" : "REQUIRED", description: field.doc };
}

function derivedShape(topic: Topic, plans: readonly Outline[], shapes: ReadonlyMap<string, readonly Column[]>): Shape {
  const plan = plans.find(({ sink }) => sink.topic === topic.name);
  if (plan === undefined)
    throw new DescribeError("unwritten", `no statement writes ${topic.name}: schemas/catalog.ts says ksqlDB does`);
  const source = shapes.get(plan.source.topic) ?? [];
  return { description: plan.description, columns: plan.columns.map((column) => derivedColumn(column, source, plan)) };
}

function derivedColumn(column: OutputColumn, source: readonly Column[], plan: Outline): Column {
  const passed = source.find(({ name }) => name === column.typed.column);
  const [, timestamp, meaning] = /^(\[timestamp\]\s*)?(.*)$/.exec(column.comment ?? "")!;
  const type = timestamp === undefined ? (passed?.type ?? bigQueryType(column.type)) : "TIMESTAMP";
  const description = meaning || passed?.description;
  const fault = (why: string) =>
    new DescribeError("column", `${plan.file}: the column ${column.name} ${why}`, column.name);
  if (type === undefined) throw fault(`is ${typeText(column.type)}, which no table here can have`);
  if (!description) throw fault("needs a meaning: a comment behind it on its line");
  // ksqlDB writes every column nullable.
  return { name: column.name, type, mode: "NULLABLE", description };
}

/** Undefined for what a column of BigQuery cannot hold: lists, and above all lists of lists. */
function bigQueryType(type: SqlType): "STRING" | "INT64" | "BOOL" | undefined {
  const names = { STRING: "STRING", INTEGER: "INT64", BIGINT: "INT64", BOOLEAN: "BOOL" } as const;
  return (names as Partial<Record<SqlType["base"], "STRING" | "INT64" | "BOOL">>)[type.base];
}

/** The partition column is never null: rows without it would be in no partition that a filter reads. */
function required(column: Column, table: Table): Column {
  return column.name === table.partitionBy.column ? { ...column, mode: "REQUIRED" } : column;
}

/** Every topic with its Avro schema and its table: for a reader, and for whatever makes them. */
export function describeTopics(plans: readonly Outline[], tables: readonly TableShape[]): object[] {
  return catalog.map(({ name: topic, writtenBy }) => {
    const plan = plans.find(({ sink }) => sink.topic === topic);
    const table = tables.find(({ name }) => name === topic);
    return {
      topic,
      writtenBy,
      ...(plan && { statement: plan.file }),
      avro: plan === undefined ? readSchema(topic as RawTopic) : avroSchema(plan.sink.value),
      ...(table && { table }),
    };
  });
}

/** The text of `schemas/tables.lock.json`. */
export function lockText(shapes: readonly TableShape[]): string {
  return `${JSON.stringify(shapes, null, 2)}\n`;
}

/** A statement that differs from the catalogue, which Terraform creates topics from, or from the raw schema. */
export interface Disagreement {
  /** `topic`: whose it is. `with`: properties of the topic. `declared`: columns of a raw topic. */
  readonly about: "topic" | "with" | "declared";
  readonly statement: Statement;
  readonly file: string;
  readonly at: Place;
  readonly what: string;
}

export function disagreements(
  statements: readonly { readonly file: string; readonly statement: Statement }[],
): Disagreement[] {
  return statements.flatMap(({ file, statement }) => {
    const property = (name: string) => statement.properties.find((candidate) => candidate.name === name);
    const written = property("KAFKA_TOPIC");
    if (written === undefined) return [];
    const topic = catalog.find(({ name }) => name === written.value);
    const of = (about: Disagreement["about"], at: Place, what: string) => ({ about, statement, file, at, what });
    if (topic === undefined) return of("topic", written.at, `${written.value} is not a topic of schemas/catalog.ts`);
    if ((topic.writtenBy === "ksqldb") !== (statement.kind === "createAs"))
      return of("topic", written.at, `${topic.name} is written by ${topic.writtenBy}, according to schemas/catalog.ts`);
    if (statement.kind === "create") return undeclared(statement, topic).map(([at, what]) => of("declared", at, what));
    const isPlainTable = statement.source === "table" && statement.query.window === null;
    const expected = {
      PARTITIONS: String(topic.partitions),
      RETENTION_MS: isPlainTable ? undefined : String(topic.retentionMs),
      VALUE_SCHEMA_FULL_NAME: `${namespace}.${topic.name}`,
    };
    const found = Object.entries(expected)
      .filter(([name, value]) => property(name)?.value !== value)
      .map(([name, value]) => {
        const how = value === undefined ? "must not be given for a table without windows" : `must be ${value}`;
        return of("with", property(name)?.at ?? statement.at, `${name} ${how}`);
      });
    const { from } = statement.query;
    const source = catalog.find(({ name }) => name === from.name.name.toLowerCase());
    if (isPlainTable && source !== undefined && source.retentionMs !== topic.retentionMs)
      found.push(
        of(
          "with",
          from.name.at,
          `a table without windows has the retention of its source, and in schemas/catalog.ts ${source.name} has ${source.retentionMs} ms and ${topic.name} ${topic.retentionMs}`,
        ),
      );
    return found;
  });
}

/** A declared stream has every field of its schema, in its order, so that what is added is added in both places. */
function undeclared({ columns, at }: Create, { name: topic }: Topic): [Place, string][] {
  const { fields } = readSchema(topic as RawTopic);
  const sqlTypes = { string: "STRING", long: "BIGINT", int: "INTEGER" } as const;
  const typeOf = (type: AvroType): string =>
    typeof type === "string"
      ? sqlTypes[type as keyof typeof sqlTypes]
      : "items" in type
        ? `ARRAY<${typeOf(type.items)}>`
        : typeOf(type.type);
  const expected = fields.map((field) => `${field.name} ${typeOf(unwrap(field.type).type)}`);
  const declared = columns.filter(({ key }) => key === "");
  const texts = declared.map(({ name, type }) => `${name} ${typeNameText(type)}`);
  const first = [...expected, undefined].findIndex((column, i) => column !== texts[i]);
  if (first < 0) return [];
  const place = (declared[first] ?? columns.at(-1))?.at ?? at;
  if (expected[first] === undefined) return [[place, `schemas/${topic}.avsc has no field ${declared[first]!.name}`]];
  return [[place, `the column ${expected[first]} of schemas/${topic}.avsc is missing or elsewhere`]];
}
