/** The formats by their names. */
import type { SqlType, Value } from "../language/types.ts";
import { avroReader } from "./avro-decoder.ts";
import { avroWriter } from "./avro-encoder.ts";
import { avroSchema } from "./avro-schema.ts";
import { delimitedReader, delimitedWriter } from "./delimited.ts";
import { rootOf, type Deserialize, type FormatName, type Schemas, type Serialize, type Side } from "./format.ts";
import { jsonReader, jsonWriter } from "./json.ts";
import { kafkaReader, kafkaWriter } from "./kafka.ts";

interface Format {
  /** The types that it has, where it does not have all. */
  readonly types?: readonly SqlType["base"][];
  readonly reader: (side: Side, schemas: Schemas, wanted?: ReadonlySet<string>) => (bytes: Buffer) => Value;
  /** Of what is not null. */
  readonly writer: (side: Side, subject: string, schemas: Schemas) => (value: Value) => Buffer | null;
}

const formats: Readonly<Record<FormatName, Format>> = {
  AVRO: {
    reader: (side, schemas, wanted) => avroReader(rootOf(side), schemas, side.unwrapped ? undefined : wanted),
    writer: (side, subject, schemas) => avroWriter(rootOf(side), schemas.idOf(subject, avroSchema(side))),
  },
  JSON: { reader: (side) => jsonReader(rootOf(side)), writer: (side) => jsonWriter(rootOf(side)) },
  DELIMITED: {
    types: ["BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "STRING", "TIMESTAMP"],
    reader: delimitedReader,
    writer: delimitedWriter,
  },
  KAFKA: {
    types: ["INTEGER", "BIGINT", "DOUBLE", "STRING"],
    reader: (side) => kafkaReader(rootOf(side)),
    writer: (side) => kafkaWriter(rootOf(side)),
  },
  NONE: { types: [], reader: () => () => null, writer: () => () => null },
};

/** Why the columns can not be read or written in their format; undefined if they can. */
export function unsupported(side: Side): string | undefined {
  const { format, columns } = side;
  if (format === "NONE" && columns.length > 0) return `the format NONE has no columns, not ${columns[0]!.name}`;
  if (format === "KAFKA" && columns.length > 1) return `the format KAFKA takes one column, not ${columns.length}`;
  const { types } = formats[format];
  const other = columns.find(({ type }) => types?.includes(type.base) === false);
  if (other !== undefined) {
    return `the format ${format} does not support the type ${other.type.base}, column ${other.name}`;
  }
  try {
    if (format === "AVRO") avroSchema(side);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A format may leave columns null that are not wanted. */
export function deserializer(side: Side, schemas: Schemas, wanted?: ReadonlySet<string>): Deserialize {
  if (side.columns.length === 0) return () => [];
  const read = formats[side.format].reader(side, schemas, wanted);
  return side.unwrapped ? (bytes) => [read(bytes)] : (bytes) => read(bytes) as Value[] | null;
}

/** Registers the schema of AVRO under the subject. */
export function serializer(side: Side, subject: string, schemas: Schemas): Serialize {
  if (side.columns.length === 0) return () => null;
  const write = formats[side.format].writer(side, subject, schemas);
  return side.unwrapped ? ([value]) => (value === null ? null : write(value!)) : write;
}
