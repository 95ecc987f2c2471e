import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { expect, it } from "vitest";
import { analyse } from "../../engine/analysis/analyse.ts";
import { avroSchema } from "../../engine/formats/avro-schema.ts";
import { readScripts } from "../../ksqldb/statements.ts";
import { runCase } from "../../ksqldb/testing/case.ts";
import { compareRecords } from "../../ksqldb/testing/compare.ts";
import { caseRecord, type CaseRecord } from "../../ksqldb/testing/records.ts";
import { parseJson, type Json } from "../../ksqldb/testing/json-text.ts";
import { findTriples, runTriple, statementsOf } from "../../ksqldb/testing/triples.ts";
import { describeOracle } from "../evidence.ts";

interface Registered {
  readonly topic: string;
  readonly statement: string;
  readonly registered: { readonly fields: readonly object[] };
}

describeOracle("the engine writes what a real ksqlDB wrote", (oracle) => {
  const scripts = readScripts();
  const { plans } = analyse(scripts);
  const triples = findTriples(`${oracle}/triples`);

  it("of all the cases that there are", () => {
    expect(triples).toHaveLength(26);
  });

  it.each(triples)("$name", (triple) => {
    expect(runTriple(triple)).toEqual([]);
  });

  it.each(triples)("$name, by the statements of this project", ({ input, output }) => {
    const topic = `coinbase_${basename(dirname(dirname(input))).replaceAll("-", "_")}`;
    const outputs = recordsOf(output, "outputs");
    expect(new Set(outputs.map((record) => record.topic))).toEqual(new Set([topic]));
    const inputs = recordsOf(input, "inputs").map(asMatch);
    const result = runCase([{ file: topic, text: statementsOf(topic, scripts) }], inputs);
    const { sink } = result.analysis.plans.at(-1)!;
    expect(result.failure).toBeUndefined();
    expect(sink.topic).toBe(topic);
    expect(compareRecords(sink, result.outputs.get(topic)!, outputs)).toEqual([]);
  });

  const registrations = JSON.parse(readFileSync(`${oracle}/schemas.json`, "utf8")) as Registered[];

  it.each(registrations)("the value schema that was registered for $topic", ({ topic, statement, registered }) => {
    const raw = registrations.filter((other) => !other.statement.includes("\nSELECT"));
    const trades = registrations.find((other) => other.topic === "coinbase_trades")!;
    const before = [...raw, trades].filter((other) => other.topic !== topic);
    const needed = raw.some((other) => other.topic === topic) ? [] : before;
    const theirs = [...needed.map((other) => other.statement), statement].map((text) => ({ file: topic, text }));
    const source = [...analyse(theirs).sources.values()].find((candidate) => candidate.topic === topic)!;
    expect(avroSchema(source.value)).toEqual(registered);
  });

  it("the columns that it derived, by the statements of this project", () => {
    expect(plans).toHaveLength(4);
    for (const { sink } of plans) {
      const { fields } = avroSchema(sink.value) as Registered["registered"];
      expect(fields).toEqual(registrations.find(({ topic }) => topic === sink.topic)!.registered.fields);
    }
  });
});

const makers = new Map<Json, Json>([
  ["buy", "sell"],
  ["sell", "buy"],
]);

/** The match that a trade of theirs was: their bars read the derived trades, ours the raw matches, where the side is the maker's. */
function asMatch(record: CaseRecord): CaseRecord {
  if (record.topic !== "coinbase_trades") return record;
  const { value } = record;
  if (!(value instanceof Map)) return { ...record, topic: "coinbase_full" };
  const side = value.get("side") as Json;
  const match = new Map([...value, ["type", "match"], ["side", makers.get(side) ?? side]] as [string, Json][]);
  return { ...record, topic: "coinbase_full", value: match };
}

function recordsOf(file: string, list: "inputs" | "outputs"): CaseRecord[] {
  const json = parseJson(readFileSync(file, "utf8")) as ReadonlyMap<string, Json>;
  return (json.get(list) as readonly Json[]).map(caseRecord);
}
