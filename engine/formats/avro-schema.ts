/** Columns as the Avro schema that ksqlDB registers for them, by way of Kafka Connect. */
import type { SqlType } from "../language/types.ts";
import { rootOf, type Side } from "./format.ts";

/** Every field may be null; a single column without a record may not. Throws where Avro can not say it. */
export function avroSchema(side: Side): object {
  const { schemaName } = side;
  const schema = bare(rootOf(side), schemaName, schemaName.slice(0, Math.max(schemaName.lastIndexOf("."), 0)));
  return typeof schema === "string" ? { type: schema } : schema;
}

const names = { BOOLEAN: "boolean", INTEGER: "int", BIGINT: "long", DOUBLE: "double", STRING: "string" };

/** The name of a record is that of what it is in and its field; records in arrays have the name of the array. */
function bare(type: SqlType, path: string, namespace = ""): string | object {
  switch (type.base) {
    case "TIMESTAMP":
      return { type: "long", ...connectName("Timestamp"), logicalType: "timestamp-millis" };
    case "DECIMAL": {
      const { precision, scale } = type;
      const parameters = { scale: String(scale), "connect.decimal.precision": String(precision) };
      const connect = { ...connectName("Decimal"), "connect.parameters": parameters };
      return { type: "bytes", scale, precision, ...connect, logicalType: "decimal" };
    }
    case "ARRAY":
      return { type: "array", items: ["null", bare(type.item, path)] };
    case "MAP":
      throw new Error("the format AVRO does not support the type MAP");
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
    case "DOUBLE":
    case "STRING":
      return names[type.base];
  }
}

function connectName(name: string) {
  return { "connect.version": 1, "connect.name": `org.apache.kafka.connect.data.${name}` };
}

/** The name that a column has as a field: dots, which Avro does not know in names, become underscores. */
export function avroName(column: string): string {
  const name = column.replaceAll(".", "_");
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`the format AVRO does not support the name ${column}`);
  return name;
}
