/**
 * Whether a server takes a change of a running statement by CREATE OR REPLACE, as real servers (7.9) answered: stateless
 * streams take another WHERE, other expressions of the same type and appended columns; an aggregate without window takes
 * another WHERE over the columns that it reads anyway; windows and EXPLODE take nothing, not even what they run already.
 * What was never seen to be accepted is predicted to be refused.
 */
import type { CreateAs } from "../language/ast.ts";
import { columnsNamed, functionsCalled, type Difference } from "./compare.ts";
import type { Desired } from "./desired.ts";
import type { Column, Source } from "./state.ts";

/** Why the server will not take it, in its own words where they are known; undefined if it will. */
export function whyNotInPlace(
  server: Pick<Source, "ast" | "columns">,
  desired: Pick<Desired, "ast" | "columns">,
  found: readonly Difference[],
): string | undefined {
  const parts = new Set(found.map(({ part }) => part));
  const [one, other] = [server.ast, desired.ast];
  if (one === undefined) return "what is stored on the server can not be read here, so nobody knows what would change";
  if (parts.has("kind")) return "ksqlDB makes no table of a stream, and no query of a declaration";
  if (parts.has("query")) return "ksqlDB replaces a running query, and none runs";
  if (parts.has("properties")) return "topic, formats, partitions and the like are fixed when it is created";
  if (one.kind === "createAs" && other.kind === "createAs") return whyNotQuery(one, other, server, desired, parts);
  return parts.has("columns") ? "columns of a declaration can only be appended" : undefined;
}

const tableFunctions = ["EXPLODE", "CUBE_EXPLODE"];

function whyNotQuery(
  one: CreateAs,
  other: CreateAs,
  server: Pick<Source, "columns">,
  desired: Pick<Desired, "columns">,
  parts: ReadonlySet<Difference["part"]>,
): string | undefined {
  const queries = [one.query, other.query];
  if (queries.some((query) => tableFunctions.some((name) => functionsCalled(query).has(name))))
    return "Upgrades not yet supported for StreamFlatMap";
  if (queries.some(({ window }) => window !== null)) return "Upgrades not yet supported for StreamWindowedAggregate";
  if (parts.has("other")) return "a running query keeps its source, grouping, HAVING and way to emit";
  const select = parts.has("columns") || parts.has("appended");
  if (one.query.group !== null) {
    if (select) return "an aggregate keeps its columns";
    const [before, after] = queries.map((query) => columnsNamed(query).join(", "));
    return before === after
      ? undefined
      : "Query is not upgradeable. Plan step of type StreamAggregate must have matching columns not part of " +
          `aggregate. Values differ: [${before}] vs. [${after}]`;
  }
  if (select && (one.source === "table" || one.query.partition !== null))
    return "other columns of a table, or of a stream with PARTITION BY, are not known to be taken";
  return parts.has("columns") ? whyNotColumns(server.columns, desired.columns) : undefined;
}

/** The server wants the columns that are there to stay: their names, types and places. */
function whyNotColumns(before: readonly Column[], after: readonly Column[] | undefined): string | undefined {
  if (before.length === 0 || after === undefined)
    return "the types of its columns must stay as they are, and are not known here";
  const text = ({ name, type, key }: Column) => `\`${name}\` ${type}${key ? " KEY" : ""}`;
  const part = (columns: readonly Column[], key: boolean) => columns.filter((column) => column.key === key).map(text);
  if (part(before, true).join() !== part(after, true).join()) return "Key columns must be identical.";
  const values = part(after, false);
  const changed = part(before, false).filter((column, i) => column !== values[i]);
  if (changed.length === 0) return undefined;
  return `its schema is not upgradeable. (The following columns are changed, missing or reordered: [${changed.join(", ")}])`;
}
