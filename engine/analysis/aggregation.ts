/** GROUP BY the key: the aggregates, and what else a SELECT list may contain. */
import type { Expression, Query, WindowClause } from "../language/ast.ts";
import { BIGINT, nameText } from "../language/types.ts";
import { outside, type Refuse } from "../language/parse.ts";
import { typed } from "../expressions/expression.ts";
import { describeTypes, type Scope, type Typed } from "../expressions/typed.ts";
import { aggregates } from "../functions/aggregates.ts";
import type { Aggregation, Source, Window } from "./plan.ts";
import type { SourceScope } from "./scope.ts";

/** The scope of the SELECT list of a grouped query, which collects the aggregates. */
interface Grouping {
  readonly scope: Scope;
  /** To be called when all expressions of the scope are typed. */
  finish(): Aggregation;
}

/** Opens the scope of a grouped query's SELECT list. Refuses any key but that of the source. */
export function grouping(
  query: Query,
  source: Source,
  scope: SourceScope,
  text: (expression: Expression) => string,
): Grouping {
  const { refuse } = scope;
  const [key] = source.key.columns;
  const [first, ...more] = query.group!.map((expression) => ({ at: expression.at, text: text(expression) }));
  if (first!.text !== nameText(key.name) || more.length > 0)
    outside((more[0] ?? first!).at, `GROUP BY anything but the key ${key.name}`, refuse);
  const args: Typed[] = [];
  const argTexts: string[] = [];
  const calls: Aggregation["calls"][number][] = [];
  const callTexts: string[] = [];

  /** The place of an argument; one that occurs twice is computed once. */
  const argument = (expression: Expression, value: Typed): number => {
    const name = text(expression);
    const place = argTexts.indexOf(name);
    if (place >= 0) return place;
    args.push(value);
    return argTexts.push(name) - 1;
  };

  const call = (expression: Expression & { kind: "call" }): Typed => {
    const values = expression.args.map((arg) => typed(arg, scope));
    const types = values.map(({ type }) => type);
    const found = aggregates[expression.name]!(
      types,
      values.map(({ constant }) => constant),
    );
    if (found === undefined) {
      return refuse(
        expression.at,
        `${expression.name} does not take (${describeTypes(types)}), or not here`,
        "arguments",
      );
    }
    const { aggregate, varying } = found;
    const name = text(expression);
    let place = callTexts.indexOf(name);
    if (place < 0) {
      calls.push({ aggregate, args: expression.args.slice(0, varying).map((arg, i) => argument(arg, values[i]!)) });
      place = callTexts.push(name) - 1;
    }
    return { type: aggregate.type, evaluate: (row) => row[1 + place]! };
  };

  const after: Scope = {
    refuse,
    special: (expression) => {
      if (text(expression) === nameText(key.name)) return { type: key.type, evaluate: (row) => row[0]! };
      return expression.kind === "call" && Object.hasOwn(aggregates, expression.name) ? call(expression) : undefined;
    },
    column: (name) => {
      if (query.window !== null && (name.name === "WINDOWSTART" || name.name === "WINDOWEND")) {
        const behind = name.name === "WINDOWSTART" ? 1 : 2;
        return { type: BIGINT, evaluate: (row) => row[calls.length + behind]! };
      }
      scope.column(name);
      return refuse(name.at, `${name.name} is neither grouped by nor aggregated`);
    },
  };

  return {
    scope: after,
    finish: () => {
      if (calls.length === 0) refuse(query.at, "GROUP BY needs an aggregate in the SELECT list");
      return { args, calls, window: query.window === null ? undefined : windowOf(query.window, refuse) };
    },
  };
}

const day = 24 * 60 * 60 * 1000;

/** The default grace period is a day less the window's size. A window is stored at least until it closes. */
function windowOf({ size, retention, grace, at }: WindowClause, refuse: Refuse): Window {
  if (size <= 0) refuse(at, "a window's SIZE must be more than 0");
  const effective = grace ?? Math.max(day - size, 0);
  if (retention !== null && retention < size + effective) {
    refuse(
      at,
      `RETENTION must reach the window's size plus its grace: ${size} + ${effective} ms${grace === null ? " (a day less the size, as no GRACE PERIOD is given)" : ""}, it is ${retention} ms`,
    );
  }
  return { size, grace: effective, retention: retention ?? size + effective };
}
