/**
 * The stretch of time of a table function. Whether BigQuery prunes partitions by TIMESTAMP_BUCKET of an argument is not
 * certain, and a bucket of an empty or reversed stretch is still a bucket: so beside a bound that is aligned to buckets
 * stand a plain one, a bucket wider, and `in_start < in_stop`.
 */
import { key } from "./scope.ts";
import type { Source } from "./source.ts";
import { nodesOf, type Call, type Column, type Expression, type Query, type Select } from "./syntax.ts";

const bounds = [
  { argument: "in_start", operators: [">=", ">"], plain: "TIMESTAMP_SUB" },
  { argument: "in_stop", operators: ["<", "<="], plain: "TIMESTAMP_ADD" },
] as const;

type Bound = (typeof bounds)[number];

/** Throws UserError where a bound of a stretch is aligned to buckets and not plain too. */
export function checkBounds(source: Source, query: Query): void {
  for (const { where, from } of nodesOf<"select", Select>(query, "select")) {
    const conjuncts = [where, ...from.map(({ on }) => on)].flatMap(conjunctsOf);
    for (const conjunct of conjuncts) for (const bound of bounds) checkBound(source, conjunct, conjuncts, bound);
  }
}

function checkBound(source: Source, conjunct: Expression, conjuncts: readonly Expression[], bound: Bound): void {
  const { argument, operators, plain } = bound;
  const bucket = [...nodesOf<"call", Call>(conjunct, "call")].find(
    (call) => call.at.word === "TIMESTAMP_BUCKET" && mentions(call, argument),
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
  const cures = operators.map((operator) => `${column} ${operator} ${wider}`);
  if (!conjuncts.some((other) => cures.includes(written(other)))) {
    source.refuse(
      conjunct.at,
      `a bound that is aligned to buckets needs a plain one, by which BigQuery prunes partitions for certain: write ${cures[0]} AND before it`,
    );
  }
}

function conjunctsOf(condition: Expression | undefined): Expression[] {
  if (condition === undefined) return [];
  return condition.kind === "operation" && condition.operator === "AND"
    ? condition.operands.flatMap(conjunctsOf)
    : [condition];
}

function mentions(node: unknown, argument: string): boolean {
  return [...nodesOf<"column", Column>(node, "column")].some(({ name }) => key(name) === argument);
}

/** An expression in one way of writing it, as far as bounds need it; the rest is distinguished by its place. */
function written(expression: Expression): string {
  switch (expression.kind) {
    case "column":
      return `${expression.relation === undefined ? "" : `${key(expression.relation)}.`}${key(expression.name)}`;
    case "literal":
      return expression.at.text;
    case "interval":
      return `INTERVAL (${written(expression.value)}) ${expression.unit.word}`;
    case "call":
      return `${expression.at.word}(${expression.arguments.map(written).join(", ")})`;
    case "operation":
      return expression.operands.map(written).join(` ${expression.operator} `);
    case "case":
    case "cast":
    case "in":
    case "subquery":
      return `… at ${expression.at.start}`;
  }
}
