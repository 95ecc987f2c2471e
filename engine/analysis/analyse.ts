/** Statements to plans. Every fault is found here, before anything runs. */
import type { Statement } from "../language/ast.ts";
import { parse, StatementError, type Refuse } from "../language/parse.ts";
import type { Schemas } from "../formats/format.ts";
import type { Plan, Source } from "./plan.ts";
import { planQuery, type Script } from "./query.ts";
import { planSource, type Settings } from "./source.ts";

export interface Analysis {
  /** Streams and tables in the order of their creation. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly plans: readonly Plan[];
  readonly statements: readonly { readonly file: string; readonly text: string; readonly statement: Statement }[];
}

/**
 * Analyses scripts in their order: a source must be created before it is read. `schemas` are asked where a statement
 * declares no columns. Throws StatementError.
 */
export function analyse(
  scripts: readonly Script[],
  schemas?: Pick<Schemas, "latest">,
  settings: Settings = {},
): Analysis {
  const sources = new Map<string, Source>();
  const plans: Plan[] = [];
  const statements: Analysis["statements"][number][] = [];
  for (const script of scripts) {
    const { file, text } = script;
    const refuse: Refuse = (at, reason, kind, missing) => {
      throw new StatementError(file, at, reason, kind, missing);
    };
    for (const statement of parse(text, file)) {
      const { name, at } = statement.name;
      if (sources.has(name)) refuse(at, `${name} exists already`);
      if (!/^[\w-]+$/.test(name)) refuse(at, `the name ${name} may have letters, digits, _ and - only`);
      if (statement.replace)
        refuse(
          statement.at,
          "CREATE OR REPLACE changes what runs: a file says CREATE, and apply replaces where it can",
          "replace",
        );
      statements.push({ file, text, statement });
      if (statement.kind === "create") sources.set(name, planSource(statement, file, schemas, settings, refuse));
      else {
        const from = statement.query.from.name;
        const source =
          sources.get(from.name) ??
          refuse(from.at, `there is no ${from.name}: create it in an earlier statement`, "unknown-source", from.name);
        const plan = planQuery(statement, source, script, settings, refuse);
        const { topic } = plan.sink;
        if ([...sources.values()].some((other) => other.topic === topic)) {
          refuse(at, `the topic ${topic} is that of another statement: a query that feeds itself would never end`);
        }
        sources.set(name, plan.sink);
        plans.push(plan);
      }
    }
  }
  return { sources, plans, statements };
}
