/** Rows as DuckDB computes them, a chunk at a time, checked to be complete, from a query that can be stopped. */
import type { DuckDBConnection, DuckDBType, DuckDBValue } from "@duckdb/node-api";

export interface Rows {
  readonly names: readonly string[];
  readonly types: readonly DuckDBType[];
  readonly chunks: AsyncIterable<DuckDBValue[][]>;
}

/** True in a row that is added after all others: when it arrives, none is missing. */
const lastRow = '"_last"';

/**
 * The rows of `relation`, which stands behind FROM, sorted by all columns if asked for. Throws what DuckDB throws, also if it
 * fails in the middle of the rows, which its client takes for their end.
 */
export async function streamRows(connection: DuckDBConnection, relation: string, sorted: boolean): Promise<Rows> {
  const rows = `SELECT false AS ${lastRow}, * FROM ${relation} UNION ALL BY NAME SELECT true AS ${lastRow}`;
  const result = await connection.stream(`SELECT * FROM (${rows})${sorted ? " ORDER BY ALL" : ""}`);
  return {
    names: result.columnNames().slice(1),
    types: result.columnTypes().slice(1),
    chunks: readChunks(),
  };

  async function* readChunks(): AsyncGenerator<DuckDBValue[][]> {
    let complete = false;
    while (!complete) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const chunkRows = chunk.getRows();
      complete = chunkRows.at(-1)![0] === true;
      if (complete) chunkRows.pop();
      for (const row of chunkRows) row.shift();
      if (chunkRows.length > 0) yield chunkRows;
    }
    if (complete) return;
    // Reads every value again, for DuckDB's reason.
    await connection.run(`SELECT bit_xor(hash(relation)) FROM ${relation} relation`);
    throw new Error("DuckDB ended its rows before the last one, and gives no reason");
  }
}

/** How often a query that is to stop is interrupted, in milliseconds. */
const interruptEveryMs = 20;

/**
 * Interrupts what a connection does when `signal` aborts, until the returned function is called. It does so again and
 * again, since an interrupt between two statements stops neither.
 */
export function interruptAt(signal: AbortSignal, connection: DuckDBConnection): () => void {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    timer ??= setInterval(() => connection.interrupt(), interruptEveryMs);
  };
  if (signal.aborted) interrupt();
  signal.addEventListener("abort", interrupt, { once: true });
  return () => {
    clearInterval(timer);
    signal.removeEventListener("abort", interrupt);
  };
}
