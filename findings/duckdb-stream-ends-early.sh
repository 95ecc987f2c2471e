#!/usr/bin/env bash
# A streamed DuckDB query that fails in the middle looks complete to Node: fetchChunk() gives null, as at the end, no error.
#
# Seen with @duckdb/node-api 1.5.5-r.5 (DuckDB 1.5.5), Node 20: a query whose row 2,500,000 cannot be cast streams 2,246,656
# rows and ends; the same query read at once throws "Conversion Error". Whoever streams rows to a file or a socket writes a
# short answer that looks whole. A last row of one's own (UNION ALL) tells the two apart: when it does not come, the query
# failed. Fails when fetchChunk() reports the error.
set -euo pipefail
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.5-r.5
cat >stream.mjs <<'SCRIPT'
import { DuckDBInstance } from "@duckdb/node-api";

const query = "SELECT CAST(CASE WHEN i = 2500000 THEN 'x' ELSE '1' END AS INTEGER) AS n FROM range(3000000) t(i)";
const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();

let rows = 0;
const stream = await connection.stream(query);
for (let chunk = await stream.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await stream.fetchChunk())
  rows += chunk.rowCount;
console.log(`streamed: ${rows} of 3000000 rows, and no error`);

const whole = await connection.runAndReadAll(query).then(
  () => "no error",
  (error) => error.message.split("\n")[0],
);
console.log(`read at once: ${whole}`);
if (rows >= 2_500_000 || !whole.startsWith("Conversion Error")) throw new Error("this finding is out of date");
SCRIPT
node stream.mjs
