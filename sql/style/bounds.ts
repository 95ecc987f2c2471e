/**
 * The stretch of time of a table function. Whether BigQuery prunes partitions by TIMESTAMP_BUCKET of an argument is not
 * certain, and a bucket of an empty or reversed stretch is still a bucket: so beside a bound that is aligned to buckets
 * stand a plain one, a bucket wider, and `in_start < in_stop`.
 */
import type { Source } from "./parse.ts";
import { nodesOf, type Expression, type Query } from "./syntax.ts";

const bounds = [
  { argument: "in_start", operators: [">=", ">"], plain: "TIMESTAMP_SUB" },
  { argument: "in_stop", operators: ["<", "<="], plain: "TIMESTAMP_ADD" },
] as const;

type Bound = (typeof bounds)[number];

/** Throws UserError where a bound of a stretch is aligned to buckets and not plain too. */
export function checkBounds(source: Source, query: Query): void {
  for (const { where, from } of nodesOf(query, "select")) {
    const conjuncts = [where, ...from.map(({ on }) => on)].flatMap(conjunctsOf);
    for (const conjunct of conjuncts) for (const bound of bounds) checkBound(source, conjunct, conjuncts, bound);
  }
}

function checkBound(source: Source, conjunct: Expression, conjuncts: readonly Expression[], bound: Bound): void {
  const { argument, operators, plain } = bound;
  const bucket = [...nodesOf(conjunct, "call")].find(
    (call) => call.name === "TIMESTAMP_BUCKET" && mentions(call, argument),
  );
  if (bucket === undefined) return;
  if (
    !conjuncts.some(
      (other) => other.kind === "operation" && other.operator === "<" && written(other) === "in_start < in_stop",
    )
  ) {
    source.refuse(
      conjunct.at,
      "an empty or reversed stretch would give a bucket: write in_start < in_stop AND before it",
    );
  }
  const bounded =
    conjunct.kind === "operation" ? conjunct.operands.find((operand) => !mentions(operand, argument)) : undefined;
  const column = bounded === undefined ? "time" : written(bounded);
  const wider = `${plain}(${argument}, ${written(bucket.arguments[1]!)})`;
  const fixes = operators.map((operator) => `${column} ${operator} ${wider}`);
  if (!conjuncts.some((other) => fixes.includes(written(other)))) {
    source.refuse(
      conjunct.at,
      `a bound that is aligned to buckets needs a plain one, by which BigQuery prunes partitions for certain: write ${fixes[0]} AND before it`,
    );
  }
}

function conjunctsOf(condition: Expression | null): Expression[] {
  if (condition === null) return [];
  return condition.kind === "operation" && condition.operator === "AND"
    ? condition.operands.flatMap(conjunctsOf)
    : [condition];
}

function mentions(node: unknown, argument: string): boolean {
  return [...nodesOf(node, "column")].some(({ name }) => name.key === argument);
}

/** An expression in one way of writing it, as far as bounds need it; the rest is distinguished by its place. */
function written(expression: Expression): string {
  switch (expression.kind) {
    case "column":
      return `${expression.relation === null ? "" : `${expression.relation.key}.`}${expression.name.key}`;
    case "literal":
      return `${expression.type} ${expression.text}`;
    case "interval":
      return `INTERVAL (${written(expression.value)}) ${expression.unit}`;
    case "call":
      return `${expression.name}(${expression.arguments.map(written).join(", ")})`;
    case "operation":
      return expression.operands.map(written).join(` ${expression.operator} `);
    case "case":
    case "cast":
    case "in":
    case "subquery":
      return `… at ${expression.at}`;
  }
}
