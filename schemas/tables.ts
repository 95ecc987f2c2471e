/**
 * The shape of every BigQuery table, as committed in `tables.lock.json`. `npm run ksqldb -- describe --write` makes it
 * from the `.avsc` files and the analysed statements; everything that needs a table's columns reads it from here.
 */
import type { Table } from "./catalog.ts";
import { readJsonFile } from "../program/json.ts";

export interface Column {
  readonly name: string;
  readonly type: "STRING" | "INT64" | "FLOAT64" | "BOOL" | "TIMESTAMP";
  readonly mode: "REQUIRED" | "NULLABLE";
  readonly description: string;
}

export interface TableShape extends Table {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly Column[];
}

export const lockFile = new URL("tables.lock.json", import.meta.url);

export function readTables(): TableShape[] {
  return readJsonFile(lockFile) as TableShape[];
}
