/**
 * Avro records straight into columns, without a JavaScript object or string in between. Reads the primitive types that a
 * table's column can come from; https://avro.apache.org/docs/1.12.0/specification/#binary-encoding-1
 */
import type { AvroField, AvroRecord } from "../../schemas/avro.ts";
import { unwrap } from "../../schemas/avro.ts";
import { readSafeLong, type Cursor } from "../../topics/avro-bytes.ts";
import { headerLength } from "../../topics/wire.ts";
import type { BooleanColumn, Column, NumberColumn, TextColumn } from "./columns.ts";

type Kind = "string" | "long" | "double" | "boolean";

interface Field {
  readonly kind: Kind;
  readonly nullable: boolean;
  /** Undefined if the table does not have the field. */
  readonly column: Column | undefined;
}

/**
 * A reader of values of one writer's schema into columns by name: `(value, row)`. Throws if the schema has a type that no
 * column can hold, and if a value does not follow its schema.
 */
export function rowReader(
  schema: AvroRecord,
  columns: ReadonlyMap<string, Column>,
): (value: Buffer, row: number) => void {
  const fields = schema.fields.map((field): Field => ({ ...kindOf(field), column: columns.get(field.name) }));
  const input: Cursor = { bytes: Buffer.alloc(0), at: 0 };
  return (value, row) => {
    input.bytes = value;
    input.at = headerLength;
    for (const { kind, nullable, column } of fields) {
      // All unions are of null and one type: branch 0 or 1, as a zigzag number 0 or 2.
      if (nullable && value[input.at++] === 0) continue;
      if (kind === "string") {
        const length = readSafeLong(input);
        const start = input.at;
        input.at += length;
        (column as TextColumn | undefined)?.set(row, value, start, input.at);
      } else if (kind === "long") {
        (column as NumberColumn | undefined)?.setInteger(row, readSafeLong(input));
      } else if (kind === "double") {
        (column as NumberColumn | undefined)?.setDouble(row, value.readDoubleLE(input.at));
        input.at += 8;
      } else {
        (column as BooleanColumn | undefined)?.set(row, value[input.at++] === 1);
      }
    }
    if (input.at !== value.length)
      throw new Error(`a value of ${schema.name} has ${value.length} bytes, but its schema ends at ${input.at}`);
  };
}

function kindOf(field: AvroField): { kind: Kind; nullable: boolean } {
  const { type, nullable } = unwrap(field.type);
  const name = typeof type === "string" ? type : type.type;
  if (name === "int") return { kind: "long", nullable };
  if (name === "string" || name === "long" || name === "double" || name === "boolean") return { kind: name, nullable };
  throw new Error(`a column cannot hold the Avro type ${name} of the field ${field.name}`);
}
