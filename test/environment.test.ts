import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newFolder } from "./folder.ts";

const reader = join(import.meta.dirname, "../environment.ts");

/** What a program reads in a folder with this `.env`. */
function read(env: string, name: string, variables: Readonly<Record<string, string>> = {}): string {
  const dir = newFolder();
  writeFileSync(join(dir, ".env"), env);
  const program = `import { readEnvironment } from ${JSON.stringify(reader)};
    const environment = readEnvironment();
    try { environment.check(); console.log(environment.text("${name}")); } catch (error) { console.log(error.message); }`;
  const loader = join(import.meta.dirname, "../node_modules/tsx/dist/loader.mjs");
  const args = ["--import", loader, "--input-type=module", "-e", program];
  return spawnSync(process.execPath, args, {
    cwd: dir,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], ...variables },
  }).stdout;
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
  ["protection", "PROTECTION"],
  ["TAPELINE_ENV", "TAPELINE_ENVIRONMENT"],
  ["RAW_RETENTION", "RAW_RETENTION_DAYS"],
  ["CONFLUENT_REGON", "CONFLUENT_REGION"],
  ["CONFLUENT_REGIOON", "CONFLUENT_REGION"],
  ["TAPELINE_ENVIRONMETN", "TAPELINE_ENVIRONMENT"],
  ["TAPELINE_ENVIRONMEND", "TAPELINE_ENVIRONMENT"],
])("a misspelt %s in .env is refused with what is meant", (name, meant) => {
  const told = `.env sets ${name}, which nothing reads: ${meant} is meant?`;
  expect(read(`${name}=x`, "KSQLDB_CSU")).toContain(told);
  expect(read(`${meant}=${meant === "TAPELINE_ENVIRONMENT" ? "dev" : "on"}\n${name}=x`, "KSQLDB_CSU")).toContain(told);
});

it("a name of ours is refused in the environment of the process, too, and nobody else's is", () => {
  expect(read("", "KSQLDB_CSU", { TAPELINE_ENV: "prod" })).toContain(
    "the environment sets TAPELINE_ENV, which nothing",
  );
  const others = ["AWS_PROFILE", "GOOGLE", "STATE", "BRANCH_PROTECTION", "PROD_KAFKA_API_KEY", "TF_VAR_google_project"];
  const more = [
    "OPENAI_API_KEYS",
    "BIGQUERY_DATASET",
    "KSQLDB_VERSION",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "TF_VAR_google_sink_key",
  ];
  expect(read([...others, ...more].map((name) => `${name}=1`).join("\n"), "KSQLDB_CSU")).toBe("1\n");
  expect(read("", "KSQLDB_CSU", { TAPELINE_OF_OTHERS: "1", KSQLDB_CSUS: "1" })).toBe("1\n");
});

it.each([
  ["KSQLDB_API_SECRET: hunter2", ".env, line 3 (KSQLDB_API_SECRET), sets nothing: NAME=value is expected"],
  ["KSQLDB_API_SECRET: aHVudGVyMg==", ".env, line 3 (KSQLDB_API_SECRET), sets nothing"],
  ["KSQLDB_API_SECRET hunter2==", ".env, line 3 (KSQLDB_API_SECRET), sets nothing"],
  ["KSQLDB_API_SECRET=\nhunter2", ".env, line 4, sets nothing"],
  ["\tKSQLDB_CSU=3", ".env, line 3 (KSQLDB_CSU), sets nothing"],
])("a line that sets nothing is told by its place, and by nothing that may be secret: %j", (line, told) => {
  const said = read(`# Don't.\nKSQLDB_CSU=2\n${line}\n`, "KSQLDB_CSU");
  expect(said).toContain(told);
  expect(said).not.toMatch(/hunter2|aHVudGVyMg/);
});

it("values in quotes may go over several lines", () => {
  expect(read(`MINE="one\ntwo"\nexport YOURS='a\nb'\nYOURS=1 # one\nKSQLDB_CSU=2`, "KSQLDB_CSU")).toBe("2\n");
  expect(read("# like NAME='x\nMY-VAR=1\nmy.var=2\nKSQLDB_CSU=2\n# Don't.", "KSQLDB_CSU")).toBe("2\n");
});

it.each(['"', "'"])("a quote %s that is not closed shows nothing of the lines that it takes in", (quote) => {
  const env = `CONFLUENT_REGION=${quote}us-central1\nCONFLUENT_CLOUD_API_SECRET=hunter2\n# ${quote}so${quote} it's\n`;
  const said = read(env, "KSQLDB_CSU");
  expect(said).toContain(".env: CONFLUENT_REGION goes on over lines that set others: is a quote not closed?");
  expect(said).not.toContain("hunter2");
});
