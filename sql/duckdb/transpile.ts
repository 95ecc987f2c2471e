/**
 * BigQuery's dialect to DuckDB's. Polyglot does the translation; around it stands what makes the values equal.
 *
 * The two engines disagree without a word in some thirty places (the bucket of a time, the product of decimals, the
 * text of a number …). So the style of `sql/` is an allow-list: what is not known to agree is refused with its place.
 */
import "./wasm.ts";
import { Dialect, tokenize, transpile } from "@polyglot-sql/sdk";
import { UserError } from "../../command.ts";

/** Functions that agree value for value, and the macro that stands for those that need one (macros.ts). */
const functions = new Map<string, string | undefined>([
  ["CAST", undefined],
  ["COUNT", undefined],
  ["MAX", undefined],
  // Polyglot's arg_max passes over rows whose first argument is NULL; BigQuery does not.
  ["MAX_BY", "arg_max_null"],
  ["MIN", undefined],
  ["MIN_BY", "arg_min_null"],
  ["ROW_NUMBER", undefined],
  ["SUM", undefined],
  ["TIMESTAMP_ADD", undefined],
  ["TIMESTAMP_SUB", undefined],
  ["TIMESTAMP_BUCKET", "bq_timestamp_bucket"],
]);

/** The keywords that the style uses. */
const keywords = new Set(
  (
    "ALL AND AS ASC BY CASE DESC DISTINCT ELSE END FALSE FROM GROUP HAVING IN INNER INTERVAL IS JOIN LEFT NOT NULL ON OR ORDER OVER " +
    "PARTITION QUALIFY SELECT THEN TRUE UNION USING WHEN WHERE WITH"
  ).split(" "),
);

/** The other reserved words of GoogleSQL, and words that change what stands beside them. */
const otherKeywords = new Set(
  (
    "ANY ARRAY ASSERT_ROWS_MODIFIED AT BETWEEN COLLATE CONTAINS CREATE CROSS CUBE CURRENT DEFAULT DEFINE ENUM ESCAPE EXCEPT " +
    "EXCLUDE EXISTS EXTRACT FETCH FOLLOWING FOR FULL GROUPING GROUPS HASH IF IGNORE INTERSECT INTO LATERAL LIKE LIMIT LOOKUP " +
    "MERGE NATURAL NEW NO NULLS OF OUTER PRECEDING PROTO RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SET SOME STRUCT TABLESAMPLE " +
    "TO TREAT UNBOUNDED UNNEST WINDOW WITHIN SAFE PIVOT UNPIVOT CURRENT_DATE CURRENT_DATETIME CURRENT_TIME CURRENT_TIMESTAMP"
  ).split(" "),
);

const operators = new Set(["(", ")", ",", ".", ";", "*", "+", "-", "=", "<", ">", "<=", ">=", "<>", "!="]);

const castTypes = new Set(["BIGNUMERIC", "NUMERIC"]);

interface Token {
  /** As it stands in the text. */
  readonly text: string;
  /** The same in upper case, for words. */
  readonly word: string;
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The DuckDB text of a view's or table function's body. Throws UserError on anything outside the style. */
export function toDuckDb(body: string, file: string): string {
  const characters = Array.from(body);
  const tokens = tokensOf(body, characters, file);
  const refuse = (token: Token, message: string): never => {
    const line = characters.slice(0, token.start).filter((character) => character === "\n").length + 1;
    throw new UserError(`${file}: ${message} (body, line ${line})`);
  };
  const edits = tokens.flatMap((token, i) => editsAt(tokens, i, refuse));
  for (const { start, end, text } of edits.toSorted((a, b) => b.start - a.start))
    characters.splice(start, end - start, text);

  const result = transpile(characters.join(""), Dialect.BigQuery, Dialect.DuckDB, { unsupportedLevel: "raise" });
  const [sql, ...more] = result.sql ?? [];
  if (!result.success || sql === undefined || more.length > 0) {
    throw new UserError(`${file}: ${result.error ?? "one statement is expected"}`);
  }
  return withPrecision(sql);
}

/** Polyglot drops the precision of every decimal type, which DuckDB would then take as DECIMAL(18, 3). */
function withPrecision(sql: string): string {
  // Quoted text is matched first, and left as it is.
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\bBIGNUMERIC\b|\bDECIMAL\b(?!\s*\()/g, (match) =>
    match === "BIGNUMERIC" ? "DECIMAL(38, 18)" : match === "DECIMAL" ? "DECIMAL(38, 9)" : match,
  );
}

/** What must be changed at a token before the translation. Refuses what the style does not have. */
function editsAt(tokens: readonly Token[], i: number, refuse: (token: Token, message: string) => never): Edit[] {
  const token = tokens[i]!;
  const called = tokens[i + 1]?.text === "(";
  if (token.quoted) return called ? refuse(token, `the function ${token.text} must not be quoted`) : [];
  if (/^\d*\.\d|^\d+\.|^\d+[eE]/.test(token.text)) {
    return refuse(
      token,
      `the literal ${token.text} is FLOAT64 in BigQuery and DECIMAL in DuckDB: write NUMERIC '${token.text}'`,
    );
  }
  if (token.text === "*" && isProduct(tokens, i) && !(castBefore(tokens, i) && castAfter(tokens, i))) {
    return refuse(
      token,
      "BigQuery rounds a product of NUMERIC to 9 decimals: write CAST(… AS BIGNUMERIC) on both sides of *",
    );
  }
  if (!/^[A-Z_]/i.test(token.text)) {
    return operators.has(token.text) || /^\d+$/.test(token.text)
      ? []
      : refuse(token, `the operator ${token.text} is not in the style`);
  }
  if (otherKeywords.has(token.word)) return refuse(token, `${token.word} is not in the style`);
  if (!called || keywords.has(token.word)) return [];
  if (!functions.has(token.word))
    return refuse(token, `${token.word} is not among the functions known to agree on BigQuery and DuckDB`);
  if (token.word === "CAST") {
    const close = closing(tokens, i + 1);
    const type = tokens[close - 1]!;
    if (!castTypes.has(type.word)) return refuse(type, `CAST to ${type.text} differs between BigQuery and DuckDB`);
    // An operand of * is exact as NUMERIC, and the product of two is DECIMAL(38, 18).
    const operand = tokens[i - 1]?.text === "*" || tokens[close + 1]?.text === "*";
    return type.word === "BIGNUMERIC" && operand ? [{ ...type, text: "NUMERIC" }] : [];
  }
  const macro = functions.get(token.word);
  return macro === undefined ? [] : [{ ...token, text: macro }];
}

/** Whether a `*` multiplies, rather than standing for all columns. */
function isProduct(tokens: readonly Token[], i: number): boolean {
  return ![undefined, "(", ",", "."].includes(tokens[i - 1]?.text) && tokens[i - 1]!.word !== "SELECT";
}

/** Whether CAST(… AS BIGNUMERIC) ends right before a token. */
function castBefore(tokens: readonly Token[], i: number): boolean {
  return tokens[i - 1]?.text === ")" && tokens[i - 2]?.word === "BIGNUMERIC";
}

/** Whether CAST(… AS BIGNUMERIC) starts right after a token. */
function castAfter(tokens: readonly Token[], i: number): boolean {
  return tokens[i + 1]?.word === "CAST" && tokens[closing(tokens, i + 2) - 1]?.word === "BIGNUMERIC";
}

/** Index of the parenthesis that closes the one at `open`. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]!.text === "(") depth++;
    if (tokens[i]!.text === ")" && --depth === 0) return i;
  }
  return tokens.length;
}

/** Polyglot's tokens: its spans count characters, not UTF-16 units. */
function tokensOf(body: string, characters: readonly string[], file: string): Token[] {
  const result = tokenize(body, Dialect.BigQuery);
  if (!result.success || result.tokens === undefined) throw new UserError(`${file}: ${result.error}`);
  return result.tokens
    .filter(({ span }) => span.end > span.start)
    .map(({ span }) => {
      const text = characters.slice(span.start, span.end).join("");
      return { text, word: text.toUpperCase(), quoted: /^["'`]/.test(text), start: span.start, end: span.end };
    });
}
