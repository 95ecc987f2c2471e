/** Sides and a registry for the tests of the formats. */
import type { Column, FormatName, Schemas, Side } from "../../../engine/formats/format.ts";
import type { SqlType } from "../../../engine/language/types.ts";

export function sideOf(format: FormatName, columns: Readonly<Record<string, SqlType>>, parts?: Partial<Side>): Side {
  return {
    format,
    columns: Object.entries(columns).map(([name, type]): Column => ({ name, type })),
    unwrapped: false,
    delimiter: ",",
    schemaName: "io.confluent.ksql.avro_schemas.KsqlDataSourceSchema",
    ...parts,
  };
}

/** A registry in which schemas have the ids 1, 2 and so on. */
export function newSchemas(...schemas: object[]): Schemas {
  return {
    byId: (id) => schemas[id - 1]!,
    idOf: (_, schema) => schemas.push(schema),
    latest: () => schemas.at(-1),
  };
}
