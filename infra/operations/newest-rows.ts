/** The newest row of each table, by one query over the last day that reports what it cost. */
import { setTimeout as sleep } from "node:timers/promises";
import { BigQuery } from "@google-cloud/bigquery";
import { redact, UserError } from "../../program/command.ts";

export interface Tables {
  readonly project: string;
  readonly dataset: string;
  readonly location: string;
  /** With the column of their partitions, and whether a day without a row may be normal. */
  readonly tables: readonly { readonly name: string; readonly column: string; readonly mayBeEmpty: boolean }[];
  /** Google's, if not given. */
  readonly apiEndpoint?: string;
  readonly waitMs: number;
}

export interface NewestRows {
  readonly bytesBilled: number;
  /** With nulls if there is no row in the last day; `isMissed` if there should be one. */
  readonly rows: readonly (Row & { readonly isMissed: boolean })[];
}

interface Row {
  readonly table: string;
  readonly time: string | null;
  readonly secondsAgo: number | null;
}

/** Six cents. One column of the last day is read: what all products make on a busy day is far below. */
const maximumBytesBilled = 10 * 2 ** 30;

/** Throws UserError, with reason and fix, if BigQuery does not answer. */
export async function readNewestRows(tables: Tables): Promise<NewestRows> {
  // Google's client itself has no end of waiting.
  const late = sleep(tables.waitMs, undefined, { ref: false }).then(() =>
    Promise.reject(new Error("no answer in time")),
  );
  try {
    return await Promise.race([ask(tables), late]);
  } catch (error) {
    const { message } = error as Error;
    const reason = `BigQuery: ${redact(message).trim().replace(/\.$/, "")}.`;
    throw new UserError(`${reason} ${fixOf(error as ApiError)}`, { cause: error });
  }
}

async function ask({ project, dataset, location, tables, apiEndpoint, waitMs }: Tables): Promise<NewestRows> {
  const retryOptions = { maxRetries: 2, maxRetryDelay: 1 };
  const bigQuery = new BigQuery({ projectId: project, retryOptions, ...(apiEndpoint && { apiEndpoint }) });
  // BigQuery computes the age, because clocks differ.
  const selects = tables.map(
    ({ name, column }) =>
      `SELECT '${name}' AS \`table\`, FORMAT_TIMESTAMP('%FT%TZ', MAX(${column})) AS time, ` +
      `TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), MAX(${column}), SECOND) AS secondsAgo ` +
      `FROM \`${project}.${dataset}.${name}\` WHERE ${column} >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)`,
  );
  const [job] = await bigQuery.createQueryJob({
    query: `${selects.join("\nUNION ALL\n")}\nORDER BY 1`,
    location,
    maximumBytesBilled: String(maximumBytesBilled),
    jobTimeoutMs: waitMs,
  });
  const [rows] = (await job.getQueryResults()) as [Row[], ...unknown[]];
  await job.getMetadata();
  const { statistics } = job.metadata as { statistics?: { query?: { totalBytesBilled?: string } } };
  const full = new Set(tables.flatMap(({ name, mayBeEmpty }) => (mayBeEmpty ? [] : name)));
  return {
    bytesBilled: Number(statistics?.query?.totalBytesBilled ?? 0),
    rows: rows.map((row) => ({ ...row, isMissed: row.time === null && full.has(row.table) })),
  };
}

/** The members of its error that Google's client documents: https://cloud.google.com/bigquery/docs/error-messages */
interface ApiError extends Error {
  readonly code?: number | string;
  readonly errors?: readonly { readonly reason?: string }[];
}

function fixOf({ message, code, errors }: ApiError): string {
  const reason = errors?.[0]?.reason ?? "";
  if (code === 401 || /default credentials|invalid_grant/.test(message))
    return "Log in: gcloud auth application-default login.";
  if (reason === "bytesBilledLimitExceeded") return "The last day is larger than this may read: ask BigQuery yourself.";
  if (code === 429 || /rateLimit|quota/.test(reason)) return "The service limits the rate: try again in a minute.";
  if (code === 403)
    return "You need roles/bigquery.jobUser and, on the dataset, roles/bigquery.dataViewer: see ANALYSTS.";
  if (code === 404) return "It is not there: npm run deploy -- --plan shows whether it was deleted by hand.";
  return "Ask again later, or wait longer (--wait); look whether googleapis.com can be reached from here.";
}
