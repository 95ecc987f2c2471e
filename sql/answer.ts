/** The answer to a question, as text. */
import { UserError } from "../program/command.ts";
import type { Question } from "./ask.ts";
import { checkTyped } from "./duckdb/arguments.ts";
import { costOf, formatCosts } from "./duckdb/cost.ts";
import { DamagedError, warehouseFault } from "./duckdb/faults.ts";
import { formatRows } from "./duckdb/format.ts";
import { runNamed } from "./duckdb/run.ts";
import { interruptAt } from "./duckdb/stream.ts";
import type { Warehouse } from "./duckdb/warehouse.ts";

/**
 * The text of an answer, in pieces. When `signal` aborts, the query is interrupted and the signal's reason thrown. Throws
 * UserError if the question or its query fails.
 */
export async function* answer(warehouse: Warehouse, question: Question, signal: AbortSignal): AsyncGenerator<string> {
  const connection = await warehouse.connect();
  const settle = interruptAt(signal, connection);
  const { verb, name, parameters, format } = question;
  try {
    if (question.isTyped === true) await checkTyped(connection, name, parameters);
    const pieces =
      verb === "cost"
        ? [formatCosts(await costOf(connection, name, parameters))]
        : formatRows(await runNamed(connection, name, parameters), format);
    for await (const piece of pieces) {
      signal.throwIfAborted();
      yield piece;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UserError) throw error;
    const fault = warehouseFault(error, warehouse.path, "read");
    throw fault instanceof DamagedError
      ? fault
      : new UserError(`${name} failed: ${(error as Error).message}`, { cause: error });
  } finally {
    settle();
    warehouse.disconnect(connection);
  }
}
