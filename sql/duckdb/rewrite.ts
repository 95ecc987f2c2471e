/** Writes a body for DuckDB: its words with some of them replaced, without its comments. */
import type { Source, Token } from "../style/source.ts";
import { nodesOf, type Item, type Query, type Relation } from "../style/syntax.ts";
import { keywords } from "../style/words.ts";

/** What stands in the place of some tokens, or, where start and end are the same, after one. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Names that BigQuery takes as they are and DuckDB in quotes only. */
const reserved = new Set(
  (
    "ANALYSE ANALYZE ASYMMETRIC BOTH CHECK COLUMN CONSTRAINT DEFERRABLE DESCRIBE DO FOREIGN INITIALLY LAMBDA LEADING OFFSET " +
    "ONLY PIVOT_LONGER PIVOT_WIDER PLACING PRIMARY REFERENCES RETURNING SHOW SUMMARIZE SYMMETRIC TABLE TRAILING UNIQUE VARIADIC"
  ).split(" "),
);

/** `edits` do not overlap. */
export function rewritten(source: Source, query: Query, edits: readonly Edit[]): string {
  const replaced = new Map(edits.filter(({ start, end }) => start < end).map((edit) => [edit.start, edit]));
  const added = new Map(edits.filter(({ start, end }) => start === end).map((edit) => [edit.start, edit.text]));
  const aliases = new Set(
    [...nodesOf<"item", Item>(query, "item"), ...nodesOf<"relation", Relation>(query, "relation")].map(
      ({ alias }) => alias?.start,
    ),
  );
  let text = "";
  let last: Token | undefined;
  let replacedTo = 0;
  for (const token of source.tokens()) {
    if (token.kind === "end" || token.text === ";") break;
    if (token.start >= replacedTo) {
      if (last !== undefined && last.end < token.start) text += " ";
      if (aliases.has(token.start) && last?.word !== "AS") text += "AS ";
      const edit = replaced.get(token.start);
      text += edit?.text ?? written(token);
      replacedTo = edit?.end ?? 0;
    }
    text += added.get(token.end) ?? "";
    last = token;
  }
  return text;
}

/** A token as DuckDB has it. */
function written({ kind, text, word }: Token): string {
  if (kind === "quoted") return `"${text.slice(1, -1).replaceAll('"', '""')}"`;
  if (kind === "text") return `'${text.slice(1, -1).replaceAll("'", "''")}'`;
  return kind === "word" && !keywords.has(word) && reserved.has(word) ? `"${text}"` : text;
}
