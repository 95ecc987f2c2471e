/** The types of the style, and where values of two types meet. */
import type { Source } from "./parse.ts";

/** `NULL` is the type of NULL, `ANY` that of a column of a table that is not known. */
export type Type = "INT64" | "NUMERIC" | "BIGNUMERIC" | "FLOAT64" | "STRING" | "BOOL" | "TIMESTAMP" | "NULL" | "ANY";

export interface Typed {
  readonly type: Type;
  readonly at: number;
}

const numbers = ["INT64", "NUMERIC", "BIGNUMERIC"] as const satisfies readonly Type[];

export function isNumber(type: Type): boolean {
  return type === "ANY" || type === "NULL" || numbers.some((number) => number === type);
}

/** The wider of two numbers' types: of a sum, in which the engines agree. */
export function widest(types: readonly Type[]): Type {
  const known = numbers.findLast((number) => types.includes(number));
  return known !== "BIGNUMERIC" && types.includes("ANY") ? "ANY" : (known ?? "NULL");
}

/** FLOAT64 may only be handed on: the engines order NaN differently, and round differently. */
export function refuseFloat(source: Source, { type, at }: Typed, what: string): void {
  if (type === "FLOAT64") {
    source.refuse(at, `${what} of FLOAT64 differs between BigQuery and DuckDB (NaN, the last digit): only hand it on`);
  }
}

/** Refuses a comparison that BigQuery refuses, and for which DuckDB converts a value. */
export function checkComparable(source: Source, values: readonly Typed[]): void {
  for (const value of values) refuseFloat(source, value, "a comparison");
  checkAlike(source, values, "a comparison");
}

/** The type of values that become one column or one result. Refuses those that DuckDB would make something else. */
export function unified(source: Source, values: readonly Typed[], where: string): Type {
  const exact = values.find(({ type }) => type === "BIGNUMERIC");
  const rounding = values.find(({ type }) => type === "NUMERIC" || type === "ANY");
  if (exact !== undefined && rounding !== undefined) {
    const other = rounding.type === "ANY" ? "a value whose type is not known" : "NUMERIC";
    source.refuse(
      rounding.at,
      `${other} meets BIGNUMERIC in ${where}, where DuckDB rounds both to 9 decimals and BigQuery neither: write CAST(… AS BIGNUMERIC) around it`,
    );
  }
  checkAlike(source, values, where);
  const types = values.map(({ type }) => type);
  return types.find((type) => !isNumber(type)) ?? widest(types);
}

function checkAlike(source: Source, values: readonly Typed[], where: string): void {
  const known = values.filter(({ type }) => type !== "ANY" && type !== "NULL");
  const [first] = known;
  const other = known.find(
    ({ type }) => type !== first?.type && !(isNumber(type) && first !== undefined && isNumber(first.type)),
  );
  if (first !== undefined && other !== undefined) {
    source.refuse(
      other.at,
      `${other.type} meets ${first.type} in ${where}: BigQuery refuses it, DuckDB converts one of them`,
    );
  }
}
