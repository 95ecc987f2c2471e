/** What becomes of a BigQuery table when its schema changes: the rules of Google's provider, and those of BigQuery after them. */
import { canonical } from "./values.ts";

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly description?: string;
  readonly fields?: readonly Column[];
}

const aliases: Readonly<Record<string, string>> = { INT64: "INTEGER", FLOAT64: "FLOAT", BOOL: "BOOLEAN" };

function typeOf({ type }: Column): string {
  const upper = type.toUpperCase();
  return aliases[upper] ?? upper;
}

function modeOf({ mode }: Column): string {
  return mode?.toUpperCase() ?? "NULLABLE";
}

function counterpart(columns: readonly Column[], { name }: Column): Column | undefined {
  return columns.find((other) => other.name === name);
}

export function toColumns(schema: string): readonly Column[] {
  return JSON.parse(schema || "[]") as readonly Column[];
}

/** Why this is no schema. */
export function schemaFault(schema: string): string | undefined {
  try {
    return Array.isArray(JSON.parse(schema)) ? undefined : '"schema" is not a JSON array';
  } catch (error) {
    return `"schema" contains an invalid JSON: ${(error as Error).message}`;
  }
}

/** Whether they differ in order, aliases of types, and what is the default only. */
export function meansSameSchema(before: string, after: string): boolean {
  return normal(toColumns(before)) === normal(toColumns(after));
}

function normal(columns: readonly Column[]): string {
  const plain = columns.map(({ description, fields, ...column }) => ({
    ...column,
    type: typeOf(column),
    mode: modeOf(column),
    description: description || undefined,
    fields: fields && normal(fields),
  }));
  return canonical(plain.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
}

/** Columns of `before` that `after` has not. */
export function missing(before: readonly Column[], after: readonly Column[]): readonly Column[] {
  return before.filter((column) => counterpart(after, column) === undefined);
}

/** Whether the provider makes it without a new table. */
export function isChangeable(before: readonly Column[], after: readonly Column[], isTop = true): boolean {
  const [dropped, added] = [missing(before, after), missing(after, before)];
  if (added.some((column) => column.mode === "REQUIRED")) return false;
  // Dropped and added at once may be a renaming.
  if (dropped.length > 0 && (!isTop || added.length > 0)) return false;
  return before.every((column) => {
    const other = counterpart(after, column);
    if (other === undefined) return true;
    const isRelaxed = modeOf(column) === "REQUIRED" && modeOf(other) === "NULLABLE";
    if (typeOf(column) !== typeOf(other) || (modeOf(column) !== modeOf(other) && !isRelaxed)) return false;
    return column.fields === undefined || isChangeable(column.fields, other.fields ?? [], false);
  });
}
