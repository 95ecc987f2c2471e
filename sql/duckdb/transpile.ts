/**
 * BigQuery's dialect to DuckDB's. Polyglot does the translation; what it must not be given is refused before (`sql/style/`:
 * the style is an allow-list of what is known to agree), and what it translates wrong is written otherwise for it here.
 */
import "./wasm.ts";
import { Dialect, transpile } from "@polyglot-sql/sdk";
import { UserError } from "../../command.ts";
import { readObjects, type SqlObject } from "../objects.ts";
import { check, type Checked } from "../style/check.ts";
import { checkObject, relationsOf } from "../style/object.ts";
import type { Columns } from "../style/scope.ts";
import { Source, type Token } from "../style/source.ts";
import {
  nodesOf,
  type Call,
  type Cast,
  type Literal,
  type Operation,
  type OrderTerm,
  type Query,
  type Window,
} from "../style/syntax.ts";
import type { Type } from "../style/types.ts";

/** The macros and functions of DuckDB that stand for functions of BigQuery (macros.ts). */
const functions = new Map([
  // Polyglot's arg_max passes over rows whose first argument is NULL; GoogleSQL does not.
  ["MAX_BY", "arg_max_null"],
  ["MIN_BY", "arg_min_null"],
  ["TIMESTAMP_BUCKET", "bq_timestamp_bucket"],
]);

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The DuckDB text of a query on the project's tables and views. Throws UserError on anything outside the style. */
export function toDuckDb(body: string, file: string): string {
  const source = new Source(file, body);
  return translated(source, check(source, { relations: relationsOf(readObjects()), arguments: undefined }));
}

/** The DuckDB text of a view's or table function's body. `relations`: the columns of what it may read. */
export function objectToDuckDb(object: SqlObject, relations: ReadonlyMap<string, Columns>): string {
  const checked = checkObject(object, relations);
  return translated(checked.source, checked);
}

function translated(source: Source, { query, types }: Checked): string {
  const factors = new Set(
    [...nodesOf<"operation", Operation>(query, "operation")]
      .filter(({ operator }) => operator === "*")
      .flatMap(({ operands }) => operands),
  );
  const edits: Edit[] = [
    ...[...nodesOf<"call", Call>(query, "call")].flatMap(({ at }) => renamed(at, functions.get(at.word))),
    ...[...nodesOf<"cast", Cast>(query, "cast")].flatMap((cast) =>
      castEdits(source, cast, types.get(cast.value)!, factors.has(cast)),
    ),
    ...[...nodesOf<"literal", Literal>(query, "literal")].flatMap(({ type, at, last }) =>
      type === "BIGNUMERIC" ? [{ start: at.start, end: last.end, text: `CAST(${last.text} AS BIGNUMERIC)` }] : [],
    ),
    ...orderEdits(query),
  ];
  const text = edited(source.body, edits);
  const result = transpile(text, Dialect.BigQuery, Dialect.DuckDB, { unsupportedLevel: "raise" });
  const [sql, ...more] = result.sql ?? [];
  if (!result.success || sql === undefined || more.length > 0) {
    throw new UserError(`${source.file}: ${result.error ?? "one statement is expected"}`);
  }
  return withPrecision(sql);
}

/**
 * BigQuery's order of NULLs, whatever DuckDB's default is. A descending window gets a second key, a constant: DuckDB 1.5
 * rewrites QUALIFY ROW_NUMBER() OVER (ORDER BY x DESC NULLS LAST) = 1 with a single key to an aggregate, which takes a NULL
 * for the greatest value where threads meet, drops rows, and makes a row of none (https://github.com/duckdb/duckdb/issues/23675, …/23677).
 */
function orderEdits(query: Query): Edit[] {
  const alone = new Set(
    [...nodesOf<"window", Window>(query, "window")].flatMap(({ orderBy }) => (orderBy.length === 1 ? orderBy : [])),
  );
  return [...nodesOf<"order", OrderTerm>(query, "order")].map((term) => ({
    start: term.end,
    end: term.end,
    text: term.descending ? ` NULLS LAST${alone.has(term) ? ", 0" : ""}` : " NULLS FIRST",
  }));
}

function renamed({ start, end }: Token, text: string | undefined): Edit[] {
  return text === undefined ? [] : [{ start, end, text }];
}

/**
 * A CAST to a decimal. An operand of `*` is taken with nine decimals, so that the product of two has eighteen and is
 * exact; whatever has more decimals than DuckDB's type is an error there, since BigQuery keeps them. Of what is not
 * known to be a number the text is taken.
 */
function castEdits(source: Source, { at, value, as, type }: Cast, from: Type, isFactor: boolean): Edit[] {
  const exact = type.word === "BIGNUMERIC";
  const tail = { start: as.start, end: type.end };
  if (from === "STRING" || from === "ANY") {
    const macro = !exact ? "bq_numeric" : isFactor ? "bq_factor" : "bq_bignumeric";
    const place = placeOf(source, value);
    if (from === "STRING") return [...renamed(at, macro), { ...tail, text: `, ${place}` }];
    return [...renamed(at, `${macro}(CAST`), { ...tail, text: `AS STRING), ${place}` }];
  }
  if (!exact || !isFactor) return [];
  if (from !== "BIGNUMERIC") return renamed(type, "NUMERIC");
  return [...renamed(at, "bq_narrowed"), { ...tail, text: `, ${placeOf(source, value)}` }];
}

/** Where a value stands, as a text of SQL. */
function placeOf(source: Source, { at }: Pick<Cast, "at">): string {
  return `'${source.place(at).replaceAll(/['\\]/g, "")}'`;
}

function edited(body: string, edits: readonly Edit[]): string {
  let text = body;
  for (const edit of edits.toSorted((a, b) => b.start - a.start || b.end - a.end)) {
    text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
  }
  return text;
}

/** Polyglot drops the precision of every decimal type, which DuckDB would then take as DECIMAL(18, 3). */
function withPrecision(sql: string): string {
  // Quoted text is matched first, and left as it is.
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\bBIGNUMERIC\b|\bDECIMAL\b(?!\s*\()/g, (match) =>
    match === "BIGNUMERIC" ? "DECIMAL(38, 18)" : match === "DECIMAL" ? "DECIMAL(38, 9)" : match,
  );
}
