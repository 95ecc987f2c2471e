/**
 * One test of statements: records go in one by one, each fully processed before the next, without a record cache; the
 * records of the derived topics are what must come out.
 */
import { analyse, type Analysis } from "../../engine/analysis/analyse.ts";
import type { Source } from "../../engine/analysis/plan.ts";
import type { Script } from "../../engine/analysis/query.ts";
import { Engine } from "../../engine/execution/engine.ts";
import { MemoryTopics } from "./memory.ts";
import { outputOf, toBytes, type CaseRecord } from "./records.ts";

export interface CaseResult {
  readonly analysis: Analysis;
  /** Of each derived topic its records. */
  readonly outputs: ReadonlyMap<string, readonly CaseRecord[]>;
  /** Entries of the processing log. */
  readonly logged: readonly string[];
  /** What ended a query; its rows before that are among the outputs. */
  readonly failure: Error | undefined;
}

/** Throws StatementError where the statements are refused. `topics` may hold schemas already. */
export function runCase(
  scripts: readonly Script[],
  inputs: readonly CaseRecord[],
  topics = new MemoryTopics(),
): CaseResult {
  const analysis = analyse(scripts);
  const logged: string[] = [];
  const sources = [...analysis.sources.values()];
  const derived = new Set(analysis.plans.map(({ sink }) => sink.topic));
  const engine = new Engine(analysis.plans, topics, (query, message) => logged.push(`${query}: ${message}`), {
    commitMs: "each",
  });
  let failure: Error | undefined;
  try {
    for (const input of inputs) {
      const source = sources.find(({ topic }) => topic === input.topic);
      if (source === undefined) throw new Error(`no statement reads the topic ${input.topic} of an input`);
      const topic = topics.topic(input.topic);
      topic.add(
        input.timestamp ?? 0,
        toBytes(input.key, "key", source, topics.schemas),
        toBytes(input.value, "value", source, topics.schemas),
      );
      while (engine.step());
    }
  } catch (error) {
    failure = error as Error;
  }
  const outputs = sources
    .filter(({ topic }) => derived.has(topic))
    .map(
      (source: Source) =>
        [
          source.topic,
          topics.topic(source.topic).records.map((record) => outputOf(record, source, topics.schemas)),
        ] as const,
    );
  return { analysis, outputs: new Map(outputs), logged, failure };
}
