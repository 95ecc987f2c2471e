/** The columns that a source's row has, for the expressions over it. */
import { BIGINT, INTEGER, type SqlType } from "../language/types.ts";
import type { Refuse } from "../language/parse.ts";
import type { Scope } from "../expressions/typed.ts";
import type { Source } from "./plan.ts";
import { pseudoColumns } from "./source.ts";

const pseudoTypes: Readonly<Record<string, SqlType>> = { ROWTIME: BIGINT, ROWPARTITION: INTEGER, ROWOFFSET: BIGINT };

export interface SourceScope extends Scope {
  /** Columns of the value that have been asked for. */
  readonly used: ReadonlySet<string>;
  /** The number of values in a row before the items of exploded lists. */
  readonly width: number;
}

/** Opens the scope of a source's rows. `qualifiers`: names that may stand before a column. */
export function sourceScope(source: Source, qualifiers: readonly string[], refuse: Refuse): SourceScope {
  const used = new Set<string>();
  const all = [
    ...source.value.columns,
    ...source.key.columns,
    ...pseudoColumns.map((name) => ({ name, type: pseudoTypes[name]! })),
  ];
  const places = new Map(all.map(({ name }, place) => [name, place]));
  return {
    used,
    width: all.length,
    refuse,
    casts: new Map(),
    column: ({ qualifier, name, at }) => {
      if (qualifier !== null && !qualifiers.includes(qualifier))
        return refuse(at, `there is no source ${qualifier} here; use -> for a field of a STRUCT`, "unknown-source");
      if (name === "WINDOWSTART" || name === "WINDOWEND") {
        return refuse(
          at,
          `${name} is allowed only in the SELECT list of a windowed aggregation, outside its aggregates`,
        );
      }
      const place =
        places.get(name) ??
        refuse(
          at,
          `${source.name} has no column ${name} (a name keeps its case only in back quotes)`,
          "unknown-column",
          name,
        );
      if (place < source.value.columns.length) used.add(name);
      return { type: all[place]!.type, column: name, evaluate: (row) => row[place]! };
    },
  };
}
