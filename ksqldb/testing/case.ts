/**
 * One test of statements: records go in one by one, each fully processed before the next, without a record cache; the
 * records of the derived topics are what must come out.
 */
import { analyse, type Analysis } from "../../engine/analysis/analyse.ts";
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

/** Throws StatementError if the statements are refused. */
export function runCase(scripts: readonly Script[], inputs: readonly CaseRecord[]): CaseResult {
  const topics = new MemoryTopics();
  const analysis = analyse(scripts);
  const logged: string[] = [];
  const sources = [...analysis.sources.values()];
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
  const outputs = new Map<string, readonly CaseRecord[]>();
  for (const { sink } of analysis.plans)
    outputs.set(
      sink.topic,
      topics.topic(sink.topic).records.map((record) => outputOf(record, sink, topics.schemas)),
    );
  return { analysis, outputs, logged, failure };
}
