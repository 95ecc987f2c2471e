/** CREATE STREAM and CREATE TABLE over a topic. */
import type { Create, Place } from "../language/ast.ts";
import { typeOf, typeText, type SqlType } from "../language/types.ts";
import { compilePattern } from "../expressions/timestamp.ts";
import type { Refuse } from "../language/parse.ts";
import { inferColumns } from "../formats/avro-inference.ts";
import type { Column, Schemas, Side } from "../formats/format.ts";
import { unsupported } from "../formats/formats.ts";
import type { Source, TimestampColumn } from "./plan.ts";
import { delimiterOf, formatOf, readProperties, schemaName, unwrapped, type Properties } from "./properties.ts";

/** Settings of a server that change what a statement means. */
export interface Settings {
  /** The format of a value whose statement does not say one: `ksql.persistence.default.format.value`. */
  readonly valueFormat?: string | undefined;
  /** Whether a single column is wrapped into a record: `ksql.persistence.wrap.single.values`. */
  readonly wrapSingleValues?: boolean | undefined;
}

/** Names that every row has besides its columns. */
export const pseudoColumns = ["ROWTIME", "ROWPARTITION", "ROWOFFSET"];
export const reservedColumns = [...pseudoColumns, "WINDOWSTART", "WINDOWEND"];

export function planSource(
  statement: Create,
  file: string,
  schemas: Pick<Schemas, "latest"> | undefined,
  settings: Settings,
  refuse: Refuse,
): Source {
  const { at, source: kind } = statement;
  const properties = readProperties(statement.properties, refuse);
  const topic = properties.get("KAFKA_TOPIC") ?? refuse(at, "WITH must name KAFKA_TOPIC");
  for (const { key, name, at: place } of statement.columns) {
    if (key !== "" && (key === "key") !== (kind === "stream")) {
      refuse(place, `the key column ${name}: a stream has KEY, a table PRIMARY KEY`);
    }
  }
  const declared = (isKey: boolean): Column[] =>
    statement.columns
      .filter(({ key }) => (key !== "") === isKey)
      .map(({ name, type }) => ({ name, type: typeOf(type, refuse) }));

  const byDefault = new Map(settings.valueFormat === undefined ? [] : [["VALUE_FORMAT", settings.valueFormat]]);
  const valueFormat =
    formatOf("VALUE", properties, at, refuse) ??
    formatOf("VALUE", byDefault, at, refuse) ??
    refuse(at, "WITH must name VALUE_FORMAT");
  const keyFormat = formatOf("KEY", properties, at, refuse) ?? "KAFKA";
  const infer = (subject: string, single: string | undefined): Column[] => {
    const schema = schemas?.latest?.(subject);
    if (schema === undefined)
      return refuse(at, `the columns of ${subject} are not declared, and no schema of that name is registered`);
    try {
      return inferColumns(schema, single);
    } catch (error) {
      return refuse(at, `the columns of ${subject} can not be inferred: ${(error as Error).message}`);
    }
  };
  let columns = declared(false);
  const single = properties.get("WRAP_SINGLE_VALUE")?.toLowerCase() === "false";
  if (columns.length === 0 && valueFormat === "AVRO") columns = infer(`${topic}-value`, single ? "ROWVAL" : undefined);
  let keys = declared(true);
  if (keys.length === 0 && keyFormat === "AVRO") keys = infer(`${topic}-key`, "ROWKEY");
  if (columns.length === 0) refuse(at, "no columns are declared, and none can be inferred from a registered schema");
  if (kind === "table" && keys.length === 0) refuse(at, "a table needs a PRIMARY KEY");

  const names = new Set<string>();
  for (const { name } of [...keys, ...columns]) {
    const place = statement.columns.find((column) => column.name === name)?.at ?? at;
    if (names.has(name)) refuse(place, `the column ${name} is named twice`);
    if (reservedColumns.includes(name)) refuse(place, `the column ${name}: every row has one of that name`);
    names.add(name);
  }
  const value = newSide("VALUE", valueFormat, columns, properties, settings, at, refuse);
  return {
    kind,
    name: statement.name.name,
    topic,
    key: newKey(keyFormat, keys, statement.name.name, undefined, properties, at, refuse),
    keyFormat,
    value,
    timestamp: timestampColumn(properties, [...keys, ...columns], at, refuse),
    windowSize: undefined,
    properties,
    file,
  };
}

/** The value's side; `inherited` is the delimiter of the source. */
export function newSide(
  side: "VALUE",
  format: Side["format"],
  columns: readonly Column[],
  properties: Properties,
  settings: Settings,
  at: Place,
  refuse: Refuse,
  inherited?: string,
): Side {
  const value: Side = {
    format,
    columns,
    unwrapped: unwrapped({ format, columns }, properties, settings.wrapSingleValues === false, at, refuse),
    delimiter: delimiterOf(side, format, properties, at, refuse) ?? inherited ?? ",",
    schemaName: schemaName(format, properties, at, refuse),
  };
  return supported(value, at, refuse);
}

/** The key's side: a single column is always unwrapped. */
export function newKey(
  format: Side["format"],
  columns: readonly Column[],
  owner: string,
  inherited: string | undefined,
  properties: Properties,
  at: Place,
  refuse: Refuse,
): Side {
  const key: Side = {
    format: columns.length === 0 ? "NONE" : format,
    columns,
    unwrapped: columns.length === 1 && format !== "DELIMITED",
    delimiter: delimiterOf("KEY", format, properties, at, refuse) ?? inherited ?? ",",
    schemaName: `io.confluent.ksql.avro_schemas.${camelCase(owner)}Key`,
  };
  for (const { name, type } of columns)
    if (hasMap(type)) refuse(at, `the key column ${name}: a key does not take the type MAP`);
  if (format === "NONE" && columns.length > 0) refuse(at, "KEY_FORMAT 'NONE' does not go together with a key column");
  return supported(key, at, refuse);
}

function hasMap(type: SqlType): boolean {
  if (type.base === "ARRAY") return hasMap(type.item);
  return type.base === "STRUCT" ? type.fields.some((field) => hasMap(field.type)) : type.base === "MAP";
}

function supported(side: Side, at: Place, refuse: Refuse): Side {
  const reason = unsupported(side);
  if (reason !== undefined) refuse(at, reason);
  return side;
}

function camelCase(name: string): string {
  return name
    .toLowerCase()
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** WITH (TIMESTAMP = 'column'): a name that is upper-cased unless it is quoted, of a BIGINT, a TIMESTAMP, or a STRING with a format. */
export function timestampColumn(
  properties: Properties,
  columns: readonly Column[],
  at: Place,
  refuse: Refuse,
): TimestampColumn | undefined {
  const written = properties.get("TIMESTAMP");
  if (written === undefined) return undefined;
  const format = properties.get("TIMESTAMP_FORMAT");
  const quoted = /^`(.*)`$/.exec(written);
  const name = quoted?.[1] ?? written.toUpperCase();
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) return refuse(at, `the TIMESTAMP column ${name} does not exist`);
  const { base } = column.type;
  const fits =
    base === "STRING" ? format !== undefined : (base === "BIGINT" || base === "TIMESTAMP") && format === undefined;
  if (!fits)
    refuse(
      at,
      `the TIMESTAMP column ${name} must be BIGINT, TIMESTAMP, or STRING with a TIMESTAMP_FORMAT; it is ${typeText(column.type)}`,
    );
  try {
    if (format !== undefined) compilePattern(format);
  } catch (error) {
    return refuse(at, `the TIMESTAMP_FORMAT ${format}: ${(error as Error).message}`);
  }
  return { name, format };
}
