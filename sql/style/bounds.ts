/**
 * The stretch of time of a table function. It is not certain that BigQuery prunes partitions by TIMESTAMP_BUCKET of an argument, and
 * a bucket of an empty or reversed stretch is still a bucket: so a bound that is aligned to buckets needs a plain one beside it, a
 * bucket wider, and `in_start < in_stop`.
 */
import type { Source } from "./parse.ts";
import { nodesOf, type Expression, type Query } from "./syntax.ts";

const bounds = [
  { argument: "in_start", operators: [">=", ">"], plain: "TIMESTAMP_SUB" },
  { argument: "in_stop", operators: ["<", "<="], plain: "TIMESTAMP_ADD" },
] as const;

/** Throws UserError if a bound of a stretch is aligned to buckets and has no plain one beside it. */
export function checkBounds(source: Source, query: Query): void {
  const written = ({ at, end }: Expression) => source.text.slice(at, end).replaceAll("`", "").replace(/\s+/g, " ");
  for (const { where, from } of nodesOf(query, "select")) {
    const conjuncts = [where, ...from.map(({ on }) => on)].flatMap(conjunctsOf);
    const present = new Set(conjuncts.map((conjunct) => canonical(written(conjunct))));
    for (const conjunct of conjuncts)
      for (const { argument, operators, plain } of bounds) {
        const bucket = [...nodesOf(conjunct, "call")].find(
          (call) => call.name === "TIMESTAMP_BUCKET" && mentions(call, argument),
        );
        if (bucket === undefined) continue;
        if (!present.has(canonical("in_start < in_stop")))
          source.refuse(
            conjunct.at,
            "an empty or reversed stretch would give a bucket: write in_start < in_stop AND before it",
          );
        const operands = conjunct.kind === "operation" ? conjunct.operands : [];
        const bounded = operands.find((operand) => !mentions(operand, argument));
        const column = bounded === undefined ? "time" : written(bounded);
        const wider = `${plain}(${argument}, ${written(bucket.arguments[1]!)})`;
        const fixes = operators.map((operator) => `${column} ${operator} ${wider}`);
        if (!fixes.some((fix) => present.has(canonical(fix))))
          source.refuse(
            conjunct.at,
            `a bound that is aligned to buckets needs a plain one, by which BigQuery prunes partitions for certain: write ${fixes[0]} AND before it`,
          );
      }
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

/** A text in one way of writing it: `INTERVAL 1 DAY` and `interval (1) day` are the same. */
function canonical(text: string): string {
  return text
    .toLowerCase()
    .replace(/interval \((\w+)\)/g, "interval $1")
    .replaceAll(" ", "");
}
