/** DuckDB macros that stand for BigQuery functions of which DuckDB has none of the same meaning. */
export const macros = [
  "CREATE OR REPLACE MACRO bq_timestamp_bucket(t, width, origin) AS time_bucket(width, t, origin)",
];
