/** Values of a stream to and from Avro in the Confluent wire format. */
import avsc from "avsc";
import type { Column, Stream } from "../language/plan.ts";
import { avroType } from "../language/types.ts";
import { headerLength, schemaIdOf, wireEncoder } from "../../schemas/wire.ts";
import type { Value } from "./expressions.ts";

export type Values = Record<string, Value>;

/** The value schema that ksqlDB registers for a stream: every field nullable, in the order of the columns. */
export function valueSchema(stream: Pick<Stream, "schemaName" | "columns">): object {
  const dot = stream.schemaName.lastIndexOf(".");
  return {
    type: "record",
    name: stream.schemaName.slice(dot + 1),
    namespace: stream.schemaName.slice(0, dot),
    fields: stream.columns.map(({ name, type }) => ({ name, type: avroType(type), default: null })),
    "connect.name": stream.schemaName,
  };
}

/**
 * A reader of the given columns from values written with any schema. As in ksqlDB a field is found by its exact name,
 * then by its name in upper case; a column that the writer does not have is NULL. Bytes that are not of the writer's
 * schema give undefined; a writer's type that does not fit the column throws: no record of it could be read.
 */
export function valueReader(
  columns: readonly Column[],
  schemaById: (id: number) => object,
): (value: Buffer) => Values | undefined {
  const readers = new Map<number, (value: Buffer) => Values | undefined>();
  return (value) => {
    const id = schemaIdOf(value);
    let read = readers.get(id);
    if (read === undefined) readers.set(id, (read = readerOf(columns, schemaById(id) as WriterSchema)));
    return read(value);
  };
}

interface WriterSchema {
  readonly name: string;
  readonly namespace?: string;
  readonly fields: readonly { readonly name: string }[];
}

function readerOf(columns: readonly Column[], writer: WriterSchema): (value: Buffer) => Values | undefined {
  const fields = columns.flatMap((column) => {
    const field =
      writer.fields.find(({ name }) => name === column.name) ??
      writer.fields.find(({ name }) => name.toUpperCase() === column.name);
    return field === undefined ? [] : [{ column: column.name, field: field.name, type: avroType(column.type) }];
  });
  // Only the fields that are asked for are read; avsc skips the others. A type that does not fit throws here.
  const reader = avsc.Type.forSchema({
    type: "record",
    name: writer.name,
    namespace: writer.namespace,
    fields: fields.map(({ field, type }) => ({ name: field, type, default: null })),
  } as avsc.Schema);
  const resolver = reader.createResolver(avsc.Type.forSchema(writer as avsc.Schema));
  const renamed = fields.filter(({ column, field }) => column !== field);
  return (value) => {
    const values = decode(value);
    if (values !== undefined) for (const { column, field } of renamed) values[column] = values[field]!;
    return values;
  };

  function decode(value: Buffer): Values | undefined {
    try {
      return (reader.decode(value, headerLength, resolver) as { value: Values | undefined }).value;
    } catch {
      return undefined;
    }
  }
}

/** A writer of a stream's values under a schema id. What it returns is valid until the next call. */
export function valueWriter(stream: Stream, schemaId: number): (values: Values) => Buffer {
  return wireEncoder(avsc.Type.forSchema(valueSchema(stream) as avsc.Schema), schemaId);
}
