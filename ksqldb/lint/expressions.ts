/** What the rules ask about expressions: their text, and what the analyser knows of them. */
import { grouping } from "../../engine/analysis/aggregation.ts";
import type { Outline } from "../outline.ts";
import { sourceScope } from "../../engine/analysis/scope.ts";
import { typed } from "../../engine/expressions/expression.ts";
import type { Refuse } from "../../engine/language/parse.ts";
import type { Typed } from "../../engine/expressions/typed.ts";
import { type Expression, type Item, nodesIn, qualifiersOf, type Query } from "../../engine/language/ast.ts";
import { expressionText } from "../../engine/language/canonical-text.ts";
import type { SqlType } from "../../engine/language/types.ts";

/** Its text without the names of the query's only source. */
export function plainText(expression: Expression, query: Query): string {
  return expressionText(expression, qualifiersOf(query));
}

/** The items of a SELECT list that are expressions. */
export const items = (query: Query) =>
  query.items.filter((item): item is Item & { kind: "item" } => item.kind === "item");

/** The name of the column that an item makes. */
export const nameOf = ({ name, expression }: Item & { kind: "item" }) =>
  name?.name ?? (expression.kind === "name" || expression.kind === "field" ? expression.name : "KSQL_COL_…");

/** The item that makes a column. */
export const itemOf = (query: Query, column: string | undefined) =>
  items(query).find((item) => nameOf(item) === column);

/** Whatever stands where ksqlDB needs true or false. */
export function conditions(query: Query): Expression[] {
  const inner = nodesIn(query).flatMap((node) => {
    if (node.kind === "case") return node.whens.map(({ condition }) => condition);
    if (node.kind === "logic") return [node.left, node.right];
    return node.kind === "not" ? [node.operand] : [];
  });
  return [query.where, query.having, ...inner].filter((condition) => condition !== null);
}

const refuse: Refuse = (_, reason) => {
  throw new Error(reason);
};

/** Undefined if the analyser refuses, or a value cannot be computed. */
function attempt<T>(answer: () => T): T | undefined {
  try {
    return answer();
  } catch {
    return undefined;
  }
}

export type TypeOf = (expression: Expression) => SqlType["base"] | undefined;

/** The types of a statement's expressions: over a row of its source, or else over a group of rows. */
export function typesIn({ source, statement: { query } }: Outline): TypeOf {
  const row = sourceScope(source, qualifiersOf(query), refuse);
  const text = (expression: Expression) => plainText(expression, query);
  const scopes = query.group === null ? [row] : [row, grouping(query, source, row, text).scope];
  return (expression) => {
    const types = scopes.map((scope) => attempt(() => typed(expression, scope).type?.base));
    return types.find((type) => type !== undefined);
  };
}

/** Whether WHERE is false wherever a part of it has this value, whatever the columns beside it are. */
export function excludes({ where }: Query, isPart: (expression: Expression) => boolean, value: Typed): boolean {
  const scope = {
    refuse,
    column: ({ at, name }: Expression & { kind: "name" }) => refuse(at, name),
    special: (expression: Expression) => (isPart(expression) ? value : undefined),
  };
  const isFalse = (condition: Expression) =>
    attempt(() => typed(condition, scope).evaluate([], () => undefined)) === false;
  return conjuncts(where).some(isFalse);
}

/** The conditions that must all hold. */
function conjuncts(where: Expression | null): Expression[] {
  if (where === null) return [];
  return where.kind === "logic" && where.op === "AND" ? [...conjuncts(where.left), ...conjuncts(where.right)] : [where];
}
