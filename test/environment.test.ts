import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newFolder } from "./folder.ts";

const reader = join(import.meta.dirname, "../environment.ts");

/** What a program reads in a folder with this `.env`. */
function read(env: string, name: string): string {
  const dir = newFolder();
  writeFileSync(join(dir, ".env"), env);
  const program = `import { readEnvironment } from ${JSON.stringify(reader)};
    const environment = readEnvironment();
    try { environment.check(); console.log(environment.text("${name}")); } catch (error) { console.log(error.message); }`;
  const loader = join(import.meta.dirname, "../node_modules/tsx/dist/loader.mjs");
  const args = ["--import", loader, "--input-type=module", "-e", program];
  return spawnSync(process.execPath, args, { cwd: dir, encoding: "utf8", env: { PATH: process.env["PATH"] } }).stdout;
}

it.each([
  ["KSQLDB_CSU=4\r\n", "KSQLDB_CSU", "4"],
  ["\uFEFFKSQLDB_CSU=4", "KSQLDB_CSU", "4"],
  ["KSQLDB_CSU=", "KSQLDB_CSU", "1"],
  ["MY_OWN_VARIABLE=4", "KSQLDB_CSU", "1"],
])(".env %j gives %s as %s", (env, name, expected) => {
  expect(read(env, name)).toBe(`${expected}\n`);
});

it.each([
  ["CONFLUENT_REGON", "CONFLUENT_REGION"],
  ["CONFLUENT_REGIOON", "CONFLUENT_REGION"],
  ["TAPELINE_ENVIRONMETN", "TAPELINE_ENVIRONMENT"],
  ["TAPELINE_ENVIRONMEND", "TAPELINE_ENVIRONMENT"],
])("a misspelt %s in .env is refused with what is meant", (name, meant) => {
  expect(read(`${name}=x`, "KSQLDB_CSU")).toContain(`.env sets ${name}, which nothing reads: ${meant} is meant?`);
});
