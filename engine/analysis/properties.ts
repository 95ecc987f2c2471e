/** WITH (…): https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-reference/create-stream.html */
import type { Place, Property } from "../language/ast.ts";
import type { FormatName, Side } from "../formats/format.ts";
import type { Refuse } from "../language/parse.ts";

const known = [
  "KAFKA_TOPIC",
  "FORMAT",
  "KEY_FORMAT",
  "VALUE_FORMAT",
  "KEY_DELIMITER",
  "VALUE_DELIMITER",
  "PARTITIONS",
  "REPLICAS",
  "RETENTION_MS",
  "CLEANUP_POLICY",
  "TIMESTAMP",
  "TIMESTAMP_FORMAT",
  "WRAP_SINGLE_VALUE",
  "VALUE_SCHEMA_FULL_NAME",
  "VALUE_AVRO_SCHEMA_FULL_NAME",
];

const number = /^[1-9]\d*$/;
const fullName = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
/** What the values of properties look like, where not everything goes. */
const forms: Readonly<Record<string, RegExp>> = {
  KAFKA_TOPIC: /^[\w.-]{1,249}$/,
  PARTITIONS: number,
  REPLICAS: number,
  RETENTION_MS: /^(-1|[1-9]\d*)$/,
  CLEANUP_POLICY: /^(compact|delete|compact,delete|delete,compact)$/,
  VALUE_SCHEMA_FULL_NAME: fullName,
  VALUE_AVRO_SCHEMA_FULL_NAME: fullName,
};

/** The others are texts, and nothing else is taken for one. */
const notTexts = ["PARTITIONS", "REPLICAS", "RETENTION_MS", "WRAP_SINGLE_VALUE"];

/** Values by name, numbers as their digits. */
export type Properties = ReadonlyMap<string, string>;

export function readProperties(properties: readonly Property[], refuse: Refuse): Properties {
  const values = new Map<string, string>();
  for (const { name, type, value, at } of properties) {
    if (!known.includes(name))
      refuse(at, `the property ${name} is outside the subset that is executed here (${known.join(", ")})`, "subset");
    if (values.has(name)) refuse(at, `the property ${name} is given twice`);
    if (type !== "STRING" && !notTexts.includes(name)) refuse(at, `${name} takes a text in quotes, not ${value}`);
    values.set(name, value);
  }
  const at = properties[0]?.at;
  if (values.has("FORMAT") && (values.has("KEY_FORMAT") || values.has("VALUE_FORMAT"))) {
    refuse(at!, "FORMAT sets both formats: it does not go together with KEY_FORMAT or VALUE_FORMAT");
  }
  if (values.has("VALUE_SCHEMA_FULL_NAME") && values.has("VALUE_AVRO_SCHEMA_FULL_NAME")) {
    refuse(at!, "VALUE_SCHEMA_FULL_NAME and VALUE_AVRO_SCHEMA_FULL_NAME are the same: one of them");
  }
  for (const [name, form] of Object.entries(forms)) {
    if (values.has(name) && !form.test(values.get(name)!))
      refuse(at!, `${name} '${values.get(name)!}' can not be used`);
  }
  if (values.has("TIMESTAMP_FORMAT") && !values.has("TIMESTAMP")) refuse(at!, "TIMESTAMP_FORMAT needs TIMESTAMP");
  return values;
}

const formats: readonly string[] = ["AVRO", "JSON", "KAFKA", "DELIMITED", "NONE"] satisfies FormatName[];

/** The format of the key or the value; undefined where the statement does not say. */
export function formatOf(
  side: "KEY" | "VALUE",
  properties: Properties,
  at: Place,
  refuse: Refuse,
): FormatName | undefined {
  const name = (properties.get("FORMAT") ?? properties.get(`${side}_FORMAT`))?.toUpperCase();
  if (name === undefined) return undefined;
  if (!formats.includes(name) || (name === "NONE" && side === "VALUE")) {
    return refuse(
      at,
      `${side}_FORMAT '${name}' is outside the subset that is executed here (${formats.join(", ")})`,
      "subset",
    );
  }
  return name as FormatName;
}

/** The delimiter that a statement gives; SPACE and TAB stand for themselves. */
export function delimiterOf(
  side: "KEY" | "VALUE",
  format: FormatName,
  properties: Properties,
  at: Place,
  refuse: Refuse,
): string | undefined {
  const text = properties.get(`${side}_DELIMITER`);
  if (text === undefined) return undefined;
  if (format !== "DELIMITED") refuse(at, `${side}_DELIMITER does not go together with the format ${format}`);
  const named = { SPACE: " ", TAB: "\t" }[text];
  if (named === undefined && (text.length !== 1 || text.trim() === "" || text === '"'))
    refuse(at, `${side}_DELIMITER must be one character, no quote, SPACE or TAB`);
  return named ?? text;
}

/** Whether a value of a single column stands without a record around it. */
export function unwrapped(
  side: Pick<Side, "format" | "columns">,
  properties: Properties,
  byDefault: boolean,
  at: Place,
  refuse: Refuse,
): boolean {
  const wrap = properties.get("WRAP_SINGLE_VALUE");
  const single = side.columns.length === 1;
  if (wrap !== undefined && !/^(true|false)$/i.test(wrap)) refuse(at, "WRAP_SINGLE_VALUE is true or false");
  if (wrap !== undefined && !single) refuse(at, "WRAP_SINGLE_VALUE is only for a value of a single column");
  // The other formats have but one way.
  if (side.format !== "AVRO" && side.format !== "JSON") {
    if (wrap?.toLowerCase() === "true")
      refuse(at, `the format ${side.format} does not support WRAP_SINGLE_VALUE = true`);
    return side.format === "KAFKA";
  }
  return single && (wrap === undefined ? byDefault : wrap.toLowerCase() === "false");
}

/** The full name of a value's Avro record. */
export function schemaName(format: FormatName, properties: Properties, at: Place, refuse: Refuse): string {
  const name = properties.get("VALUE_SCHEMA_FULL_NAME") ?? properties.get("VALUE_AVRO_SCHEMA_FULL_NAME");
  if (name === undefined) return "io.confluent.ksql.avro_schemas.KsqlDataSourceSchema";
  if (format !== "AVRO") refuse(at, `the format ${format} has no schema name`);
  if (name.trim() === "") refuse(at, "VALUE_SCHEMA_FULL_NAME must not be empty");
  return name;
}
