/**
 * BigQuery's dialect to DuckDB's. The style (`sql/style/`) is so small that a body is DuckDB's already, but for the few
 * places that are written otherwise here: whatever else would differ has been refused.
 */
import { readObjects, type SqlObject } from "../objects.ts";
import { check, type Checked } from "../style/check.ts";
import { checkObject, relationsOf } from "../style/object.ts";
import type { Columns } from "../style/scope.ts";
import { Source } from "../style/source.ts";
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
import { decimals, functions } from "./macros.ts";
import { rewritten, type Edit } from "./rewrite.ts";

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
  return rewritten(source, query, [
    ...[...nodesOf<"call", Call>(query, "call")].flatMap(({ at }) => instead(at, functions.get(at.word))),
    ...[...nodesOf<"cast", Cast>(query, "cast")].flatMap((cast) =>
      castEdits(source, cast, types.get(cast.value)!, factors.has(cast)),
    ),
    ...[...nodesOf<"literal", Literal>(query, "literal")].flatMap(literalEdits),
    ...orderEdits(query),
  ]);
}

function instead({ start, end }: Pick<Edit, "start" | "end">, text: string | undefined): Edit[] {
  return text === undefined ? [] : [{ start, end, text }];
}

function literalEdits({ type, at, last }: Literal): Edit[] {
  const duckdb =
    type === "TIMESTAMP" ? "TIMESTAMPTZ" : type === "NUMERIC" || type === "BIGNUMERIC" ? decimals[type] : undefined;
  if (duckdb === undefined) return [];
  return [{ start: at.start, end: last.end, text: `CAST('${last.text.slice(1, -1)}' AS ${duckdb})` }];
}

/**
 * A CAST to a decimal. An operand of `*` is taken with nine decimals, so that the product of two has eighteen and is
 * exact; whatever has more decimals than DuckDB's type is an error there, since BigQuery keeps them. Of what is not
 * known to be a number the text is taken.
 */
function castEdits(source: Source, { at, value, as, type }: Cast, from: Type, isFactor: boolean): Edit[] {
  const exact = type.word === "BIGNUMERIC";
  const tail = { start: as.start, end: type.end };
  const place = `'${source.place(value.at).replaceAll("'", "''")}'`;
  if (from === "STRING" || from === "ANY") {
    const macro = !exact ? "bq_numeric" : isFactor ? "bq_factor" : "bq_bignumeric";
    if (from === "STRING") return [...instead(at, macro), { ...tail, text: `, ${place}` }];
    return [...instead(at, `${macro}(CAST`), { ...tail, text: `AS VARCHAR), ${place}` }];
  }
  if (from === "BIGNUMERIC" && isFactor) return [...instead(at, "bq_narrowed"), { ...tail, text: `, ${place}` }];
  return instead(type, exact && !isFactor ? decimals.BIGNUMERIC : decimals.NUMERIC);
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
