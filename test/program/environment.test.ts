import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readEnvFile } from "../../program/env-file.ts";
import { readEnvironment } from "../../program/environment.ts";
import { anyText } from "../../program/forms.ts";
import { newFolder } from "../folder.ts";

/** What a program reads in a folder with this `.env`, and nothing else in its environment. */
function read(env: string, name: string, variables: Readonly<Record<string, string>> = {}): string {
  const dir = newFolder();
  writeFileSync(join(dir, ".env"), env);
  const [folder, own] = [process.cwd(), process.env];
  try {
    process.chdir(dir);
    process.env = { PATH: own["PATH"], ...variables };
    const environment = readEnvironment();
    const { KSQLDB_CSU } = environment.read({ KSQLDB_CSU: { form: anyText, default: "1", doc: "" } });
    environment.check();
    return `${environment.text(name) ?? KSQLDB_CSU}\n`;
  } catch (error) {
    return `${(error as Error).message}\n`;
  } finally {
    process.chdir(folder);
    process.env = own;
  }
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
  const told = `.env sets ${name}, which nothing reads: did you mean ${meant}?`;
  expect(read(`${name}=x`, "KSQLDB_CSU")).toContain(told);
  expect(read(`${meant}=${meant === "TAPELINE_ENVIRONMENT" ? "dev" : "on"}\n${name}=x`, "KSQLDB_CSU")).toContain(told);
});

it("a name of ours is refused in the environment of the process, too, and no one else's is", () => {
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
])("a line that sets nothing is reported by its place, and by nothing that may be secret: %j", (line, told) => {
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
  expect(said).toContain(".env: CONFLUENT_REGION continues over lines that set others: is a quote not closed?");
  expect(said).not.toContain("hunter2");
});

const known = ["KSQLDB_CSU", "KSQLDB_API_SECRET"];
const secret = (value: string) => `KSQLDB_CSU=2\n\nKSQLDB_API_SECRET=${value}\n`;
const place = ".env, line 3 (KSQLDB_API_SECRET):";

it.each([
  ["hunter2#more", "its value would be cut at a #"],
  ["#hunter2", "its value would be cut at a #"],
  [" #hunter2", "its value would be cut at a #"],
  ["hunter2 #more", "its value would be cut at a #"],
  ["hunter2#", "its value would be cut at a #"],
  ["hunter2#more # a comment", "its value would be cut at a #"],
  ["hunter2\\#more", "its value would be cut at a #"],
  ['"hunter2"more', "what follows the closing quote would be ignored"],
  ['"hunter2"#more', "what follows the closing quote would be ignored"],
  ['"hunter\\"2"', "what follows the closing quote would be ignored"],
  ["''hunter2", "what follows the closing quote would be ignored"],
  ['"hunter2', "its value begins with a quote that is not closed"],
  ['" hunter2"', "spaces at the ends of its value would be ignored"],
  ["hunt\rer2", "its value would be cut"],
])("a value that parsing would cut is a fault that names the line, and not the value: %j", (value, told) => {
  for (const env of [secret(value), secret(value).trimEnd(), secret(value).replaceAll("\n", "\r\n")]) {
    const said = readEnvFile(env, known).faults.join("\n");
    expect(said).toContain(`${place} ${told}`);
    expect(said).not.toMatch(/hunt|er2|more/);
  }
});

it.each([
  ["hunter2 # a comment", "hunter2"],
  ["hunter2\t#\ta comment", "hunter2"],
  ["hunter2 #", "hunter2"],
  ['"hunt#er2"', "hunt#er2"],
  ["'hunt \"#\" er2' # a comment, it's one", 'hunt "#" er2'],
  ["`hunt'#\"er2`", "hunt'#\"er2"],
  ["it's=a=$secret;", "it's=a=$secret;"],
  ['"two\nlines#"', "two\nlines#"],
])("a value that is whole is taken: %j", (value, expected) => {
  const { variables, faults } = readEnvFile(secret(value), known);
  expect(faults).toEqual([]);
  expect(variables["KSQLDB_API_SECRET"]?.trim()).toBe(expected);
});

it("a variable that is set twice, and differently, is a fault: one of them would be left out", () => {
  const faults = (env: string) => readEnvFile(env, known).faults;
  expect(faults("KSQLDB_API_SECRET=\nKSQLDB_API_SECRET=hunter2\n\nKSQLDB_API_SECRET='hunter3'")).toEqual([
    ".env sets KSQLDB_API_SECRET in line 2, and differently in line 4: remove one",
  ]);
  expect(faults("KSQLDB_CSU=4\nKSQLDB_CSU=")).toHaveLength(1);
  expect(faults("KSQLDB_CSU=4\nKSQLDB_CSU='4' # again")).toEqual([]);
  expect(faults("NOBODYS=a#b\nNOBODYS=c")).toEqual([]);
});

it("every line of template.env may be set as it stands there, with its comment", () => {
  const template = readFileSync(join(import.meta.dirname, "../../template.env"), "utf8");
  const env = template.replaceAll(/^# ([A-Z_]+=)/gm, "$1");
  const names = [...env.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(40);
  expect(readEnvFile(env, names).faults).toEqual([]);
});
