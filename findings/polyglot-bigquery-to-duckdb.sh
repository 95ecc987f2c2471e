#!/usr/bin/env bash
# Polyglot translates valid BigQuery SQL into DuckDB SQL that means something else, without an error or a warning.
#
# Seen with @polyglot-sql/sdk 0.12.1, transpile(…, BigQuery, DuckDB), Node 20:
#   BIGNUMERIC '1.0123456789'          becomes a cast to DECIMAL, which in DuckDB is DECIMAL(18, 3): digits are lost
#   REGEXP_CONTAINS(a, 'b')            becomes REGEXP_FULL_MATCH: true for 'b' alone, where BigQuery finds it in 'abc'
#   STRING_AGG(a ORDER BY b LIMIT 2)   loses its LIMIT: all values are joined instead of two
#   … GROUP BY b ORDER BY n             becomes GROUP BY a where SELECT has b AS a: DuckDB groups by the column a, if there is one
#   DATE(ts, 'America/New_York')       takes the zone for a format of STRPTIME: '%perica/New_York'
# Whoever translates between the two has to keep a list of what agrees, and refuse the rest. Fails when one of them changes.
set -euo pipefail
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @polyglot-sql/sdk@0.12.1
cat >translate.mjs <<'SCRIPT'
import { Dialect, transpile } from "@polyglot-sql/sdk";

const seen = {
  "SELECT BIGNUMERIC '1.0123456789' AS x": "SELECT CAST('1.0123456789' AS DECIMAL) AS x",
  "SELECT REGEXP_CONTAINS(a, 'b') FROM t": "SELECT REGEXP_FULL_MATCH(a, 'b') FROM t",
  "SELECT STRING_AGG(a ORDER BY b LIMIT 2) FROM t": "SELECT LISTAGG(a ORDER BY b NULLS FIRST) FROM t",
  "SELECT b AS a, COUNT(*) AS n FROM t GROUP BY b ORDER BY n":
    "SELECT b AS a, COUNT(*) AS n FROM t GROUP BY a ORDER BY n NULLS FIRST",
  "SELECT DATE(ts, 'America/New_York') FROM t": "SELECT CAST(STRPTIME(ts, '%perica/New_York') AS DATE) FROM t",
};
for (const [bigquery, before] of Object.entries(seen)) {
  const { success, sql } = transpile(bigquery, Dialect.BigQuery, Dialect.DuckDB);
  console.log(`${bigquery}\n  → ${sql?.[0]}`);
  if (!success || sql[0] !== before) throw new Error(`it is translated in another way now; before: ${before}`);
}
SCRIPT
node translate.mjs
