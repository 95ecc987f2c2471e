/** GROUP BY: what is grouped by, what is aggregated, and what a SELECT list may say beside that. */
import type { Expression, Query, WindowClause } from "../language/ast.ts";
import { BIGINT } from "../language/types.ts";
import { typed } from "../expressions/expression.ts";
import { condition } from "../expressions/logic.ts";
import type { Refuse } from "../language/parse.ts";
import { describeTypes, type Scope, type Typed } from "../expressions/typed.ts";
import { aggregates } from "../functions/aggregates.ts";
import type { Aggregation, Source, Window } from "./plan.ts";
import type { SourceScope } from "./scope.ts";

/** The scope of what stands behind the grouping, and what it found there to aggregate. */
export interface Grouping {
  /** Of one item. */
  scope(): Scope;
  /** The grouping expressions as text, in their order: the key. */
  readonly keys: readonly string[];
  /** To be called when all expressions of the scope are typed. */
  finish(having: Expression | null): Aggregation;
}

export function grouping(
  query: Query,
  source: Source,
  scope: SourceScope,
  text: (expression: Expression) => string,
): Grouping {
  const { refuse } = scope;
  const group = query.group!.map((expression) => typed(expression, scope));
  const keys = query.group!.map(text);
  group.forEach(({ type }, i) => {
    if (type === null) refuse(query.group![i]!.at, "a bare NULL can not be grouped by");
    if (keys.indexOf(keys[i]!) !== i) refuse(query.group![i]!.at, `${keys[i]!} is grouped by twice`);
  });
  const args: Typed[] = [];
  const argTexts: string[] = [];
  const calls: { aggregate: Aggregation["calls"][number]["aggregate"]; args: number[]; text: string }[] = [];

  const argument = (expression: Expression, value: Typed): number => {
    const name = text(expression);
    let place = argTexts.indexOf(name);
    if (place < 0) place = argTexts.push(name) - 1;
    args[place] ??= value;
    return place;
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
    const limited = [source.value.format].filter((format) => format === "DELIMITED" || format === "KAFKA");
    if (aggregate.structured && limited.length > 0) {
      refuse(
        expression.at,
        `${expression.name} keeps a struct or a list between records, which the format ${limited[0]} can not hold`,
      );
    }
    const name = text(expression);
    let place = calls.findIndex((other) => other.text === name);
    if (place < 0) {
      const places = expression.args.slice(0, varying).map((arg, i) => argument(arg, values[i]!));
      place = calls.push({ aggregate, args: places, text: name }) - 1;
    }
    const at = group.length + place;
    return { type: aggregate.type, guarded: false, evaluate: (row) => row[at]! };
  };

  const bound = (at: () => number): Typed => ({ type: BIGINT, guarded: false, evaluate: (row) => row[at()]! });
  const after = (aggregated = false): Scope => ({
    refuse,
    special: (expression) => {
      const place = keys.indexOf(text(expression));
      if (place >= 0 && aggregated && expression.kind !== "name")
        refuse(expression.at, "a grouping expression that is no column does not stand behind an aggregate");
      if (place >= 0) return { type: group[place]!.type, guarded: false, evaluate: (row) => row[place]! };
      if (expression.kind === "call" && Object.hasOwn(aggregates, expression.name)) {
        aggregated = true;
        return call(expression);
      }
      return undefined;
    },
    column: (name) => {
      if (query.window !== null && (name.name === "WINDOWSTART" || name.name === "WINDOWEND")) {
        const behind = name.name === "WINDOWSTART" ? 0 : 1;
        return bound(() => group.length + calls.length + behind);
      }
      scope.column(name);
      return refuse(name.at, `${name.name} is neither grouped by nor aggregated`);
    },
  });

  return {
    scope: after,
    keys,
    finish: (having) => {
      const noBounds: Scope = {
        ...after(),
        column: (name) => scope.column(name) && refuse(name.at, `${name.name} is neither grouped by nor aggregated`),
      };
      const passes = having === null ? undefined : condition(having, noBounds, (part) => typed(part, noBounds));
      if (calls.length === 0) refuse(query.at, "GROUP BY needs an aggregate in the SELECT list or in HAVING");
      return {
        group,
        byKey:
          group.length === 1 && source.key.columns.length === 1 && group[0]!.column === source.key.columns[0]!.name,
        args,
        calls: calls.map(({ aggregate, args: places }) => ({ aggregate, args: places })),
        having: passes,
        window: query.window === null ? undefined : windowOf(query.window, refuse),
      };
    },
  };
}

const day = 24 * 60 * 60 * 1000;

/** Without GRACE PERIOD it is a day less the window; the store keeps a window at least until it closes. */
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
