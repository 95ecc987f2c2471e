/** The type of an expression. Throws UserError where BigQuery and DuckDB would not give the same value. */
import { typeOfCall } from "./functions.ts";
import type { Columns, Scope } from "./scope.ts";
import type { Source } from "./parse.ts";
import type { Case, Cast, Expression, In, Interval, Operation, OrderTerm, Query } from "./syntax.ts";
import { checkComparable, isNumber, refuseFloat, unified, widest, type Type, type Typed } from "./types.ts";

/** What an expression needs to know of the whole. */
export interface Context {
  readonly source: Source;
  readonly columnsOf: (query: Query, scope: Scope) => Columns;
  /** Filled as expressions are read. */
  readonly types: Map<Expression, Type>;
}

export function typed(context: Context, expression: Expression, scope: Scope): Typed {
  const type = typeOf(context, expression, scope);
  context.types.set(expression, type);
  return { type, at: expression.at };
}

export function checkCondition(context: Context, expression: Expression, scope: Scope): void {
  const { type, at } = typed(context, expression, scope);
  if (!["BOOL", "ANY", "NULL"].includes(type)) {
    context.source.refuse(at, `a condition is BOOL in BigQuery, not ${type}`);
  }
}

/** Terms of ORDER BY, or keys of GROUP BY and PARTITION BY. */
export function checkKeys(context: Context, keys: readonly (Expression | OrderTerm)[], scope: Scope): void {
  for (const entry of keys) {
    const value = entry.kind === "order" ? entry.value : entry;
    refuseFloat(context.source, typed(context, value, scope), "the order");
  }
}

function typeOf(context: Context, expression: Expression, scope: Scope): Type {
  const { source } = context;
  switch (expression.kind) {
    case "literal":
      return expression.type;
    case "column":
      return scope.typeOf(expression, source);
    case "call": {
      const given = expression.arguments.map((argument) =>
        argument.kind === "interval" ? checkInterval(context, argument, scope) : typed(context, argument, scope),
      );
      const { over } = expression;
      if (over !== null) checkKeys(context, [...over.partitionBy, ...over.orderBy], scope);
      return typeOfCall(source, expression, given);
    }
    case "cast":
      return typeOfCast(context, expression, scope);
    case "case":
      return typeOfCase(context, expression, scope);
    case "operation":
      return typeOfOperation(context, expression, scope);
    case "in":
      checkIn(context, expression, scope);
      return "BOOL";
    case "subquery":
      return only(context, expression.query, scope).type;
    case "interval":
      return source.refuse(
        expression.at,
        "an INTERVAL stands in TIMESTAMP_ADD, TIMESTAMP_SUB and TIMESTAMP_BUCKET only",
      );
  }
}

function checkInterval(context: Context, interval: Interval, scope: Scope): Typed {
  const { type, at } = typed(context, interval.value, scope);
  if (!["INT64", "ANY"].includes(type)) context.source.refuse(at, `an INTERVAL is of an INT64, not ${type}`);
  return { type: "ANY", at: interval.at };
}

function typeOfCast(context: Context, { value, type }: Cast, scope: Scope): Type {
  const from = typed(context, value, scope);
  if (!isNumber(from.type) && from.type !== "STRING") {
    context.source.refuse(from.at, `CAST of ${from.type} to ${type} differs between BigQuery and DuckDB`);
  }
  return type;
}

function typeOfCase(context: Context, { value, branches, otherwise }: Case, scope: Scope): Type {
  if (value === null) {
    for (const { when } of branches) checkCondition(context, when, scope);
  } else {
    const compared = [value, ...branches.map(({ when }) => when)].map((one) => typed(context, one, scope));
    for (const when of compared.slice(1)) checkComparable(context.source, [compared[0]!, when]);
  }
  const results = branches.map(({ then }) => then).concat(otherwise ?? []);
  const values = results.map((result) => typed(context, result, scope));
  return unified(context.source, values, "CASE");
}

function typeOfOperation(context: Context, { operator, sign, operands }: Operation, scope: Scope): Type {
  const { source } = context;
  if (operator === "AND" || operator === "OR" || operator === "NOT" || operator === "IS TRUE") {
    for (const operand of operands) checkCondition(context, operand, scope);
    return "BOOL";
  }
  const values = operands.map((operand) => typed(context, operand, scope));
  if (operator === "IS NULL") return "BOOL";
  if (!["+", "-", "*"].includes(operator)) {
    checkComparable(source, values);
    return "BOOL";
  }
  const other = values.find(({ type }) => !isNumber(type));
  if (other !== undefined) source.refuse(other.at, `${operator} of ${other.type} differs between BigQuery and DuckDB`);
  if (operator !== "*") return widest(values.map(({ type }) => type));
  if (!operands.every((operand) => operand.kind === "cast" && operand.type === "BIGNUMERIC")) {
    source.refuse(
      sign,
      "BigQuery rounds a product of NUMERIC to 9 decimals: write CAST(… AS BIGNUMERIC) on both sides of *",
    );
  }
  return "BIGNUMERIC";
}

function checkIn(context: Context, { value, among }: In, scope: Scope): void {
  const first = typed(context, value, scope);
  const others = "kind" in among ? [only(context, among, scope)] : among.map((one) => typed(context, one, scope));
  checkComparable(context.source, [first, ...others]);
  unified(context.source, [first, ...others], "IN");
}

/** The one column of a subquery that stands for a value. */
function only(context: Context, query: Query, scope: Scope): Typed {
  const columns = context.columnsOf(query, scope);
  if (columns !== undefined && columns.length !== 1) {
    context.source.refuse(query.at, `a query that stands for a value has one column, not ${columns.length}`);
  }
  return { type: columns?.[0]?.type ?? "ANY", at: query.at };
}
