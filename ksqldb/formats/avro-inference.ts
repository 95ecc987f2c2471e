/** The columns that ksqlDB infers from a registered Avro schema, by way of Kafka Connect. */
import * as sql from "../language/types.ts";
import { avroType, isDecimal, optional, type AvroType } from "./avro-type.ts";
import type { Column } from "./format.ts";

/**
 * The columns that a registered schema gives: its fields in upper case, or a single column of that name for all of it.
 * ksqlDB leaves out fields of types that it does not know. Throws where it has a type that is not executed here.
 */
export function inferColumns(schema: object, single?: string): Column[] {
  const writer = avroType(schema);
  const type = sqlType(writer, []);
  if (single !== undefined) return type === undefined ? [] : [{ name: single, type }];
  if ((optional(writer) ?? writer).kind !== "record") throw new Error("the schema is not that of a record");
  return type?.base === "STRUCT" ? [...type.fields] : [];
}

/** Undefined for a type that has no counterpart, or is inside itself. */
function sqlType(type: AvroType, around: readonly AvroType[]): sql.SqlType | undefined {
  if (around.includes(type)) return undefined;
  if (isDecimal(type)) return sql.decimal(type.precision, type.scale);
  switch (type.kind) {
    case "boolean":
      return sql.BOOLEAN;
    case "int":
      if (type.logicalType === "date" || type.logicalType === "time-millis") throw outside(type.logicalType);
      return sql.INTEGER;
    case "long":
      return type.logicalType === "timestamp-millis" ? sql.TIMESTAMP : sql.BIGINT;
    case "float":
    case "double":
      return sql.DOUBLE;
    case "string":
    case "enum":
      return sql.STRING;
    case "array": {
      const item = sqlType(type.item!, [...around, type]);
      return item && { base: "ARRAY", item };
    }
    case "map": {
      const value = sqlType(type.item!, [...around, type]);
      return value && { base: "MAP", value };
    }
    case "record": {
      const fields = type.fields.flatMap((field) => {
        const of = sqlType(field.type, [...around, type]);
        return of === undefined ? [] : [{ name: field.name.toUpperCase(), type: of }];
      });
      return fields.length === 0 ? undefined : { base: "STRUCT", fields };
    }
    case "union": {
      const of = optional(type);
      if (of === undefined) throw outside("union of several types");
      return sqlType(of, around);
    }
    case "bytes":
    case "fixed":
      throw outside(type.kind);
    case "null":
      return undefined;
  }
}

function outside(type: string): Error {
  return new Error(`a field of the Avro type ${type} is outside the subset that is executed here`);
}
