/**
 * Avro records straight into columns, without a JavaScript object or string in between. Reads the primitive types that a
 * table's column can come from; https://avro.apache.org/docs/1.12.0/specification/#binary-encoding-1
 */
import type { AvroField, AvroRecord } from "../../schemas/avro.ts";
import { unwrap } from "../../schemas/avro.ts";
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
  return (value, row) => {
    let at = headerLength;
    for (const { kind, nullable, column } of fields) {
      // All unions are of null and one type: branch 0 or 1, as a zigzag number 0 or 2.
      if (nullable && value[at++] === 0) continue;
      if (kind === "string") {
        const length = readLong(value, at);
        const start = longEnd;
        at = start + length;
        (column as TextColumn | undefined)?.set(row, value, start, at);
      } else if (kind === "long") {
        const number = readLong(value, at);
        at = longEnd;
        (column as NumberColumn | undefined)?.setInteger(row, number);
      } else if (kind === "double") {
        (column as NumberColumn | undefined)?.setDouble(row, value.readDoubleLE(at));
        at += 8;
      } else {
        (column as BooleanColumn | undefined)?.set(row, value[at++] === 1);
      }
    }
    if (at !== value.length)
      throw new Error(`a value of ${schema.name} has ${value.length} bytes, but its schema ends at ${at}`);
  };
}

function kindOf(field: AvroField): { kind: Kind; nullable: boolean } {
  const { type, nullable } = unwrap(field.type);
  const name = typeof type === "string" ? type : type.type;
  if (name === "int") return { kind: "long", nullable };
  if (name === "string" || name === "long" || name === "double" || name === "boolean") return { kind: name, nullable };
  throw new Error(`a column cannot hold the Avro type ${name} of the field ${field.name}`);
}

/** The end of the number that readLong has read. */
let longEnd = 0;

/**
 * A zigzag number of variable length. Throws beyond 2^53, where a JavaScript number is no longer exact. It stands here as well as
 * in topics/avro-bytes.ts because every field of every row passes it: with that one's cursor rows take measurably longer.
 */
function readLong(bytes: Buffer, start: number): number {
  let at = start;
  let byte = bytes[at++]!;
  // The lowest bit is the sign. Leaving it out keeps the rest exact up to 2^53.
  const negative = (byte & 1) === 1;
  let half = (byte & 0x7f) >> 1;
  for (let weight = 64; byte > 0x7f; weight *= 128) half += ((byte = bytes[at++]!) & 0x7f) * weight;
  longEnd = at;
  if (half >= 2 ** 53) throw new Error("a number beyond 2^53 cannot be read exactly");
  return negative ? -half - 1 : half;
}
