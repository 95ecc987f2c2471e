/** What the rules ask about expressions: what is in them, their types, whether they can be NULL. */
import type { Expression, Query } from "../language/ast.ts";
import { expressionText } from "../language/format.ts";
import { BIGINT, type SqlType } from "../language/types.ts";
import type { Plan } from "../analysis/plan.ts";
import { sourceScope } from "../analysis/scope.ts";
import { typed } from "../expressions/expression.ts";
import type { Refuse, Scope, Typed } from "../expressions/typed.ts";
import { aggregates } from "../functions/aggregates.ts";

export type Of<K extends Expression["kind"]> = Expression & { kind: K };

const kinds: Readonly<Record<Expression["kind"], true>> = {
  literal: true,
  name: true,
  call: true,
  subscript: true,
  field: true,
  case: true,
  compare: true,
  distinct: true,
  between: true,
  in: true,
  like: true,
  logic: true,
  not: true,
  isNull: true,
  arithmetic: true,
  sign: true,
  cast: true,
  array: true,
  map: true,
  struct: true,
};

/** Every expression in a part of a statement, the outer before the inner. */
export function expressionsIn(part: unknown): Expression[] {
  if (typeof part !== "object" || part === null) return [];
  const inner = Object.values(part).flatMap(expressionsIn);
  const isExpression = "kind" in part && Object.hasOwn(kinds, part.kind as string);
  return isExpression ? [part as Expression, ...inner] : inner;
}

/** Its text without the names of the query's only source. */
export function plainText(expression: Expression, { from }: Query): string {
  return expressionText(expression, [from.name.name, ...(from.alias === null ? [] : [from.alias.name])]);
}

/** The conditions that must all hold. */
export function conjuncts(where: Expression | null): Expression[] {
  if (where === null) return [];
  return where.kind === "logic" && where.op === "AND" ? [...conjuncts(where.left), ...conjuncts(where.right)] : [where];
}

/** Whatever stands where ksqlDB needs true or false. */
export function conditions(query: Query): Expression[] {
  const inner = expressionsIn(query).flatMap((expression) => {
    if (expression.kind === "case") return expression.whens.map(({ condition }) => condition);
    if (expression.kind === "logic") return [expression.left, expression.right];
    return expression.kind === "not" ? [expression.operand] : [];
  });
  return [query.where, query.having, ...inner].filter((condition) => condition !== null);
}

/** As far as its form tells; comparisons are never NULL in ksqlDB. */
export function mayBeNull(expression: Expression): boolean {
  if (expression.kind === "literal") return expression.type === "NULL";
  if (expression.kind === "cast") return mayBeNull(expression.operand);
  if (expression.kind === "case")
    return (
      expression.otherwise === null ||
      [...expression.whens.map(({ result }) => result), expression.otherwise].some(mayBeNull)
    );
  if (expression.kind === "call" && ["COALESCE", "IFNULL"].includes(expression.name))
    return expression.args.every(mayBeNull);
  if (expression.kind === "call") return expression.name !== "COUNT";
  return ["name", "subscript", "field", "arithmetic", "sign"].includes(expression.kind);
}

/** Types of the expressions of a statement that has a plan; undefined for a bare NULL. */
export function typesIn({ source, statement: { query } }: Plan): (expression: Expression) => SqlType | undefined {
  const refuse: Refuse = (_, message) => {
    throw new Error(message);
  };
  const { from } = query;
  const columns = sourceScope(source, [from.name.name, from.alias?.name ?? from.name.name], refuse);
  const ofType = (type: SqlType): Typed => ({ type, guarded: false, evaluate: () => null });
  const scope: Scope = {
    ...columns,
    column: (name) => (/^WINDOW(START|END)$/.test(name.name) ? ofType(BIGINT) : columns.column(name)),
    special: (expression, inner) => {
      if (expression.kind !== "call") return undefined;
      const args = expression.args.map((arg) => typed(arg, inner));
      const types = args.map(({ type }) => type);
      if (expression.name === "EXPLODE") return types[0]?.base === "ARRAY" ? ofType(types[0].item) : undefined;
      if (!Object.hasOwn(aggregates, expression.name)) return undefined;
      const found = aggregates[expression.name]!(
        types,
        args.map(({ constant }) => constant),
      );
      return found && ofType(found.aggregate.type);
    },
  };
  return (expression) => typed(expression, scope).type ?? undefined;
}
