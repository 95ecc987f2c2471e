/** Columns as the Avro schema that ksqlDB registers for them, by way of Kafka Connect. */
import type { SqlType } from "../language/types.ts";
import { rootOf, type ValueSide } from "./sides.ts";

/** Every field may be null. Throws if a column has a name that Avro does not have. */
export function avroSchema(side: ValueSide): object {
  const { schemaName } = side;
  return bare(rootOf(side), schemaName, schemaName.slice(0, Math.max(schemaName.lastIndexOf("."), 0))) as object;
}

const names = { BOOLEAN: "boolean", INTEGER: "int", BIGINT: "long", STRING: "string" };

/** A record is named after its parent and its field; a record in an array has the name of the array. */
function bare(type: SqlType, path: string, namespace = ""): string | object {
  switch (type.base) {
    case "DECIMAL": {
      const { precision, scale } = type;
      const parameters = { scale: String(scale), "connect.decimal.precision": String(precision) };
      const name = { "connect.version": 1, "connect.name": "org.apache.kafka.connect.data.Decimal" };
      return { type: "bytes", scale, precision, ...name, "connect.parameters": parameters, logicalType: "decimal" };
    }
    case "ARRAY":
      return { type: "array", items: ["null", bare(type.item, path)] };
    case "STRUCT":
      return {
        type: "record",
        name: path.slice(path.lastIndexOf(".") + 1),
        ...(namespace === "" ? {} : { namespace }),
        fields: type.fields.map((field) => ({
          name: avroName(field.name),
          type: ["null", bare(field.type, `${path}_${field.name}`)],
          default: null,
        })),
        "connect.name": path,
      };
    case "BOOLEAN":
    case "INTEGER":
    case "BIGINT":
    case "STRING":
      return names[type.base];
  }
}

/** The name of a column's field: dots, which Avro does not allow in names, become underscores. */
export function avroName(column: string): string {
  const name = column.replaceAll(".", "_");
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`the format AVRO does not support the name ${column}`);
  return name;
}
