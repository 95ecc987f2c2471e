/** BigQuery's decimals in DuckDB, whose widest have 38 digits. */
export const decimals = { NUMERIC: "DECIMAL(38, 9)", BIGNUMERIC: "DECIMAL(38, 18)" } as const;

/** What stands for functions of BigQuery that DuckDB has under another name, or as a macro of below. */
export const functions = new Map([
  // arg_max passes over rows whose first argument is NULL; GoogleSQL does not.
  ["MAX_BY", "arg_max_null"],
  ["MIN_BY", "arg_min_null"],
  ["TIMESTAMP_ADD", "bq_timestamp_add"],
  ["TIMESTAMP_BUCKET", "bq_timestamp_bucket"],
  ["TIMESTAMP_SUB", "bq_timestamp_sub"],
]);

/**
 * DuckDB macros that stand for BigQuery functions of which DuckDB has none of the same meaning.
 *
 * Decimals from text: DuckDB 1.5.5 takes some two hundred times as long to read a DECIMAL(38, …) as a DECIMAL(18, …), so
 * the narrow type is tried first. `place` is where the CAST stands, for the error that a value gets which DuckDB would
 * round, or read where BigQuery would not.
 */
const nineDecimals = `coalesce(TRY_CAST(t AS DECIMAL(18, 9)), CAST(t AS ${decimals.NUMERIC}))`;

/** `refused`: the condition on the text, `t`, under which it is an error; `why` continues the sentence that starts with it. */
function decimalOf(name: string, refused: string, why: string, value: string): string {
  return `CREATE OR REPLACE MACRO ${name}(t, place) AS CASE WHEN ${refused} THEN error(place || ': ' || t || ' ${why}') ELSE ${value} END`;
}

const notDigits = "has _, which BigQuery does not read as a number";
const moreThan = (most: number) =>
  `is not a number of at most ${most} decimals, which DuckDB holds here: BigQuery would keep more`;

export const macros = [
  "CREATE OR REPLACE MACRO bq_timestamp_add(t, distance) AS t + distance",
  "CREATE OR REPLACE MACRO bq_timestamp_sub(t, distance) AS t - distance",
  "CREATE OR REPLACE MACRO bq_timestamp_bucket(t, width, origin) AS time_bucket(width, t, origin)",
  decimalOf("bq_numeric", "contains(t, '_')", notDigits, nineDecimals),
  decimalOf("bq_factor", String.raw`regexp_matches(t, '[_eE]|\.[0-9]{9}[0-9]*[1-9]')`, moreThan(9), nineDecimals),
  decimalOf(
    "bq_bignumeric",
    String.raw`regexp_matches(t, '[_eE]|\.[0-9]{18}[0-9]*[1-9]')`,
    moreThan(18),
    String.raw`coalesce(CASE WHEN NOT regexp_matches(t, '\.[0-9]{9}[0-9]*[1-9]') THEN TRY_CAST(t AS DECIMAL(18, 9)) END, CAST(t AS DECIMAL(38, 18)))`,
  ),
  decimalOf("bq_narrowed", "CAST(t AS DECIMAL(38, 9)) <> t", moreThan(9), "CAST(t AS DECIMAL(38, 9))"),
];
