#!/usr/bin/env bash
# DuckDB casts text to a DECIMAL of more than 18 digits some hundred times slower than to one of 18.
#
# Seen with @duckdb/node-api 1.5.5-r.5 (DuckDB 1.5.5), Node 20, one thread, 300,000 texts such as '60123.45':
#   DECIMAL(18, 9)                  0.15 µs a row
#   DECIMAL(19, 9), DECIMAL(38, 9)  39 to 48 µs a row
#   DOUBLE                          0.13 µs a row
#   DECIMAL(18, 9), then (38, 9)    0.38 µs a row: casting twice is a hundred times faster than once
# The values are equal. The step is where DECIMAL's storage goes from 64 bits to 128. Exact prices as text, which is what
# exchanges send, meet it at every query that types them. Fails when the ratio falls below 20.
set -euo pipefail
dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.5-r.5
cat >cast.mjs <<'SCRIPT'
import { DuckDBInstance } from "@duckdb/node-api";

const rows = 300_000;
const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
await connection.run(
  `CREATE TABLE prices AS SELECT (60000 + i % 1000)::VARCHAR || '.' || (i % 100)::VARCHAR AS price FROM range(${rows}) r(i)`,
);

/** Microseconds a row, and the largest value. */
async function measure(expression) {
  const start = performance.now();
  const result = await connection.runAndReadAll(`SELECT max(${expression})::VARCHAR FROM prices`);
  return { each: ((performance.now() - start) * 1000) / rows, largest: result.getRows()[0][0] };
}

const narrow = await measure("CAST(price AS DECIMAL(18, 9))");
const wide = await measure("CAST(price AS DECIMAL(38, 9))");
const twice = await measure("CAST(CAST(price AS DECIMAL(18, 9)) AS DECIMAL(38, 9))");
const version = (await connection.runAndReadAll("SELECT version()")).getRows()[0][0];
const show = (name, { each, largest }) => console.log(`${name.padEnd(30)} ${each.toFixed(2)} µs a row, max ${largest}`);
console.log(`DuckDB ${version}`);
show("DECIMAL(18, 9)", narrow);
show("DECIMAL(38, 9)", wide);
show("DECIMAL(18, 9), then (38, 9)", twice);
if (wide.largest !== twice.largest) throw new Error("the two casts differ");
if (wide.each < 20 * narrow.each) throw new Error("the wide cast is no longer slow: this finding is out of date");
SCRIPT
node cast.mjs
