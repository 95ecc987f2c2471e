/** The words of the style. What is not here is refused. */

/** The keywords that the style uses. */
export const keywords = new Set(
  (
    "ALL AND AS ASC BY CASE DESC DISTINCT ELSE END FALSE FROM GROUP HAVING IN INNER INTERVAL IS JOIN LEFT NOT NULL ON OR ORDER OVER " +
    "PARTITION QUALIFY SELECT THEN TRUE UNION USING WHEN WHERE WITH"
  ).split(" "),
);

/** The other reserved words of GoogleSQL, and words that change what stands beside them. */
export const otherKeywords = new Set(
  (
    "ANY ARRAY ASSERT_ROWS_MODIFIED AT BETWEEN COLLATE CONTAINS CREATE CROSS CUBE CURRENT DEFAULT DEFINE ENUM ESCAPE EXCEPT " +
    "EXCLUDE EXISTS EXTRACT FETCH FOLLOWING FOR FULL GROUPING GROUPS HASH IF IGNORE INTERSECT INTO LATERAL LIKE LIMIT LOOKUP " +
    "MERGE NATURAL NEW NO NULLS OF OUTER PRECEDING PROTO RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SET SOME STRUCT TABLESAMPLE " +
    "TO TREAT UNBOUNDED UNNEST WINDOW WITHIN SAFE PIVOT UNPIVOT CURRENT_DATE CURRENT_DATETIME CURRENT_TIME CURRENT_TIMESTAMP"
  ).split(" "),
);

/** Types of which a literal is written with a word: `NUMERIC '1.5'`. */
export const literalTypes = new Set(["NUMERIC", "BIGNUMERIC", "TIMESTAMP"] as const);

/** Units of TIMESTAMP_ADD and TIMESTAMP_SUB in BigQuery; DuckDB would take months too. */
export const units = new Set(["MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY"]);
