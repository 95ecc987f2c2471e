/** Runs a table, view or table function on the local warehouse. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { UserError, shown } from "../../program/command.ts";
import { readTables } from "../../schemas/tables.ts";
import { readObjects } from "../objects.ts";
import { argumentLiterals } from "./arguments.ts";
import { streamRows, type Rows } from "./stream.ts";

/** Arguments as text, by name. */
export type Parameters = Readonly<Record<string, string>>;

/** The rows of a named object. Throws UserError on an unknown name or a parameter that does not fit. */
export async function runNamed(connection: DuckDBConnection, name: string, parameters: Parameters): Promise<Rows> {
  const { relation, sorted } = await statementOf(connection, name, parameters);
  return streamRows(connection, relation, sorted);
}

interface Statement {
  /** A table, a view, or the call of a table function, as it follows FROM. */
  readonly relation: string;
  /** Whether its rows are sorted; those of a table come in the order in which they were written. */
  readonly sorted: boolean;
  /** The stretch of time that a table function reads, aligned to its buckets, as SQL. */
  readonly stretch: { readonly start: string; readonly stop: string } | undefined;
}

/**
 * The statement that gives an object's rows. Without parameters a table function gets all products, the extent of the data
 * and buckets of 60 seconds.
 */
export async function statementOf(
  connection: DuckDBConnection,
  name: string,
  parameters: Parameters,
): Promise<Statement> {
  const object = readObjects().find((candidate) => candidate.name === name);
  if (object === undefined && !readTables().some((table) => table.name === name)) {
    throw new UserError(`there is no view, function or table named ${shown(name)}: npm run sql -- list`);
  }
  const known = object?.arguments.map((argument) => argument.name) ?? [];
  const unknown = Object.keys(parameters).find((parameter) => !known.includes(parameter));
  if (unknown !== undefined) {
    throw new UserError(
      `${name} has no parameter ${shown(unknown)}: it takes ${known.length > 0 ? known.join(", ") : "none"}`,
    );
  }
  if (object?.kind !== "table function") {
    return { relation: name, sorted: object !== undefined, stretch: undefined };
  }
  const values = await argumentLiterals(connection, object, parameters);
  const bucketOf = (time: string) =>
    `time_bucket(INTERVAL (${values.get("in_seconds")}) SECOND, ${time}, TIMESTAMPTZ '1970-01-01 00:00:00+00')`;
  const stretch = {
    start: bucketOf(values.get("in_start")!),
    stop: bucketOf(`${values.get("in_stop")} - INTERVAL 1 MICROSECOND + INTERVAL (${values.get("in_seconds")}) SECOND`),
  };
  return { relation: `${name}(${[...values.values()].join(", ")})`, sorted: true, stretch };
}
