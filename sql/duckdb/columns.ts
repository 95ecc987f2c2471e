/**
 * Columns on their way into a DuckDB vector, written byte by byte into buffers that are used again and again. The
 * vectors of the client library take JavaScript values one by one and cost several times as much (bench/local.ts).
 *
 * Layout: a validity bit a row; numbers as 8 bytes little-endian; a text as 16 bytes, length (4) and up to 12 bytes of
 * its own; a longer one is given to DuckDB, which keeps it on its heap.
 * https://github.com/duckdb/duckdb/blob/v1.5.0/src/include/duckdb/common/types/string_type.hpp
 */
import { BIGINT, BOOLEAN, DOUBLE, TIMESTAMPTZ, VARCHAR } from "@duckdb/node-api";
import bindings, { type Vector } from "@duckdb/node-bindings";
import type { Column as ColumnShape } from "../../schemas/tables.ts";

/** Rows of a vector. */
export const vectorRows = 2048;

const inlineBytes = 12;

export interface Column {
  /** Makes a row NULL again. */
  clear(row: number): void;
  /** Moves the first `rows` rows into a vector and empties the column: every row is NULL again. */
  moveTo(vector: Vector, rows: number): void;
}

/** BIGINT, TIMESTAMPTZ (microseconds) or DOUBLE. */
export class NumberColumn implements Column {
  readonly #words = new Int32Array(vectorRows * 2);
  readonly #doubles = new Float64Array(this.#words.buffer);
  readonly #validity = new Validity();

  /** A whole number below 2^53. */
  setInteger(row: number, value: number): void {
    this.#words[row * 2] = value; // the low 32 bits
    this.#words[row * 2 + 1] = Math.floor(value / 2 ** 32);
    this.#validity.set(row);
  }

  setDouble(row: number, value: number): void {
    this.#doubles[row] = value;
    this.#validity.set(row);
  }

  clear(row: number): void {
    this.#validity.clear(row);
  }

  moveTo(vector: Vector, rows: number): void {
    bindings.copy_data_to_vector(vector, 0, this.#words.buffer, 0, rows * 8);
    this.#validity.moveTo(vector);
  }
}

export class TextColumn implements Column {
  readonly #entries = new Uint8Array(vectorRows * 16);
  readonly #validity = new Validity();
  readonly #longRows: number[] = [];
  readonly #longTexts: Buffer[] = [];

  /** UTF-8 from `start` to `end` of `bytes`, which must stay as they are until the column is moved. */
  set(row: number, bytes: Buffer, start: number, end: number): void {
    this.#validity.set(row);
    if (end - start > inlineBytes) {
      this.#longRows.push(row);
      this.#longTexts.push(bytes.subarray(start, end));
      return;
    }
    const entries = this.#entries;
    let at = row * 16;
    entries[at] = end - start;
    at += 4;
    for (let i = start; i < end; i++) entries[at++] = bytes[i]!;
  }

  clear(row: number): void {
    this.#validity.clear(row);
    this.#entries.fill(0, row * 16, row * 16 + 16);
    while (this.#longRows.at(-1) === row) {
      this.#longRows.pop();
      this.#longTexts.pop();
    }
  }

  moveTo(vector: Vector, rows: number): void {
    bindings.copy_data_to_vector(vector, 0, this.#entries.buffer, 0, rows * 16);
    this.#validity.moveTo(vector);
    for (let i = 0; i < this.#longRows.length; i++) {
      bindings.vector_assign_string_element_len(vector, this.#longRows[i]!, this.#longTexts[i]!);
    }
    this.#longRows.length = 0;
    this.#longTexts.length = 0;
    // The rest of a short text must be zero: DuckDB compares all 16 bytes.
    this.#entries.fill(0, 0, rows * 16);
  }
}

export class BooleanColumn implements Column {
  readonly #bytes = new Uint8Array(vectorRows);
  readonly #validity = new Validity();

  set(row: number, value: boolean): void {
    this.#bytes[row] = value ? 1 : 0;
    this.#validity.set(row);
  }

  clear(row: number): void {
    this.#validity.clear(row);
  }

  moveTo(vector: Vector, rows: number): void {
    bindings.copy_data_to_vector(vector, 0, this.#bytes.buffer, 0, rows);
    this.#validity.moveTo(vector);
  }
}

/** Which rows hold a value. */
class Validity {
  readonly #bits = new Uint8Array(vectorRows / 8);

  set(row: number): void {
    this.#bits[row >> 3]! |= 1 << (row & 7);
  }

  clear(row: number): void {
    this.#bits[row >> 3]! &= ~(1 << (row & 7));
  }

  moveTo(vector: Vector): void {
    bindings.vector_ensure_validity_writable(vector);
    bindings.copy_data_to_vector_validity(vector, 0, this.#bits.buffer, 0, this.#bits.length);
    this.#bits.fill(0);
  }
}

/** What a column of BigQuery is in DuckDB: its name in SQL, its type in the client, its way into a vector. */
export const columnTypes = {
  STRING: { sql: "VARCHAR", type: VARCHAR, newColumn: () => new TextColumn() },
  BOOL: { sql: "BOOLEAN", type: BOOLEAN, newColumn: () => new BooleanColumn() },
  FLOAT64: { sql: "DOUBLE", type: DOUBLE, newColumn: () => new NumberColumn() },
  INT64: { sql: "BIGINT", type: BIGINT, newColumn: () => new NumberColumn() },
  TIMESTAMP: { sql: "TIMESTAMPTZ", type: TIMESTAMPTZ, newColumn: () => new NumberColumn() },
} as const satisfies Record<ColumnShape["type"], { sql: string; type: object; newColumn: () => Column }>;
