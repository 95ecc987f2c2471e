/** Statements to plans. Every fault is found here, before anything runs. */
import type { Statement } from "../language/ast.ts";
import { parse, StatementError, type Refuse } from "../language/parse.ts";
import type { Plan, Source } from "./plan.ts";
import { planQuery, type Script } from "./query.ts";
import { planSource } from "./source.ts";

export interface Analysis {
  /** Streams and tables in the order of their creation. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly plans: readonly Plan[];
}

/** Analyses scripts in their order: a source must be created before it is read. Throws StatementError. */
export function analyse(scripts: readonly Script[]): Analysis {
  const analyser = new Analyser();
  for (const script of scripts)
    for (const statement of parse(script.text, script.file)) analyser.add(statement, script);
  return analyser;
}

/** An analysis that is given one statement after another. */
export class Analyser implements Analysis {
  readonly sources = new Map<string, Source>();
  readonly plans: Plan[] = [];

  /** Returns the plan of a query. Throws StatementError, and the analysis is then as it was before. */
  add(statement: Statement, script: Script): Plan | undefined {
    const { file } = script;
    const refuse: Refuse = (at, reason, kind, missing) => {
      throw new StatementError(file, at, reason, kind, missing);
    };
    const { name, at } = statement.name;
    if (this.sources.has(name)) refuse(at, `${name} already exists`);
    if (!/^[\w-]+$/.test(name)) refuse(at, `the name ${name} may contain only letters, digits, _ and -`);
    if (statement.replace)
      refuse(
        statement.at,
        "CREATE OR REPLACE changes what runs: a file says CREATE, and apply replaces where it can",
        "replace",
      );
    if (statement.kind === "create") {
      this.sources.set(name, planSource(statement, file, refuse));
      return undefined;
    }
    const from = statement.query.from.name;
    const source =
      this.sources.get(from.name) ??
      refuse(from.at, `there is no ${from.name}: create it in an earlier statement`, "unknown-source", from.name);
    const plan = planQuery(statement, source, script, refuse);
    const { topic } = plan.sink;
    if ([...this.sources.values()].some((other) => other.topic === topic)) {
      refuse(at, `the topic ${topic} is that of another statement: a query that feeds itself would never end`);
    }
    this.sources.set(name, plan.sink);
    this.plans.push(plan);
    return plan;
  }
}
