/**
 * Whether a server takes a change of what it runs by CREATE OR REPLACE, as real servers (7.9) answered: a stateless stream
 * takes another WHERE, other expressions of the same type and appended columns; an aggregate without window another WHERE
 * over the columns that it reads anyway; windows and EXPLODE nothing, not even what they run already. What was never seen
 * to be accepted is predicted to be refused.
 */
import type { CreateAs } from "../../engine/language/ast.ts";
import { namesIn, type Difference } from "./compare.ts";
import type { Desired } from "./desired.ts";
import type { Column, Source } from "./state.ts";

/** Why the server will not take it, in its own words where they are known; undefined if it will. */
export function whyNotInPlace(server: Source, file: Desired, found: readonly Difference[]): string | undefined {
  const parts = new Set(found.map(({ part }) => part));
  const [one, other] = [server.statement, file.ast];
  if (typeof one === "string") return "it is not known what would change";
  if (parts.has("kind")) return "ksqlDB does not turn a stream into a table, or a declaration into a query";
  if (parts.has("query")) return "it replaces a running query, and none runs";
  if (parts.has("guarantee")) return "a running query keeps the guarantee that it was started with";
  if (parts.has("properties")) return "topic, formats, partitions and the like are settled when it is created";
  if (one.kind === "create" || other.kind === "create")
    return parts.has("columns") ? "the columns of a declaration can only be appended" : undefined;
  const whyNot = whyNotQuery(one, other, parts);
  if (whyNot !== undefined || one.query.group !== null || !parts.has("columns")) return whyNot;
  return whyNotColumns(server.columns, file.columns);
}

function whyNotQuery(one: CreateAs, other: CreateAs, parts: ReadonlySet<Difference["part"]>): string | undefined {
  const queries = [one.query, other.query];
  const names = queries.map(namesIn);
  if (names.some(({ functions }) => functions.has("EXPLODE") || functions.has("CUBE_EXPLODE")))
    return "Upgrades not yet supported for StreamFlatMap";
  if (queries.some(({ window }) => window !== null)) return "Upgrades not yet supported for StreamWindowedAggregate";
  if (parts.has("other")) return "a running query keeps its source, grouping, HAVING and way to emit";
  const select = parts.has("columns") || parts.has("appended");
  if (one.query.group === null)
    return select && (one.source === "table" || one.query.partition !== null)
      ? "other columns of a table, or of a stream with PARTITION BY, are not known to be taken"
      : undefined;
  if (select) return "an aggregate keeps its columns";
  const [before, after] = names.map(({ columns }) => columns.join(", "));
  return before === after ? undefined : `an aggregate keeps what it reads, which was ${before} and would be ${after}`;
}

/** The server wants the columns that are there to stay: their names, types and places. */
function whyNotColumns(before: readonly Column[], after: readonly Column[]): string | undefined {
  if (before.length === 0 || after.length === 0)
    return "the types of its columns must stay, and whether they do is not known here";
  const [old, next] = [before, after].map((columns) => columns.map(({ name, type, key }) => `${name} ${type} ${key}`));
  return old!.every((column, i) => column === next![i])
    ? undefined
    : "its schema is not upgradeable: columns keep their names, types and places, and new ones stand behind them";
}
