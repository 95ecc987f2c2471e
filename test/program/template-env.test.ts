import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const folders = ["schemas", "topics", "producer", "ksqldb", "sql", "infra", "local"];

it("template.env explains every variable that is read, and none that is not", () => {
  const sources = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(root, folder, file), "utf8")),
  );
  const names = (text: string, shape: RegExp) => new Set([...text.matchAll(shape)].map(([, name]) => name!));
  const template = readFileSync(join(root, "template.env"), "utf8");
  const explained = names(template, /^(?:# )?([A-Z][A-Z0-9_]+)=/gm);
  const read = names(
    sources.join("\n"),
    /(?:environment\.(?:text|required|secret|choice|whole)\(|\((?:environment|env), |const name = |const names = \[)\s*"([A-Z][A-Z0-9_]+)"/g,
  );
  expect([...read].filter((name) => !explained.has(name))).toEqual([]);
  const everything = sources.join("\n");
  const forTests = /^TAPELINE_(RECORDINGS|KSQL_ORACLE|QTT|PROVIDERS)$/;
  expect([...explained].filter((name) => !everything.includes(`"${name}"`) && !forTests.test(name))).toEqual([]);
  expect(read.size).toBeGreaterThan(30);
});
