/** Rows as text: a table for people, CSV and JSON for programs. Numbers keep every digit. */
import { DuckDBDecimalValue, DuckDBTimestampTZValue, type DuckDBType, type DuckDBValue } from "@duckdb/node-api";
import type { Format } from "../ask.ts";
import type { Rows } from "./stream.ts";

const widestCell = 80;

/** Rows that set the widths of a table's columns; later rows are padded to the same. */
const measuredRows = 1000;

/** The text of rows, in pieces as they arrive. */
export async function* formatRows({ names, types, chunks }: Rows, format: Format): AsyncGenerator<string> {
  if (format === "json") yield* asJson(names, chunks);
  else if (format === "csv") yield* asCsv(names, chunks);
  else yield* asTable(names, types, chunks);
}

async function* asJson(names: readonly string[], chunks: AsyncIterable<DuckDBValue[][]>): AsyncGenerator<string> {
  const keys = names.map((name) => `${JSON.stringify(name)}:`);
  let separator = "[\n";
  for await (const rows of chunks) {
    yield separator + rows.map((row) => `{${row.map((value, i) => keys[i] + jsonText(value)).join(",")}}`).join(",\n");
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}

async function* asCsv(names: readonly string[], chunks: AsyncIterable<DuckDBValue[][]>): AsyncGenerator<string> {
  const line = (cells: readonly string[]) =>
    `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
  yield line(names);
  for await (const rows of chunks) yield rows.map((row) => line(row.map(plainText))).join("");
}

async function* asTable(
  names: readonly string[],
  types: readonly DuckDBType[],
  chunks: AsyncIterable<DuckDBValue[][]>,
): AsyncGenerator<string> {
  // Times and decimals line up too, when numbers stand to the right.
  const right = types.map((type) => /^(DECIMAL|BIGINT|HUGEINT|INTEGER|DOUBLE)/.test(type.toString()));
  let widths: number[] | undefined;
  let waiting: string[][] = [];
  const line = (cells: readonly string[]) =>
    `${cells
      .map((cell, i) => (right[i] ? cell.padStart(widths![i]!) : cell.padEnd(widths![i]!)))
      .join("  ")
      .trimEnd()}\n`;
  const release = (): string => {
    const first = widths === undefined;
    widths ??= names.map((name, i) => Math.max(name.length, ...waiting.map((row) => row[i]!.length)));
    const head = first ? line(names) + line(widths.map((width) => "─".repeat(width))) : "";
    const text = head + waiting.map(line).join("");
    waiting = [];
    return text;
  };
  let count = 0;
  for await (const rows of chunks) {
    count += rows.length;
    waiting.push(...rows.map((row) => row.map((value) => cellText(value))));
    if (widths !== undefined || waiting.length >= measuredRows) yield release();
  }
  yield release();
  yield `${count} ${count === 1 ? "row" : "rows"}\n`;
}

/** A cell of a table: on one line, without what would steer the terminal, and not wider than a screen. */
function cellText(value: DuckDBValue): string {
  const text = plainText(value).replaceAll(/[\s\p{Cc}]+/gu, " ");
  return text.length > widestCell ? `${text.slice(0, widestCell - 1)}…` : text;
}

function jsonText(value: DuckDBValue): string {
  if (value === null) return "null";
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "null";
  return JSON.stringify(plainText(value));
}

function plainText(value: DuckDBValue): string {
  if (value === null) return "";
  if (value instanceof DuckDBDecimalValue) return decimalText(value.value, value.scale);
  if (value instanceof DuckDBTimestampTZValue) return timeText(value.micros);
  return String(value);
}

/** A decimal as plain text, without trailing zeros. */
function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  return `${unscaled < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Microseconds since 1970 as ISO 8601 with six digits and Z. */
function timeText(micros: bigint): string {
  const second = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((micros - second) / 1000n));
  return `${date.toISOString().slice(0, -5)}.${String(second).padStart(6, "0")}Z`;
}
