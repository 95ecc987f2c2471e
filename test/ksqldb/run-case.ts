/** Statements over records that a test writes as plain values. */
import { runCase } from "../../ksqldb/testing/case.ts";
import { jsonText, parseJson } from "../../ksqldb/testing/json-text.ts";
import { caseRecord, type CaseRecord } from "../../ksqldb/testing/records.ts";

export interface PlainRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly timestamp: number;
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly window?: { readonly start: number; readonly end: number };
}

export interface PlainResult {
  /** Of the last statement's topic. */
  readonly outputs: readonly PlainRecord[];
  readonly logged: readonly string[];
  readonly failure: Error | undefined;
}

export function runStatements(text: string, inputs: readonly PlainRecord[]): PlainResult {
  const records = inputs.map((input) => caseRecord(parseJson(JSON.stringify(input))));
  const { analysis, outputs, logged, failure } = runCase([{ file: "statements.sql", text }], records);
  const last = outputs.get(analysis.plans.at(-1)!.sink.topic)!;
  return { outputs: last.map(plain), logged, failure };
}

function plain({ topic, key, value, timestamp, window }: CaseRecord): PlainRecord {
  return {
    topic,
    key: key as string | null,
    timestamp: timestamp!,
    value: JSON.parse(jsonText(value)) as PlainRecord["value"],
    ...(window !== undefined && { window }),
  };
}
