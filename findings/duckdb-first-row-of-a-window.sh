#!/usr/bin/env bash
# DuckDB gives a wrong first row of a window that is in descending order.
#
# Seen with @duckdb/node-api 1.5.5-r.5 (DuckDB 1.5.5), Node 20, two threads:
#   … QUALIFY ROW_NUMBER() OVER (ORDER BY x DESC NULLS LAST) = 1   over NULL, 1 and 2 of a UNION ALL: the row with NULL in
#                                                                  8 to 144 of 300 runs, the one with 2 in the others
#   the same over a table without rows                             one row of NULLs (duckdb/duckdb#23675)
#   the same with <= 3 and an x that is computed                   without the rows whose x is NULL (#23677)
#   … OVER (ORDER BY x DESC NULLS LAST, 0), a constant as well     right
#   SET disabled_optimizers = 'top_n_window_elimination'           right
# The optimiser rewrites such a filter with a single key to an aggregate (arg_max). A view that keeps the newest of several
# rows is written so. Fails when none of the three is wrong any more, or a second key does not help.
set -euo pipefail
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.5-r.5
cat >window.mjs <<'SCRIPT'
import { DuckDBInstance } from "@duckdb/node-api";

const connection = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();

await connection.run("CREATE TABLE nothing (x INTEGER, y INTEGER)");
await connection.run("CREATE TABLE keys (y INTEGER PRIMARY KEY)");
await connection.run("INSERT INTO keys VALUES (1), (2), (3)");

/** How many of 300 runs give other rows than the expected. */
async function wrong(query, expected) {
  let count = 0;
  for (let run = 0; run < 300; run++) {
    const rows = (await connection.runAndReadAll(query)).getRows();
    if (JSON.stringify(rows.map(String).toSorted()) !== JSON.stringify(expected)) count++;
  }
  return count;
}

const three = "(SELECT NULL AS x, 'null' AS y UNION ALL SELECT 1, 'one' UNION ALL SELECT 2, 'two')";
const cases = (order) => [
  [`SELECT y FROM ${three} QUALIFY ROW_NUMBER() OVER (ORDER BY ${order("x")}) = 1`, ["two"]],
  [`SELECT y FROM nothing QUALIFY ROW_NUMBER() OVER (ORDER BY ${order("x")}) = 1`, []],
  [`SELECT y FROM keys QUALIFY ROW_NUMBER() OVER (ORDER BY ${order("nullif(y % 3, 0)")}) <= 3`, ["1", "2", "3"]],
];
let seen = 0;
for (const [query, expected] of cases((key) => `${key} DESC NULLS LAST`)) {
  const count = await wrong(query, expected);
  if (count > 0) seen++;
  console.log(`${query}\n  wrong in ${count} of 300 runs`);
}
if (seen === 0) throw new Error("all of them are right now");
for (const [query, expected] of cases((key) => `${key} DESC NULLS LAST, 0`)) {
  if ((await wrong(query, expected)) > 0) throw new Error(`wrong with a second key too: ${query}`);
}
SCRIPT
node window.mjs
