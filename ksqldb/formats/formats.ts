/** The formats by their names. */
import type { SqlType } from "../language/types.ts";
import { avroDeserializer } from "./avro-decoder.ts";
import { avroSerializer } from "./avro-encoder.ts";
import { avroSchema } from "./avro-schema.ts";
import { delimitedDeserializer, delimitedSerializer } from "./delimited.ts";
import type { Deserialize, FormatName, Schemas, Serialize, Side } from "./format.ts";
import { jsonDeserializer, jsonSerializer } from "./json.ts";
import { kafkaDeserializer, kafkaSerializer } from "./kafka.ts";

const scalars = ["BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "STRING", "TIMESTAMP"] as const;

/** The types that a format can write, where they are not all. */
const supported: Partial<Record<FormatName, readonly SqlType["base"][]>> = {
  AVRO: [...scalars, "ARRAY", "STRUCT"],
  DELIMITED: scalars,
  KAFKA: ["INTEGER", "BIGINT", "DOUBLE", "STRING"],
};

/** Why the columns can not be written in their format; undefined if they can. */
export function unsupported(side: Side): string | undefined {
  const { format, columns } = side;
  if (format === "NONE" && columns.length > 0) return `the format NONE has no columns, not ${columns[0]!.name}`;
  if (format === "KAFKA" && columns.length > 1) return `the format KAFKA takes one column, not ${columns.length}`;
  for (const { name, type } of columns) {
    const other = outside(type, supported[format]);
    if (other !== undefined) return `the format ${format} does not support the type ${other}, column ${name}`;
  }
  if (format !== "AVRO") return undefined;
  try {
    avroSchema(side);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function outside(type: SqlType, types: readonly SqlType["base"][] | undefined): SqlType["base"] | undefined {
  if (types === undefined) return undefined;
  if (!types.includes(type.base)) return type.base;
  if (type.base === "ARRAY") return outside(type.item, types);
  if (type.base !== "STRUCT") return undefined;
  return type.fields.map((field) => outside(field.type, types)).find((other) => other !== undefined);
}

/** A format may leave columns null that are not wanted. */
export function deserializer(side: Side, schemas: Schemas, wanted?: ReadonlySet<string>): Deserialize {
  if (side.columns.length === 0) return () => [];
  switch (side.format) {
    case "AVRO":
      return avroDeserializer(side, schemas, wanted);
    case "JSON":
      return jsonDeserializer(side);
    case "DELIMITED":
      return delimitedDeserializer(side);
    case "KAFKA":
      return kafkaDeserializer(side);
    case "NONE":
      return () => [];
  }
}

/** Registers the schema of AVRO under the subject. */
export function serializer(side: Side, subject: string, schemas: Schemas): Serialize {
  if (side.columns.length === 0) return () => null;
  const write = writer(side, subject, schemas);
  return side.unwrapped ? (values) => (values[0] === null ? null : write(values)) : write;
}

function writer(side: Side, subject: string, schemas: Schemas): Serialize {
  switch (side.format) {
    case "AVRO":
      return avroSerializer(side, schemas.idOf(subject, avroSchema(side)));
    case "JSON":
      return jsonSerializer(side);
    case "DELIMITED":
      return delimitedSerializer(side);
    case "KAFKA":
      return kafkaSerializer(side);
    case "NONE":
      return () => null;
  }
}
