import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { analyse } from "../../ksqldb/language/analyse.ts";
import { valueSchema } from "../../ksqldb/engine/serde.ts";
import { describeOracle } from "../evidence.ts";
import { runCase, type CaseRecord } from "./run-case.ts";
import { readStatements } from "../../ksqldb/statements.ts";

describeOracle("the engine writes what a real ksqlDB wrote", (oracle) => {
  for (const topic of ["trades", "book-changes"]) {
    for (const name of readdirSync(join(oracle, "triples", topic))) {
      it(`${topic}: ${name}`, async () => {
        const read = (file: string) => readFileSync(join(oracle, "triples", topic, name, file), "utf8");
        const { inputs } = JSON.parse(read("input.json")) as { inputs: CaseRecord[] };
        const { outputs } = JSON.parse(read("output.json")) as { outputs: CaseRecord[] };
        const written = await runCase(read("statements.sql"), inputs);
        expect(outputs.length).toBeGreaterThan(0);
        expect(written).toEqual(outputs);
      });

      it(`${topic}: ${name}, by the statements of this project`, async () => {
        const read = (file: string) => readFileSync(join(oracle, "triples", topic, name, file), "utf8");
        const { inputs } = JSON.parse(read("input.json")) as { inputs: CaseRecord[] };
        const { outputs } = JSON.parse(read("output.json")) as { outputs: CaseRecord[] };
        const number =
          topic === "trades"
            ? ["01_coinbase_full", "03_coinbase_trades"]
            : ["02_coinbase_level2", "04_coinbase_book_changes"];
        const statements = number
          .map((file) => readFileSync(new URL(`../../ksqldb/${file}.sql`, import.meta.url), "utf8"))
          .join("\n");
        expect(await runCase(statements, inputs)).toEqual(outputs);
      });
    }
  }

  it("registers the value schemas that a real ksqlDB registered", () => {
    const cases = JSON.parse(readFileSync(join(oracle, "schemas.json"), "utf8")) as {
      topic: string;
      statement: string;
      registered: object;
    }[];
    const sources = cases.filter(
      ({ statement }) => statement.startsWith("CREATE STREAM") && !statement.includes(" AS\nSELECT"),
    );
    const ours = cases.filter(({ topic }) =>
      ["coinbase_trades", "coinbase_book_changes", "coinbase_full", "coinbase_level2"].includes(topic),
    );
    expect(ours.length).toBeGreaterThanOrEqual(4);
    for (const { topic, statement, registered } of ours) {
      const script = sources.some((source) => source.statement === statement)
        ? statement
        : [...sources.map((source) => source.statement), statement].join("\n");
      const stream = [...analyse([{ file: topic, text: script }]).streams.values()].find(
        (candidate) => candidate.topic === topic,
      )!;
      expect(valueSchema(stream)).toEqual(registered);
    }
  });

  it("derives from the project's statements the columns that a real ksqlDB derived", () => {
    const cases = JSON.parse(readFileSync(join(oracle, "schemas.json"), "utf8")) as {
      topic: string;
      registered: { fields: object[] };
    }[];
    for (const { sink } of readStatements().plans) {
      const { fields } = valueSchema(sink) as { fields: object[] };
      expect(fields).toEqual(cases.find(({ topic }) => topic === sink.topic)!.registered.fields);
    }
  });
});
