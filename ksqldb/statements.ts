/** The statements of this folder, in the order of their numbers. */
import { readdirSync, readFileSync } from "node:fs";
import { Analyser } from "../engine/analysis/analyse.ts";
import type { Plan, Source } from "../engine/analysis/plan.ts";
import type { Script } from "../engine/analysis/query.ts";
import type { Statement } from "../engine/language/ast.ts";
import { parse, StatementError } from "../engine/language/parse.ts";
import { addOutline, type Outline } from "./outline.ts";

export interface Statements {
  /** What could be parsed. */
  readonly statements: readonly { readonly file: string; readonly text: string; readonly statement: Statement }[];
  /** Streams and tables in the order of their creation. */
  readonly sources: ReadonlyMap<string, Source>;
  /** Every query, in dependency order. */
  readonly plans: readonly Outline[];
  /** Those that the embedded engine executes. */
  readonly executed: readonly Plan[];
  /** Why it does not execute the others, or what of a declared source it does not know. */
  readonly laptop: readonly Laptop[];
}

/** A statement that is deployed and not executed here. */
interface Laptop {
  readonly name: string;
  readonly topic: string;
  readonly file: string;
  readonly reasons: readonly StatementError[];
}

export function readScripts(): Script[] {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
  return files.map((name) => ({
    file: `ksqldb/${name}`,
    text: readFileSync(new URL(name, import.meta.url), "utf8"),
  }));
}

/** Throws StatementError on the first statement that a server refuses, or whose columns are not known. */
export function readStatements(scripts: readonly Script[] = readScripts()): Statements {
  return understand(scripts, (refusal) => {
    throw refusal;
  });
}

/** Analyses what can be: `refused` is given what a server refuses, and that statement is left out if it returns. */
export function understand(scripts: readonly Script[], refused: (refusal: StatementError) => void): Statements {
  const analyser = new Analyser();
  const plans: Outline[] = [];
  const executed: Plan[] = [];
  const laptop: Laptop[] = [];
  /** What is not known here of declared sources: their properties may change every row, so what reads them is not executed. */
  const unknown = new Map<string, readonly StatementError[]>();
  const attempt = <T>(work: () => T[]): T[] => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      refused(error);
      return [];
    }
  };
  const statements = scripts.flatMap((script) =>
    attempt(() => parse(script.text, script.file).map((statement) => ({ ...script, statement }))),
  );
  for (const { statement, ...script } of statements)
    attempt(() => {
      const { plan, reasons: own } = addOutline(analyser, statement, script);
      const { name } = statement.name;
      const reasons = [...own, ...((plan && unknown.get(plan.source.name)) ?? [])];
      if (plan !== undefined) plans.push(plan);
      if (plan !== undefined && reasons.length === 0) executed.push(plan);
      if (plan === undefined && reasons.length > 0) unknown.set(name, reasons);
      const { topic } = analyser.sources.get(name)!;
      if (reasons.length > 0) laptop.push({ name, topic, file: script.file, reasons });
      return [];
    });
  return { statements, sources: analyser.sources, plans, executed, laptop };
}
