/** What BigQuery would refuse, or bill, later. */
import { textOf, type Body, type Rule } from "./rule.ts";

export const labels: Rule = ({ type, body }) => {
  if (type !== "google_bigquery_dataset" && type !== "google_bigquery_table" && type !== "google_storage_bucket")
    return [];
  const given = Object.entries((body["labels"] ?? {}) as Body);
  const odd = given.find((pair) => !pair.every((part) => /^[a-z0-9_-]{1,63}$/.test(textOf(part))));
  return [
    !["app", "environment"].every((name) => given.some(([key]) => key === name)) &&
      "lacks the labels app and environment",
    odd && `has the label ${odd.join("=")}: lower-case letters, digits, _ and - are allowed`,
  ];
};

interface Column {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
}

const clusterTypes = ["STRING", "INT64", "BOOL", "TIMESTAMP", "DATETIME", "DATE", "NUMERIC", "BIGNUMERIC"];
const columnTypes = [...clusterTypes, "FLOAT64", "TIME", "BYTES", "JSON"];
/** BigQuery holds 10,000 partitions a table. */
const mostDays = { HOUR: 416, DAY: 10_000 };

export const table: Rule = ({ type, body }) => {
  if (type !== "google_bigquery_table" || body["view"] !== undefined) return [];
  const columns = JSON.parse(textOf(body["schema"]) || "[]") as Column[];
  const column = (name: unknown) => columns.find((one) => one.name === name);
  const { type: width, field, expiration_ms: expiration } = (body["time_partitioning"] ?? {}) as Body;
  const partition = column(field);
  const most = mostDays[width as keyof typeof mostDays] as number | undefined;
  const days = Number(expiration) / 86_400_000;
  const clusters = (body["clustering"] ?? []) as string[];
  return [
    ...columns.map(
      (one) =>
        (!columnTypes.includes(one.type) || !/^[a-z_][a-z0-9_]{0,299}$/i.test(one.name)) &&
        `has the column ${one.name} ${one.type}, which BigQuery does not take`,
    ),
    (partition?.type !== "TIMESTAMP" || partition.mode !== "REQUIRED") &&
      `is partitioned by ${textOf(field) || "nothing"}: a REQUIRED TIMESTAMP column is needed`,
    (most === undefined || !(days <= most)) &&
      `keeps ${days} days of ${textOf(width) || "no"} partitions: BigQuery holds 10,000 of them, so at most ${most ?? 416} days`,
    body["require_partition_filter"] !== true && "lacks require_partition_filter: one query could scan it all",
    ...clusters.map(
      (name) =>
        !clusterTypes.includes(column(name)?.type ?? "") &&
        `is clustered by ${name}, which is not a column that BigQuery can cluster by`,
    ),
    textOf(body["description"]) === "" && "lacks a description",
  ];
};
