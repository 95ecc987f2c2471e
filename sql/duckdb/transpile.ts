/**
 * BigQuery's dialect to DuckDB's. The style (`sql/style/`) is so small that a body is valid in DuckDB except for the few places that
 * are replaced here: everything else that would differ has been refused.
 */
import { readObjects } from "../objects.ts";
import { check, type Checked } from "../style/check.ts";
import { checkObjects } from "../style/object.ts";
import { Source } from "../style/parse.ts";
import { nodesOf, type Cast, type Name, type Query } from "../style/syntax.ts";
import type { Type } from "../style/types.ts";
import { decimals, functions } from "./macros.ts";

/** What replaces the text from `at` to `end`; where both are the same, it is inserted. */
interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** The DuckDB text of a query on the project's tables and views. Throws UserError on anything outside the style. */
export function toDuckDb(body: string, file: string): string {
  const source = new Source(file, body);
  return translated(source, check(source, { relations: checkObjects(readObjects()).relations, arguments: undefined }));
}

/** The DuckDB text of a body that has been checked. */
export function translated(source: Source, { query, types }: Checked): string {
  const factors = new Set(
    [...nodesOf(query, "operation")].flatMap(({ operator, operands }) => (operator === "*" ? operands : [])),
  );
  const edits = [
    ...[...nodesOf(query, "call")].flatMap(({ at, name }) => instead(at, name, functions.get(name))),
    ...[...nodesOf(query, "cast")].flatMap((cast) =>
      castEdits(source, cast, types.get(cast.value)!, factors.has(cast)),
    ),
    ...[...nodesOf(query, "literal")].flatMap(({ at, end, type, text }) =>
      literals.has(type) ? { at, end, text: literals.get(type)!(text.replaceAll("'", "''")) } : [],
    ),
    ...[...nodesOf(query, "name")].flatMap(nameEdits),
    ...orderEdits(query),
  ];
  let text = "";
  let done = 0;
  for (const edit of edits.toSorted((a, b) => a.at - b.at)) {
    text += source.text.slice(done, edit.at) + edit.text;
    done = edit.end;
  }
  return (text + source.text.slice(done)).trim().replace(/;$/, "");
}

const literals = new Map<Type, (text: string) => string>([
  ["STRING", (text) => `'${text}'`],
  ["TIMESTAMP", (text) => `CAST('${text}' AS TIMESTAMPTZ)`],
  ["NUMERIC", (text) => `CAST('${text}' AS ${decimals.NUMERIC})`],
  ["BIGNUMERIC", (text) => `CAST('${text}' AS ${decimals.BIGNUMERIC})`],
]);

function instead(at: number, word: string, text: string | undefined): Edit[] {
  return text === undefined ? [] : [{ at, end: at + word.length, text }];
}

/** Names that BigQuery takes without quotes and DuckDB does not. */
const reserved = new Set(
  (
    "ANALYSE ANALYZE ASYMMETRIC BOTH CHECK COLUMN CONSTRAINT DEFERRABLE DESCRIBE DO FOREIGN INITIALLY LAMBDA LEADING OFFSET " +
    "ONLY PIVOT_LONGER PIVOT_WIDER PLACING PRIMARY REFERENCES RETURNING SHOW SUMMARIZE SYMMETRIC TABLE TRAILING UNIQUE VARIADIC"
  ).split(" "),
);

function nameEdits({ at, end, text, bare }: Name): Edit[] {
  const quoted = text.startsWith("`") ? text.slice(1, -1).replaceAll('"', '""') : text;
  const name = quoted !== text || reserved.has(text.toUpperCase()) ? `"${quoted}"` : text;
  return name === text && bare !== true ? [] : [{ at, end, text: `${bare === true ? "AS " : ""}${name}` }];
}

/**
 * A CAST to a decimal. An operand of `*` is taken with nine decimals, so that the product of two has eighteen and is
 * exact; a value with more decimals than DuckDB's type holds is an error there, since BigQuery keeps them. A value that is not
 * known to be a number is read as text.
 */
function castEdits(source: Source, { at, value, as, type, end: after }: Cast, from: Type, isFactor: boolean): Edit[] {
  const end = after - 1;
  const exact = type === "BIGNUMERIC";
  const place = `'${source.place(value.at).replaceAll("'", "''")}'`;
  if (from === "STRING" || from === "ANY") {
    const macro = !exact ? "bq_numeric" : isFactor ? "bq_factor" : "bq_bignumeric";
    if (from === "STRING") return [...instead(at, "CAST", macro), { at: as, end, text: `, ${place}` }];
    return [...instead(at, "CAST", `${macro}(CAST`), { at: as, end, text: `AS VARCHAR), ${place}` }];
  }
  if (from === "BIGNUMERIC" && isFactor)
    return [...instead(at, "CAST", "bq_narrowed"), { at: as, end, text: `, ${place}` }];
  return [{ at: as, end, text: `AS ${exact && !isFactor ? decimals.BIGNUMERIC : decimals.NUMERIC}` }];
}

/**
 * BigQuery's order of NULLs, whatever DuckDB's default is. A descending window gets a second key, a constant: DuckDB 1.5
 * rewrites QUALIFY ROW_NUMBER() OVER (ORDER BY x DESC NULLS LAST) = 1 with a single key to an aggregate, which takes a NULL
 * for the greatest value where threads meet, drops rows, and makes a row of none (https://github.com/duckdb/duckdb/issues/23675, …/23677).
 */
function orderEdits(query: Query): Edit[] {
  const alone = new Set([...nodesOf(query, "window")].flatMap(({ orderBy }) => (orderBy.length === 1 ? orderBy : [])));
  return [...nodesOf(query, "order")].map((term) => ({
    at: term.end,
    end: term.end,
    text: term.descending ? ` NULLS LAST${alone.has(term) ? ", 0" : ""}` : " NULLS FIRST",
  }));
}
