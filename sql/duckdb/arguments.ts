/** The arguments of a table function: given as text, or defaults. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { UserError, nearest, shown } from "../../program/command.ts";
import { readTables } from "../../schemas/tables.ts";
import { readObjects, type Argument, type SqlObject } from "../objects.ts";
import type { Parameters } from "./run.ts";

/**
 * The arguments of a call as SQL literals, in their order: those given, otherwise the defaults. Throws UserError on a value
 * that does not fit.
 */
export async function argumentLiterals(
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

/**
 * Checks arguments that a person typed for mistakes that a query would answer with no rows. Throws UserError on an empty stretch of
 * time, and on a product that no table has.
 */
export async function checkTyped(connection: DuckDBConnection, name: string, parameters: Parameters): Promise<void> {
  const taken =
    readObjects()
      .find((object) => object.name === name)
      ?.arguments.map((argument) => argument.name) ?? [];
  // Unknown parameters are refused with the statement.
  if (Object.keys(parameters).some((parameter) => !taken.includes(parameter))) return;
  const { in_start: start, in_stop: stop, in_product: product } = parameters;
  if (start !== undefined && stop !== undefined) checkStretch(start, stop);
  if (product !== undefined) await checkProduct(connection, product);
}

function checkStretch(start: string, stop: string): void {
  if (timeOf("in_start", start) >= timeOf("in_stop", stop))
    throw new UserError(`--param in_start=${start} is not before in_stop=${stop}: nothing lies between them`);
}

/** A misspelt product would look like one without trades. */
async function checkProduct(connection: DuckDBConnection, product: string): Promise<void> {
  const tables = readTables().filter(
    ({ name, columns }) => name !== "feed_quarantine" && columns.some((column) => column.name === "product_id"),
  );
  for (const { name } of tables) {
    const result = await connection.runAndReadAll(
      `SELECT 1 FROM ${name} WHERE product_id = ${quoted(product)} LIMIT 1`,
    );
    if (result.currentRowCount > 0) return;
  }
  const each = tables.map(({ name }) => `SELECT product_id FROM ${name}`);
  const all = await connection.runAndReadAll(
    `SELECT DISTINCT product_id FROM (${each.join(" UNION ALL ")}) ORDER BY ALL`,
  );
  const products = all.getRows().flatMap(([id]) => (typeof id === "string" ? id : []));
  // Without any data no product is known.
  if (products.length === 0) return;
  const near = nearest(product, products);
  const some = `${products.slice(0, 10).join(", ")}${products.length > 10 ? `, and ${products.length - 10} more` : ""}`;
  throw new UserError(
    `--param in_product=${near === undefined ? shown(product) : product}: there is no such product in the data; ${near === undefined ? `there are ${some}` : `did you mean ${near}?`}`,
  );
}

function literal({ name, type }: Argument, text: string): string {
  switch (type) {
    case "INT64":
      if (!/^\d{1,9}$/.test(text) || Number(text) < 1)
        throw new UserError(`--param ${name}=${shown(text)}: a whole number of at least 1 is expected`);
      return text;
    case "TIMESTAMP":
      return `TIMESTAMPTZ '${timeOf(name, text)}'`;
    case "STRING":
      return quoted(text);
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** A time as `YYYY-MM-DD hh:mm:ss.ffffff`, in UTC: such texts sort by time. Throws UserError if the text is not a time. */
function timeOf(name: string, text: string): string {
  const [, day = "", minute = "00:00", second = "00", fraction = ""] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?Z?)?$/.exec(text) ?? [];
  const date = new Date(`${day}T${minute}Z`);
  // Date would turn the 30th of February into a day of March.
  if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(day))
    throw new UserError(
      `--param ${name}=${shown(text)}: a time in UTC is expected, such as 2026-11-21 or 2026-11-21T12:30:00.000001Z`,
    );
  return `${day} ${minute}:${second}.${fraction.padEnd(6, "0")}`;
}

/** From the earliest time of any table to one microsecond after the latest. */
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
