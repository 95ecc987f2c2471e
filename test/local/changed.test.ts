import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { analyse } from "../../engine/analysis/analyse.ts";
import { changedStatements as changed } from "../../local/changed.ts";
import { newFolder } from "../folder.ts";

const declared = "CREATE STREAM s (k STRING KEY, n INT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');";
const plansOf = (...statements: readonly string[]) =>
  analyse([{ file: "s.sql", text: declared }, ...statements.map((text, i) => ({ file: `${i + 1}.sql`, text }))]).plans;

const ones = "CREATE STREAM ones AS SELECT k, n FROM s WHERE n > 0;";
const sums = (seconds: number) =>
  `CREATE TABLE sums AS SELECT k, SUM(n) AS n FROM s WINDOW TUMBLING (SIZE ${seconds} SECONDS) GROUP BY k;`;

it("reports a statement whose meaning has changed, once; a new one, comments and layout are no change", () => {
  const dir = join(newFolder(), "data");
  mkdirSync(dir);
  const said: string[] = [];
  const changedStatements = (path: string, plans: Parameters<typeof changed>[1]) =>
    changed(path, plans, (line) => said.push(line));
  expect(changedStatements(dir, plansOf(ones))).toEqual([]);
  expect(changedStatements(dir, plansOf(ones, sums(1)))).toEqual([]);
  expect(changedStatements(dir, plansOf(`-- Again.\n${ones.replaceAll(" ", "\n")}`, sums(1)))).toEqual([]);
  expect(changedStatements(dir, plansOf(ones, sums(2)))).toEqual(["2.sql"]);
  expect(changedStatements(dir, plansOf(ones, sums(2)))).toEqual([]);
  writeFileSync(join(dir, "statements.json"), "");
  expect(said).toEqual([]);
  expect(changedStatements(dir, plansOf(ones, sums(3)))).toEqual([]);
  expect(said).toEqual([
    `${dir}/statements.json is empty. Whether statements have changed since the last start is not known. It is written again; nothing needs to be done`,
  ]);
});
