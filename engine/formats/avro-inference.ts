/** The columns that ksqlDB infers from a registered Avro schema, by way of Kafka Connect. */
import * as sql from "../language/types.ts";
import { avroType, isDecimal, required, type AvroType, type Kind } from "./avro-type.ts";
import type { Column } from "./format.ts";

/**
 * The columns that a registered schema gives: its fields in upper case, or a single column of that name for all of it.
 * ksqlDB leaves out fields of types that it does not know. Throws where it has a type that is not executed here.
 */
export function inferColumns(schema: object, single?: string): Column[] {
  const writer = avroType(schema);
  const type = sqlType(writer, []);
  if (single !== undefined) return type === undefined ? [] : [{ name: single, type }];
  if (required(writer).kind !== "record") throw new Error("the schema is not that of a record");
  return type?.base === "STRUCT" ? [...type.fields] : [];
}

const plain: Partial<Record<Kind, sql.SqlType>> = {
  boolean: sql.BOOLEAN,
  int: sql.INTEGER,
  long: sql.BIGINT,
  float: sql.DOUBLE,
  double: sql.DOUBLE,
  string: sql.STRING,
  enum: sql.STRING,
};

/** Undefined for a type that has no counterpart, or is inside itself. */
function sqlType(nullable: AvroType, around: readonly AvroType[]): sql.SqlType | undefined {
  const type = required(nullable);
  const { kind, logicalType } = type;
  if (around.includes(type) || kind === "null") return undefined;
  const inside = [...around, type];
  if (isDecimal(type)) return sql.decimal(type.precision, type.scale);
  if (kind === "record") {
    const fields = type.fields.flatMap((field) => {
      const of = sqlType(field.type, inside);
      return of === undefined ? [] : [{ name: field.name.toUpperCase(), type: of }];
    });
    return fields.length === 0 ? undefined : { base: "STRUCT", fields };
  }
  if (kind === "array") {
    const item = sqlType(type.item!, inside);
    return item && { base: "ARRAY", item };
  }
  if (kind === "long" && logicalType === "timestamp-millis") return sql.TIMESTAMP;
  const of = logicalType === "date" || logicalType === "time-millis" ? undefined : plain[kind];
  return of ?? outside(kind === "int" ? logicalType! : kind);
}

function outside(type: string): never {
  throw new Error(`a field of the Avro type ${type} is outside the subset that is executed here`);
}
