/**
 * The shape of a statement that the embedded engine does not execute: what it cannot execute is replaced by a NULL of the
 * type that a CAST around it names, or left out where it only filters rows, and the rest is analysed as ever.
 */
import type { Analyser } from "../engine/analysis/analyse.ts";
import type { Plan } from "../engine/analysis/plan.ts";
import type { Script } from "../engine/analysis/query.ts";
import { sourceScope } from "../engine/analysis/scope.ts";
import {
  type CreateAs,
  type Expression,
  nodesIn,
  type Place,
  qualifiersOf,
  type Query,
  type Statement,
} from "../engine/language/ast.ts";
import { reservedWords, StatementError, type RefusalKind } from "../engine/language/parse.ts";

/** What is known of a query, executed or not. */
export type Outline = Pick<Plan, "file" | "description" | "statement" | "source" | "sink" | "columns" | "aggregation">;

/** What a server may execute, and the embedded engine does not. */
const notExecuted: ReadonlySet<RefusalKind> = new Set(["subset", "unknown-function", "arguments"]);

/**
 * Adds a statement to an analysis. Returns the plan of a query, and what of it is not executed here: with any, the plan is
 * an outline only. Throws StatementError on what a server refuses, and where the columns cannot be known.
 */
export function addOutline(
  analyser: Analyser,
  statement: Statement,
  script: Script,
): { plan: Plan | undefined; reasons: StatementError[] } {
  const reasons: StatementError[] = [];
  let shape = statement;
  for (;;) {
    try {
      const plan = analyser.add(shape, script);
      return { plan: plan && { ...plan, statement: statement as CreateAs }, reasons };
    } catch (error) {
      if (!(error instanceof StatementError) || !notExecuted.has(error.kind)) throw error;
      shape = withoutPart(shape, error, analyser);
      reasons.push(error);
    }
  }
}

/** The statement without the part that a refusal names. */
function withoutPart(statement: Statement, refusal: StatementError, analyser: Analyser): Statement {
  const { at } = refusal;
  const property = statement.properties.find((one) => one.at.offset === at.offset);
  if (property !== undefined)
    return { ...statement, properties: statement.properties.filter((one) => one !== property) };
  if (statement.kind === "create") throw refusal;
  const { query } = statement;
  const item = query.items.findLast((one) => one.at.offset <= at.offset);
  const clauses = [query.from.name, query.window, query.where, query.group?.[0], query.partition?.[0], query.having];
  const clause = clauses.findLast((one) => one && placeOf(one).offset <= at.offset);
  if (clause === undefined && item?.kind === "item") {
    const { expression } = item;
    // A cast that is refused again names a type that is not known here.
    if (expression.kind !== "cast" || expression.operand.at === nowhere)
      throw new StatementError(refusal.file, item.at, refusal.reason, "untyped", refusal.missing);
    checkNames(expression.operand, query, analyser, refusal.file);
    const operand = query.group === null ? none : noneOfGroup;
    const items = query.items.map((one) => (one === item ? { ...item, expression: { ...expression, operand } } : one));
    return { ...statement, query: { ...query, items } };
  }
  if (clause === undefined || (clause !== query.where && clause !== query.having)) throw refusal;
  checkNames(clause as Expression, query, analyser, refusal.file);
  const rest = clause === query.where ? { where: null } : { having: null };
  return { ...statement, query: { ...query, ...rest } };
}

const placeOf = (clause: { readonly at: Place }) => clause.at;

/** Where what stands in for a part was written. */
const nowhere: Place = { offset: Number.POSITIVE_INFINITY, line: 0, column: 0 };

const none: Expression = { kind: "literal", type: "NULL", value: null, at: nowhere };

/** A NULL with an aggregate in it: the one that it stands for may be the only one of the statement. */
const count: Expression = { kind: "call", name: "COUNT", args: [], star: true, at: nowhere };
const noneOfGroup: Expression = {
  kind: "cast",
  operand: { kind: "call", name: "NULLIF", args: [count, count], star: false, at: nowhere },
  type: { kind: "NAMED", name: "STRING", at: nowhere },
  at: nowhere,
};

/** Columns that a server would miss. Throws StatementError. */
function checkNames(part: Expression, query: Query, analyser: Analyser, file: string): void {
  const source = analyser.sources.get(query.from.name.name)!;
  const scope = sourceScope(source, qualifiersOf(query), (at, reason, kind, missing) => {
    throw new StatementError(file, at, reason, kind, missing);
  });
  const nodes = nodesIn(part);
  const own = new Set(nodes.flatMap((node) => (node.kind === "lambda" ? node.parameters : [])));
  if (query.window !== null) for (const bound of ["WINDOWSTART", "WINDOWEND"]) own.add(bound);
  // A unit of time as an argument, such as SECONDS, is a reserved word.
  for (const node of nodes)
    if (node.kind === "name" && !own.has(node.name) && !reservedWords.has(node.name)) scope.column(node);
}
