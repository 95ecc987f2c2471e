/** The SQL types of the subset, and the Avro and BigQuery types they become. */
import type { TypeName } from "./ast.ts";

export type SqlType = "STRING" | "INTEGER" | "BIGINT" | "BOOLEAN" | { readonly array: SqlType };

const names: Record<string, SqlType> = {
  STRING: "STRING",
  VARCHAR: "STRING",
  INT: "INTEGER",
  INTEGER: "INTEGER",
  BIGINT: "BIGINT",
  BOOLEAN: "BOOLEAN",
};

/** The type that a statement names; undefined if it is outside the subset. */
export function typeNamed(name: TypeName): SqlType | undefined {
  if ("item" in name) {
    const item = typeNamed(name.item);
    return item && { array: item };
  }
  return names[name.name];
}

/** As ksqlDB prints a type. */
export function typeText(type: SqlType): string {
  return typeof type === "string" ? type : `ARRAY<${typeText(type.array)}>`;
}

export function sameType(a: SqlType, b: SqlType): boolean {
  return typeText(a) === typeText(b);
}

export function isNumber(type: SqlType): boolean {
  return type === "INTEGER" || type === "BIGINT";
}

const avroNames = { STRING: "string", INTEGER: "int", BIGINT: "long", BOOLEAN: "boolean" } as const;

/** ksqlDB makes everything nullable, at every level. */
export function avroType(type: SqlType): unknown {
  return ["null", typeof type === "string" ? avroNames[type] : { type: "array", items: avroType(type.array) }];
}

const bigQueryNames = { STRING: "STRING", INTEGER: "INT64", BIGINT: "INT64", BOOLEAN: "BOOL" } as const;

/** Undefined for what a column of BigQuery can not hold: lists, and above all lists of lists. */
export function bigQueryType(type: SqlType): "STRING" | "INT64" | "BOOL" | undefined {
  return typeof type === "string" ? bigQueryNames[type] : undefined;
}
