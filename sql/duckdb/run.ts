/** Runs a table, view or table function on the local warehouse. */
import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import { UserError } from "../../command.ts";
import { readTables } from "../../schemas/tables.ts";
import { readObjects, type Argument, type SqlObject } from "../objects.ts";

/** Arguments as text, by name. */
export type Parameters = Readonly<Record<string, string>>;

/** The rows of a named object. Throws UserError on an unknown name or a parameter that does not fit. */
export async function runNamed(
  connection: DuckDBConnection,
  name: string,
  parameters: Parameters,
): Promise<DuckDBResult> {
  const { sql, sorted } = await statementOf(connection, name, parameters);
  return connection.stream(sorted ? `${sql} ORDER BY ALL` : sql);
}

interface Statement {
  readonly sql: string;
  /** Whether its rows are to be sorted: a table's come in the order in which they were written. */
  readonly sorted: boolean;
  /** The stretch of time that a table function reads, aligned to its buckets, as SQL. */
  readonly stretch: { readonly start: string; readonly stop: string } | undefined;
}

/**
 * The statement that gives an object's rows. Without parameters a table function is given everything: all products, the
 * extent of the data, buckets of 60 seconds.
 */
export async function statementOf(
  connection: DuckDBConnection,
  name: string,
  parameters: Parameters,
): Promise<Statement> {
  const object = readObjects().find((candidate) => candidate.name === name);
  if (object === undefined && !readTables().some((table) => table.name === name)) {
    throw new UserError(`there is no view, function or table named ${name}: npm run sql -- list`);
  }
  const known = object?.arguments.map((argument) => argument.name) ?? [];
  const unknown = Object.keys(parameters).find((parameter) => !known.includes(parameter));
  if (unknown !== undefined) {
    throw new UserError(
      `${name} has no parameter ${unknown}: it takes ${known.length > 0 ? known.join(", ") : "none"}`,
    );
  }
  if (object?.kind !== "table function") {
    return { sql: `SELECT * FROM ${name}`, sorted: object !== undefined, stretch: undefined };
  }
  const values = await argumentLiterals(connection, object, parameters);
  const bucketOf = (time: string) =>
    `time_bucket(INTERVAL (${values.get("in_seconds")}) SECOND, ${time}, TIMESTAMPTZ '1970-01-01 00:00:00+00')`;
  const stretch = {
    start: bucketOf(values.get("in_start")!),
    stop: bucketOf(`${values.get("in_stop")} - INTERVAL 1 MICROSECOND + INTERVAL (${values.get("in_seconds")}) SECOND`),
  };
  return { sql: `SELECT * FROM ${name}(${[...values.values()].join(", ")})`, sorted: true, stretch };
}

/** The arguments of a call as SQL literals, in their order: what is given, else the defaults. */
async function argumentLiterals(
  connection: DuckDBConnection,
  object: SqlObject,
  parameters: Parameters,
): Promise<Map<string, string>> {
  const extent = await extentOfData(connection);
  const defaults: Parameters = { in_start: extent.start, in_stop: extent.stop, in_seconds: "60" };
  return new Map(
    object.arguments.map((argument) => {
      const text = parameters[argument.name] ?? defaults[argument.name];
      return [argument.name, text === undefined ? "NULL" : literal(argument, text)];
    }),
  );
}

function literal({ name, type }: Argument, text: string): string {
  switch (type) {
    case "INT64":
      if (!/^\d{1,9}$/.test(text) || Number(text) < 1)
        throw new UserError(`--param ${name}=${text}: a whole number from 1 on is expected`);
      return text;
    case "TIMESTAMP": {
      const time = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::[0-5]\d(?:\.\d{1,6})?)?)Z?)?$/.exec(text);
      // Date would move the 30th of February on to March.
      const date = new Date(`${time?.[1]}T${time?.[2]?.slice(0, 5) ?? "00:00"}Z`);
      if (time === null || Number.isNaN(date.getTime()) || !date.toISOString().startsWith(time[1]!)) {
        throw new UserError(
          `--param ${name}=${text}: a time in UTC is expected, as 2026-11-21 or 2026-11-21T12:30:00.000001Z`,
        );
      }
      return `TIMESTAMPTZ '${time[1]} ${time[2] ?? "00:00"}:00'`.replace(/(:\d\d:\d\d(?:\.\d+)?):00'$/, "$1'");
    }
    case "STRING":
      return `'${text.replaceAll("'", "''")}'`;
  }
}

/** From the earliest time of any table to just behind the latest. */
async function extentOfData(connection: DuckDBConnection): Promise<{ start: string; stop: string }> {
  const times = readTables()
    .map(({ name, partitionBy: { column } }) => `SELECT min(${column}) AS first, max(${column}) AS last FROM ${name}`)
    .join(" UNION ALL ");
  const format = "'%Y-%m-%dT%H:%M:%S.%fZ'";
  const result = await connection.runAndReadAll(
    `SELECT strftime(coalesce(min(first), to_timestamp(0)), ${format}), strftime(coalesce(max(last), to_timestamp(0)) + INTERVAL 1 MICROSECOND, ${format}) FROM (${times})`,
  );
  const [[start, stop]] = result.getRows() as [[string, string]];
  return { start, stop };
}
