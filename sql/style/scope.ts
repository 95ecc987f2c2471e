/** What a name means where it stands: the columns of FROM, the aliases of SELECT, the arguments of a table function. */
import type { Source } from "./parse.ts";
import type { Column, Expression, Name } from "./syntax.ts";
import type { Type } from "./types.ts";

/** The columns of a table or query; undefined where they are not known. */
export type Columns = readonly { readonly name: string; readonly type: Type; readonly at?: number }[] | undefined;

export interface Named {
  readonly name: string | undefined;
  readonly columns: Columns;
  /** Those of USING, which `*` has once. */
  readonly merged: readonly string[];
}

/** An output column, as GROUP BY, HAVING, QUALIFY and ORDER BY see it. */
export interface Alias {
  readonly value: Expression;
  readonly type: Type;
}

export class Scope {
  readonly relations: Named[] = [];
  /** Given where aliases are visible. */
  aliases: ReadonlyMap<string, Alias> | undefined;
  readonly #outer: Scope | undefined;
  readonly #arguments: ReadonlyMap<string, Type> | undefined;
  /** Bare names that were read as columns of tables that are not known. */
  readonly #seen = new Set<string>();

  constructor(outer: Scope | undefined, given: ReadonlyMap<string, Type> | undefined) {
    this.#outer = outer;
    this.#arguments = given;
  }

  /** The type of a column. Refuses a name that does not exist, or that the engines read differently. */
  typeOf(column: Column, source: Source): Type {
    return column.relation === null
      ? this.#bare(column.name, source)
      : this.#qualified(column, column.relation, source);
  }

  #bare({ at, key: wanted }: Pick<Name, "at" | "key">, source: Source): Type {
    const alias = this.aliases?.get(wanted);
    if (alias !== undefined) {
      const itself = this.#isItself(alias.value, wanted);
      if (!itself && this.#isColumn(wanted)) {
        source.refuse(
          at,
          `${wanted} is both a column and the name of another value in SELECT: here BigQuery takes the value, DuckDB the column; give the value another name, or put the query that computes it in WITH`,
        );
      }
      return alias.type;
    }
    if (this.relations.some((relation) => relation.name === wanted)) {
      source.refuse(
        at,
        `${wanted} is the name of a table here, of which BigQuery takes the whole row: write ${wanted}.${wanted}`,
      );
    }
    const column = this.#column(wanted);
    if (column !== undefined) return column;
    if (this.#isOpen()) {
      this.#seen.add(wanted);
      return "ANY";
    }
    if (this.#outer !== undefined) return this.#outer.#bare({ at, key: wanted }, source);
    const argument = this.#arguments?.get(wanted);
    if (argument !== undefined) return argument;
    if (this.#arguments === undefined && wanted.startsWith("in_")) return "ANY";
    return source.refuse(
      at,
      `there is no column ${wanted} here; a name that SELECT gives is visible in GROUP BY, HAVING, QUALIFY and ORDER BY only`,
    );
  }

  #qualified({ name }: Pick<Column, "name">, relation: Name, source: Source): Type {
    const found = this.relations.find((candidate) => candidate.name === relation.key);
    if (found === undefined) {
      if (this.#outer === undefined) return source.refuse(relation.at, `there is no table ${relation.key} in FROM`);
      return this.#outer.#qualified({ name }, relation, source);
    }
    if (found.columns === undefined) return "ANY";
    return (
      found.columns.find((column) => column.name === name.key)?.type ??
      source.refuse(name.at, `${relation.key} has no column ${name.key}`)
    );
  }

  #column(wanted: string): Type | undefined {
    for (const { columns } of this.relations) {
      const found = columns?.find(({ name }) => name === wanted);
      if (found !== undefined) return found.type;
    }
    return undefined;
  }

  /** Whether a value is the one column of its name in FROM. */
  #isItself(value: Expression, wanted: string): boolean {
    if (value.kind !== "column" || value.name.key !== wanted) return false;
    const holders = this.relations.filter(({ columns }) => columns?.some(({ name }) => name === wanted) ?? true);
    return value.relation === null || holders.length <= 1;
  }

  #isOpen(): boolean {
    return this.relations.some(({ columns }) => columns === undefined);
  }

  /** Whether FROM has a column of this name, as far as is known. */
  #isColumn(wanted: string): boolean {
    return this.#column(wanted) !== undefined || this.#seen.has(wanted);
  }
}
