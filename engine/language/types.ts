/** The SQL types of the subset: https://docs.confluent.io/platform/current/ksqldb/reference/sql/data-types.html */
import type { TypeName } from "./ast.ts";
import { outside, type Refuse } from "./parse.ts";

export type SqlType =
  | { readonly base: "BOOLEAN" | "INTEGER" | "BIGINT" | "STRING" }
  | DecimalType
  | ArrayType
  | StructType;

export interface DecimalType {
  readonly base: "DECIMAL";
  /** The number of all digits, and of those behind the point. The precision has no upper bound. */
  readonly precision: number;
  readonly scale: number;
}
interface ArrayType {
  readonly base: "ARRAY";
  readonly item: SqlType;
}
export interface StructType {
  readonly base: "STRUCT";
  readonly fields: readonly { readonly name: string; readonly type: SqlType }[];
}

export const BOOLEAN: SqlType = { base: "BOOLEAN" };
export const INTEGER: SqlType = { base: "INTEGER" };
export const BIGINT: SqlType = { base: "BIGINT" };
export const STRING: SqlType = { base: "STRING" };

/** A value of a column or an expression; NULL is null. */
export type Value =
  | boolean
  | string
  /** INTEGER, and a BIGINT that is a safe integer. */
  | number
  /** DECIMAL without its point, to the scale of its type; and a BIGINT beyond the safe integers, never one within. */
  | bigint
  /** ARRAY, and STRUCT in the order of its fields. */
  | readonly Value[]
  | null;

const named: Readonly<Record<string, SqlType>> = {
  BOOLEAN,
  INT: INTEGER,
  INTEGER,
  BIGINT,
  STRING,
  VARCHAR: STRING,
};

/** The type that a statement names. Calls `refuse` if it does not exist or is outside the subset. */
export function typeOf(name: TypeName, refuse: Refuse): SqlType {
  switch (name.kind) {
    case "ARRAY":
      return { base: "ARRAY", item: typeOf(name.item, refuse) };
    case "STRUCT": {
      const fields = name.fields.map((field) => ({ name: field.name, type: typeOf(field.type, refuse) }));
      if (new Set(fields.map((field) => field.name)).size < fields.length)
        return refuse(name.at, "a STRUCT must not name a field twice");
      return { base: "STRUCT", fields };
    }
    case "DECIMAL": {
      const { precision, scale } = name;
      if (precision < 1 || scale > precision)
        return refuse(name.at, "DECIMAL(precision, scale) needs 0 ≤ scale ≤ precision");
      return decimal(precision, scale);
    }
    case "MAP":
      return outside(name.at, "the type MAP", refuse);
    case "NAMED":
      return named[name.name] ?? outside(name.at, `the type ${name.name}`, refuse);
  }
}

export function decimal(precision: number, scale: number): DecimalType {
  return { base: "DECIMAL", precision, scale };
}

/** As ksqlDB prints a type. */
export function typeText(type: SqlType): string {
  switch (type.base) {
    case "DECIMAL":
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case "ARRAY":
      return `ARRAY<${typeText(type.item)}>`;
    case "STRUCT":
      return `STRUCT<${type.fields.map((field) => `${nameText(field.name)} ${typeText(field.type)}`).join(", ")}>`;
    case "BIGINT":
    case "BOOLEAN":
    case "INTEGER":
    case "STRING":
      return type.base;
  }
}

/** A name as it must be written in a statement. */
export function nameText(name: string): string {
  return /^[A-Z_][A-Z0-9_]*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** Whether two types are equal, with the same precision, scale, items and fields. */
export function sameType(a: SqlType, b: SqlType): boolean {
  return a === b || typeText(a) === typeText(b);
}

export function isNumber(type: SqlType): boolean {
  return type.base === "INTEGER" || type.base === "BIGINT" || type.base === "DECIMAL";
}

/** A BIGINT in its only representation: a number if that is exact, otherwise a bigint. */
export function bigint(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}
