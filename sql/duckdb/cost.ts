/**
 * What a query would cost on BigQuery, by a model of its accounting on the rows that are here: the logical bytes of the
 * columns it reads, in the partitions that its stretch of time touches; billed by the MiB, at least ten for each table.
 * https://cloud.google.com/bigquery/pricing#on_demand_pricing, https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes
 *
 * Which columns are read is DuckDB's answer: its optimiser drops those that no result needs, as BigQuery's does.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { count } from "../../program/forms.ts";
import { readTables, type Column, type TableShape } from "../../schemas/tables.ts";
import { statementOf, type Parameters } from "./run.ts";

export interface TableCost {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Logical bytes read. */
  readonly processed: number;
  /** Bytes charged for. */
  readonly billed: number;
}

const mebibyte = 1024 * 1024;
const leastBilled = 10 * mebibyte;
const dollarsPerTebibyte = 6.25;

/** The cost of a named object's rows, for each table that it reads. Throws UserError as `runNamed` does. */
export async function costOf(connection: DuckDBConnection, name: string, parameters: Parameters): Promise<TableCost[]> {
  const { relation, stretch } = await statementOf(connection, name, parameters);
  const explained = await connection.runAndReadAll(`EXPLAIN (FORMAT json) SELECT * FROM ${relation}`);
  const scans = scansOf(JSON.parse(String(explained.getRows()[0]![1])) as PlanNode[]);
  const costs: TableCost[] = [];
  for (const [table, columns] of scans) {
    const shape = readTables().find((candidate) => candidate.name === table)!;
    const read = shape.columns.filter((column) => columns.has(column.name));
    const { column: partition, width } = shape.partitionBy;
    const where = stretch
      ? `WHERE ${partition} >= date_trunc('${width}', ${stretch.start}) AND date_trunc('${width}', ${partition}) < ${stretch.stop}`
      : "";
    const result = await connection.runAndReadAll(
      `SELECT count(*), coalesce(sum(${read.map(bytesOf).join(" + ")}), 0)::DOUBLE FROM ${table} ${where}`,
    );
    const [[rows, processed]] = result.getRows() as [[bigint, number]];
    const billed = Math.max(leastBilled, Math.ceil(processed / mebibyte) * mebibyte);
    costs.push({ table, columns: read.map((column) => column.name), rows: Number(rows), processed, billed });
  }
  return costs;
}

/** Bytes of a value as BigQuery counts them: 8 for a number or time, 1 for a BOOL, 2 and its UTF-8 for a STRING, 0 for NULL. */
function bytesOf({ name, type }: Column): string {
  const size = type === "STRING" ? `2 + strlen("${name}")` : type === "BOOL" ? "1" : "8";
  return `CASE WHEN "${name}" IS NULL THEN 0 ELSE ${size} END`;
}

interface PlanNode {
  readonly name: string;
  readonly children?: readonly PlanNode[];
  readonly extra_info?: {
    readonly Table?: string;
    readonly Projections?: string | readonly string[];
    readonly Filters?: string | readonly string[];
  };
}

/** Table → columns that a plan reads of it: those it hands on and those it filters by. */
function scansOf(
  nodes: readonly PlanNode[],
  scans = new Map<TableShape["name"], Set<string>>(),
): Map<string, Set<string>> {
  for (const { extra_info: info, children } of nodes) {
    const table = info?.Table?.split(".").at(-1);
    if (table !== undefined) {
      const filtered = [info?.Filters ?? []].flat().flatMap((filter) => filter.match(/\w+/g) ?? []);
      scans.set(table, new Set([...(scans.get(table) ?? []), ...[info?.Projections ?? []].flat(), ...filtered]));
    }
    scansOf(children ?? [], scans);
  }
  return scans;
}

/** The costs as text for people, with the price on demand in the US. */
export function formatCosts(costs: readonly TableCost[]): string {
  const lines = costs.map(
    ({ table, columns, rows, processed }) =>
      `${table}: ${count(processed)} bytes in ${count(rows)} rows (${columns.join(", ")})\n`,
  );
  const billed = costs.reduce((sum, cost) => sum + cost.billed, 0);
  const price = (billed / 2 ** 40) * dollarsPerTebibyte;
  return `${lines.join("")}billed: ${billed / mebibyte} MiB, $${price.toFixed(6)} on demand\n`;
}
