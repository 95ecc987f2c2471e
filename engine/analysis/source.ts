/** CREATE STREAM over a topic, and WITH (…): https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-reference/create-stream.html */
import type { Create, Place, Property } from "../language/ast.ts";
import { typeOf, typeText } from "../language/types.ts";
import { outside, type Refuse } from "../language/parse.ts";
import { avroSchema } from "../formats/avro-schema.ts";
import { isKeyType, type Column, type ValueSide } from "../formats/sides.ts";
import type { Source } from "./plan.ts";

/** Names that every row has besides its columns. */
export const pseudoColumns = ["ROWTIME", "ROWPARTITION", "ROWOFFSET"];
export const reservedColumns = [...pseudoColumns, "WINDOWSTART", "WINDOWEND"];

/** The stream that a statement declares. Refuses what ksqlDB refuses, and what is outside the subset. */
export function planSource(statement: Create, file: string, refuse: Refuse): Source {
  const { at, source: kind } = statement;
  if (kind === "table") outside(at, "CREATE TABLE over a topic", refuse);
  const properties = readProperties(statement.properties, refuse);
  const topic = properties.get("KAFKA_TOPIC") ?? refuse(at, "WITH must name KAFKA_TOPIC");
  if (!properties.has("VALUE_FORMAT")) refuse(at, "WITH must name VALUE_FORMAT");
  const names = new Set<string>();
  const columns = statement.columns.map(({ name, type, key, at: place }) => {
    if (key === "primary key") refuse(place, `the key column ${name}: a stream has KEY, a table PRIMARY KEY`);
    if (names.has(name)) refuse(place, `the column ${name} is named twice`);
    if (reservedColumns.includes(name)) refuse(place, `the column ${name} is reserved: every row has one of that name`);
    names.add(name);
    return { name, type: typeOf(type, refuse), key, at: place };
  });
  const [key, more] = columns.filter((column) => column.key !== "");
  if (key === undefined || more !== undefined) {
    return outside((more ?? statement).at, "a stream without a KEY column, or with several,", refuse);
  }
  if (!isKeyType(key.type)) outside(key.at, `a key of the type ${typeText(key.type)}`, refuse);
  const values = columns.filter((column) => column.key === "");
  if (values.length === 0) outside(at, "a stream that declares no columns of its value", refuse);
  return {
    kind,
    name: statement.name.name,
    topic,
    key: { columns: [plain(key)] },
    value: valueSide(values.map(plain), properties, at, refuse),
    windowSize: undefined,
    properties,
    file,
  };
}

function plain({ name, type }: Column): Column {
  return { name, type };
}

/** A value in AVRO. Refuses names that Avro does not have. */
export function valueSide(columns: readonly Column[], properties: Properties, at: Place, refuse: Refuse): ValueSide {
  const schemaName = properties.get("VALUE_SCHEMA_FULL_NAME") ?? "io.confluent.ksql.avro_schemas.KsqlDataSourceSchema";
  const side = { columns, schemaName };
  try {
    avroSchema(side);
  } catch (error) {
    return refuse(at, (error as Error).message);
  }
  return side;
}

const number = /^[1-9]\d*$/;
/** The properties that are known here, and what their values look like. */
const forms: Readonly<Record<string, RegExp>> = {
  KAFKA_TOPIC: /^[\w.-]{1,249}$/,
  KEY_FORMAT: /^/,
  VALUE_FORMAT: /^/,
  PARTITIONS: number,
  REPLICAS: number,
  RETENTION_MS: /^(-1|[1-9]\d*)$/,
  CLEANUP_POLICY: /^(compact|delete|compact,delete|delete,compact)$/,
  VALUE_SCHEMA_FULL_NAME: /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/,
};
const numbers = ["PARTITIONS", "REPLICAS", "RETENTION_MS"];
const formats: Readonly<Record<string, string>> = { KEY_FORMAT: "KAFKA", VALUE_FORMAT: "AVRO" };

/** Values by name, numbers as their digits. */
export type Properties = ReadonlyMap<string, string>;

/** Checks the properties of WITH. Refuses unknown names, and values that cannot be used. */
export function readProperties(properties: readonly Property[], refuse: Refuse): Properties {
  const values = new Map<string, string>();
  for (const { name, type, value, at } of properties) {
    const form = Object.hasOwn(forms, name)
      ? forms[name]!
      : refuse(
          at,
          `the property ${name} is outside the subset that is executed here (${Object.keys(forms).join(", ")})`,
          "subset",
        );
    if (values.has(name)) refuse(at, `the property ${name} is given twice`);
    if (type !== "STRING" && !numbers.includes(name)) refuse(at, `${name} takes a text in quotes, not ${value}`);
    if (!form.test(value)) refuse(at, `${name} '${value}' cannot be used`);
    const format = formats[name];
    if (format !== undefined && value.toUpperCase() !== format) outside(at, `${name} ${value.toUpperCase()}`, refuse);
    values.set(name, value);
  }
  return values;
}
