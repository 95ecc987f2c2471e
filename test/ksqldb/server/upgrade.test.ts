import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { analyse } from "../../../engine/analysis/analyse.ts";
import { KsqlServer } from "../../../ksqldb/server/client.ts";
import { differences } from "../../../ksqldb/server/compare.ts";
import { desiredStatements } from "../../../ksqldb/server/desired.ts";
import { readSources } from "../../../ksqldb/server/state.ts";
import { whyNotInPlace } from "../../../ksqldb/server/upgrade.ts";
import { describeOracle } from "../../evidence.ts";
import { desiredOf, runAgainst, startFakeKsqldb } from "../../fake-ksqldb/start.ts";

const topics = Object.fromEntries(["f", "a"].map((name) => [name, { partitions: 6, retentionMs: 604_800_000 }]));

/** What is predicted of a statement that replaces the last of those that run; undefined: it will be taken. */
async function predict(running: readonly string[], next: string): Promise<string | undefined> {
  const fake = await startFakeKsqldb({ topics });
  fake.run(...running);
  const sources = await readSources(new KsqlServer({ url: fake.url, waitMs: 0 }, () => {}), "look");
  const desired = desiredOf(...running.slice(0, 1), next).at(-1)!;
  const source = sources.get(desired.name)!;
  return whyNotInPlace(source, desired, differences(source, desired));
}

describeOracle("what a real ksqlDB takes in place", (folder) => {
  const cases = JSON.parse(readFileSync(join(folder, "upgrades.json"), "utf8")) as {
    name: string;
    statements: string[];
    accepted: boolean;
    message?: string;
  }[];
  expect(cases).toHaveLength(22);

  it.each(cases.filter(({ name }) => !/^(ALTER add|create again)/.test(name)))(
    "is predicted: $name",
    async ({ statements, accepted }) => {
      const running = statements.slice(0, -1);
      expect((await predict(running, statements.at(-1)!)) === undefined).toBe(accepted);
    },
  );

  it("is predicted: ALTER add, as a declaration with one more column", async () => {
    const [first] = cases.find(({ name }) => name === "ALTER add")!.statements;
    expect(
      await predict([first!], first!.replace("`old_size` STRING)", "`old_size` STRING, zz STRING)")),
    ).toBeUndefined();
  });

  it("is not asked for again: a second CREATE of a name, which would be refused", async () => {
    const { statements } = cases.find(({ name }) => name === "create again without replace")!;
    const fake = await startFakeKsqldb();
    fake.run(...statements.slice(0, 2));
    const { code, sent } = await runAgainst(fake, "apply", desiredOf(...statements.slice(0, 2)));
    expect([code, sent]).toEqual([0, []]);
  });

  it.each(cases)("is what the fake takes, in the same words: $name", async ({ statements, accepted, message }) => {
    const fake = await startFakeKsqldb();
    fake.run(...statements.slice(0, -1));
    const answer = await fetch(`${fake.url}/ksql`, {
      method: "POST",
      body: JSON.stringify({ ksql: statements.at(-1), streamsProperties: {} }),
    });
    const body = (await answer.json()) as { message?: string };
    expect(answer.status).toBe(accepted ? 200 : 400);
    // What it finds while it compares the plans, it does not tie to the statement.
    const ofPlan = { "@type": "generic_error", error_code: 40000, message };
    const ofStatement = { "@type": "statement_error", error_code: 40001, message };
    if (!accepted) expect(body).toMatchObject(/^(Upgrades|Query)/.test(message!) ? ofPlan : ofStatement);
  });
});

const source =
  "CREATE STREAM f (k STRING KEY, a INT, b INT, c STRING) WITH (KAFKA_TOPIC = 'f', VALUE_FORMAT = 'AVRO');";
const count = (of: string, rest: string) =>
  `CREATE OR REPLACE TABLE t AS SELECT k, COUNT(${of}) AS n FROM f ${rest} GROUP BY k;`;
const project = (items: string, rest = "") => `CREATE OR REPLACE STREAM s AS SELECT ${items} FROM f ${rest};`;

it.each([
  ["an aggregate's condition over columns that it reads anyway", count("a", ""), count("a", "WHERE a > 0"), true],
  ["an aggregate's condition over another column", count("*", "WHERE a > 0"), count("*", "WHERE b > 0"), false],
  ["an aggregate's condition that goes, and its column with it", count("*", "WHERE a > 0"), count("*", ""), false],
  ["an aggregate of another column", count("a", "WHERE a > 0"), count("b", "WHERE a > 0"), false],
  ["another aggregate of the same column", count("a", ""), count("a", "").replace("COUNT", "MAX"), false],
  ["a stream's condition", project("k, a"), project("k, a", "WHERE b > 0"), true],
  [
    "a stream's condition before PARTITION BY",
    project("a, b", "PARTITION BY a"),
    project("a, b", "WHERE b > 0 PARTITION BY a"),
    true,
  ],
  ["columns before PARTITION BY", project("a, b", "PARTITION BY a"), project("a, b, c", "PARTITION BY a"), false],
  ["an expression of the same type", project("k, a AS x"), project("k, b AS x"), true],
  ["an expression of another type", project("k, a AS x"), project("k, c AS x"), false],
  ["a column appended", project("k, a"), project("k, a, b"), true],
  ["a column in between", project("k, a"), project("k, b, a"), false],
  ["another source", project("k, a"), project("k, a").replace("FROM f", "FROM g"), false],
  ["another topic", project("k, a"), project("k, a").replace("AS SELECT", "WITH (KAFKA_TOPIC = 'x') AS SELECT"), false],
])("predicts of %s whether it is taken", async (_, before, after, taken) => {
  expect((await predict([source, before.replace("OR REPLACE ", "")], after)) === undefined).toBe(taken);
});

it("does not predict what depends on types that are not known", async () => {
  const fake = await startFakeKsqldb({ topics });
  fake.run(source, project("k, a AS x"));
  const sources = await readSources(new KsqlServer({ url: fake.url, waitMs: 0 }, () => {}), "look");
  const desired = { ...desiredOf(source, project("k, b AS x"))[1]!, columns: [] };
  const found = differences(sources.get("S")!, desired);
  expect(whyNotInPlace(sources.get("S")!, desired, found)).toContain("not known here");
});

it("takes the types of what a query makes from the analysis", () => {
  const scripts = [{ file: "s.sql", text: project("k, a AS x").replace("OR REPLACE ", "") }];
  const { sources } = analyse([{ file: "f.sql", text: source }, ...scripts]);
  expect(desiredStatements(scripts, sources)[0]!.columns).toEqual([
    { name: "K", type: "STRING", key: true },
    { name: "X", type: "INTEGER", key: false },
  ]);
});
