/** Checks a whole body: names, types, and what the two engines would read differently. */
import { checkCondition, checkKeys, typed, type Context } from "./expression.ts";
import type { Source } from "./parse.ts";
import { Scope, type Alias, type Columns } from "./scope.ts";
import type { Body, Expression, Item, OrderTerm, Query, Relation, Select, Star, Union } from "./syntax.ts";
import { checkComparable, unified, type Type } from "./types.ts";

/** What a body may name, beside its own parts. */
export interface Surroundings {
  /** Tables and views. */
  readonly relations: ReadonlyMap<string, Columns>;
  /** Of a table function; undefined where they are not known. */
  readonly arguments: ReadonlyMap<string, Type> | undefined;
}

export interface Checked {
  readonly query: Query;
  readonly columns: Columns;
  readonly types: ReadonlyMap<Expression, Type>;
}

/** Parses and checks a body. Throws UserError on anything outside the style. */
export function check(source: Source, { relations, arguments: given }: Surroundings): Checked {
  const query = source.parse();
  const types = new Map<Expression, Type>();
  let parts: ReadonlyMap<string, Columns> = new Map();
  const context: Context = { source, types, columnsOf: columnsOfQuery };
  return { query, columns: columnsOfQuery(query, undefined), types };

  function columnsOfQuery(inner: Query, outer: Scope | undefined): Columns {
    const before = parts;
    for (const part of inner.parts) {
      const found = columnsOfQuery(part.query, outer);
      parts = new Map([...parts, [part.name.key, found]]);
    }
    const found = columnsOfBody(inner.body, inner.orderBy, outer);
    parts = before;
    return found;
  }

  function columnsOfBody(body: Body, orderBy: readonly OrderTerm[], outer: Scope | undefined): Columns {
    if (body.kind === "select") return columnsOfSelect(body, orderBy, outer);
    const found = body.kind === "union" ? columnsOfUnion(body, outer) : columnsOfQuery(body, outer);
    const scope = new Scope(outer, given);
    scope.relations.push({ name: undefined, columns: found, merged: [] });
    checkKeys(context, orderBy, scope);
    return found;
  }

  function columnsOfUnion({ members }: Union, outer: Scope | undefined): Columns {
    const all = members.map((member) => columnsOfBody(member, [], outer));
    const [first] = all;
    if (first === undefined || all.some((one) => one === undefined)) return undefined;
    const uneven = all.findIndex((one) => one!.length !== first.length);
    if (uneven > 0) source.refuse(members[uneven]!.at, `UNION of ${first.length} and ${all[uneven]!.length} columns`);
    return first.map(({ name }, i) => {
      const values = all.map((one, j) => ({ type: one![i]!.type, at: one![i]!.at ?? members[j]!.at }));
      return { name, type: unified(source, values, "UNION") };
    });
  }

  function columnsOfSelect(select: Select, orderBy: readonly OrderTerm[], outer: Scope | undefined): Columns {
    const scope = new Scope(outer, given);
    for (const relation of select.from) join(scope, relation, outer);
    if (select.where !== null) checkCondition(context, select.where, scope);
    const aliases = new Map<string, Alias>();
    const outputs = select.items.map((item) => {
      if (item.kind === "star") return starred(scope, item);
      const { type, at } = typed(context, item.value, scope);
      const name = nameOf(item);
      if (name !== undefined && given?.has(name)) {
        source.refuse(at, `${name} is an argument: BigQuery would read the column of that name, DuckDB the argument`);
      }
      if (name !== undefined && aliases.has(name)) source.refuse(at, `two columns of SELECT are called ${name}`);
      if (name !== undefined) aliases.set(name, { value: item.value, type });
      return [{ name: name ?? "", type, at }];
    });
    scope.aliases = aliases;
    checkKeys(context, select.groupBy, scope);
    for (const condition of [select.having, select.qualify]) {
      if (condition !== null) checkCondition(context, condition, scope);
    }
    checkKeys(context, orderBy, scope);
    if (outputs.some((one) => one === undefined)) return undefined;
    const all = outputs.flatMap((one) => one ?? []);
    const names = all.map(({ name }) => name).filter((name) => name !== "");
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) source.refuse(select.at, `two columns of SELECT are called ${twice}`);
    return all;
  }

  function starred({ relations: from }: Scope, { at, relation }: Star): Columns {
    if (relation === null && from.some(({ merged }) => merged.length > 0)) {
      source.refuse(at, "* after USING has its columns in another order on BigQuery: write the columns out");
    }
    const chosen = from.filter(({ name }) => relation === null || name === relation.key);
    if (chosen.length === 0)
      source.refuse(at, relation === null ? "* has no FROM" : `there is no table ${relation.key} in FROM`);
    return chosen.some(({ columns }) => columns === undefined)
      ? undefined
      : chosen.flatMap(({ columns }) => columns ?? []);
  }

  function join(scope: Scope, { at, of, alias, on, using }: Relation, outer: Scope | undefined): void {
    const columns = of.kind === "query" ? columnsOfQuery(of, outer) : columnsNamed(of.key);
    const name = alias ?? (of.kind === "query" ? undefined : of);
    const before = [...scope.relations];
    const merged = using.map(({ key }) => key);
    scope.relations.push({ name: name?.key, columns, merged });
    if (on !== null) checkCondition(context, on, scope);
    for (const column of using) {
      const both = [...before, { columns }].flatMap(
        (relation) => relation.columns?.find((candidate) => candidate.name === column.key)?.type ?? [],
      );
      checkComparable(
        source,
        both.map((type) => ({ type, at })),
      );
    }
  }

  function columnsNamed(name: string): Columns {
    return parts.has(name) ? parts.get(name) : relations.get(name);
  }
}

function nameOf({ value, alias }: Item): string | undefined {
  if (alias !== null) return alias.key;
  return value.kind === "column" ? value.name.key : undefined;
}
