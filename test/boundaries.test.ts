import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";

/** What each folder may import besides itself, `program/` and packages. */
const allowed: Record<string, readonly string[]> = {
  program: [],
  schemas: [],
  topics: ["schemas"],
  producer: ["schemas", "topics"],
  engine: ["topics"],
  ksqldb: ["schemas", "topics", "engine"],
  sql: ["schemas", "topics"],
  exchange: ["schemas"],
  infra: ["schemas", "ksqldb", "sql"],
  local: ["schemas", "topics", "producer", "engine", "ksqldb", "sql"],
  bench: ["schemas", "topics", "producer", "engine", "ksqldb", "sql", "exchange", "local"],
};

/** The same for the rooms of `infra/` among themselves. */
const allowedInInfra: Record<string, readonly string[]> = {
  bindings: [],
  stack: ["bindings"],
  policies: ["stack"],
  terraform: ["stack", "policies"],
  operations: ["stack", "terraform"],
  commands: ["stack", "terraform", "operations"],
};

const root = join(import.meta.dirname, "..");

/** Every import from a folder of `base` into another that it may not import. */
function wrongImports(base: string, rooms: typeof allowed): string[] {
  return Object.entries(rooms).flatMap(([folder, others]) =>
    readdirSync(join(base, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => {
        const path = join(base, folder, file);
        const imports = [...readFileSync(path, "utf8").matchAll(/(?:from|import|import\() ?"(\.[^"]+)"/g)].map(
          (match) => relative(base, join(dirname(path), match[1]!)),
        );
        return imports
          .filter((target) => ![folder, "program", "..", ...others].includes(target.split("/")[0]!))
          .map((target) => `${folder}/${file} → ${target}`);
      }),
  );
}

it("imports go one way through the pipeline, and nothing imports what composes it", () => {
  // A tool of the tests that has a command, loaded when it is asked for.
  expect(wrongImports(root, allowed)).toEqual(["ksqldb/main.ts → test/conformance/conformance.ts"]);
});

it("imports go one way through the rooms of infra", () => {
  expect(wrongImports(join(root, "infra"), allowedInInfra)).toEqual([]);
});

it.each(["local/main.ts", "topics/tail.ts", "sql/main.ts"])("%s starts without loading a Kafka client", (entry) => {
  const loaded = new Set<string>();
  const packages = new Set<string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    // What is imported for its types only, or by a call, is not loaded at the start.
    const imports = readFileSync(path, "utf8").matchAll(/^(?:import|export) (?!type )[^;]*?"([^"]+)";$/gm);
    for (const [, name] of imports)
      if (name!.startsWith(".")) load(join(dirname(path), name!));
      else packages.add(name!);
  };
  load(join(root, entry));
  expect(loaded).toContain(join(root, "program/command.ts"));
  expect([...packages].filter((name) => /kafka/.test(name))).toEqual([]);
});
