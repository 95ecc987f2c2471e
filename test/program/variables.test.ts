/** Every variable is declared once; template.env and the docs say the same. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { infraVariables } from "../../infra/stack/config.ts";
import { credentialVariables } from "../../infra/terraform/credentials.ts";
import { ksqldbVariables } from "../../ksqldb/server/command.ts";
import { coinbaseVariables } from "../../producer/coinbase/config.ts";
import { monitorVariables } from "../../producer/monitor.ts";
import { Environment, type Settings } from "../../program/environment.ts";
import { anyText, choice, secretText, whole } from "../../program/forms.ts";
import { kafkaVariables } from "../../topics/kafka/config.ts";
import { registryVariables } from "../../topics/registry/config.ts";

const root = join(import.meta.dirname, "../..");
const template = readFileSync(join(root, "template.env"), "utf8");
const rooms: readonly Settings[] = [
  coinbaseVariables,
  kafkaVariables,
  registryVariables,
  ksqldbVariables,
  monitorVariables,
  infraVariables,
  credentialVariables,
];
const declared = Object.assign({}, ...rooms) as Settings;
const forTests = ["RECORDINGS", "KSQL_ORACLE", "QTT", "PROVIDERS"].map((name) => `TAPELINE_${name}`);

it("no variable is declared twice", () => {
  const names = rooms.flatMap((room) => Object.keys(room));
  expect(names.toSorted()).toEqual(Object.keys(declared).toSorted());
});

it("template.env has every declared variable with its default and its line, and no other", () => {
  const explained = [...template.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);
  expect(explained.toSorted()).toEqual([...Object.keys(declared), ...forTests].toSorted());
  for (const [name, { doc, default: usual = "" }] of Object.entries(declared))
    expect(template).toContain(`\n# ${doc}\n# ${name}=${usual}\n`);
});

it("what the docs show of variables is declared, and their defaults are those", () => {
  const pages = ["README.md", "SECURITY.md", ...readdirSync(join(root, "docs")).map((page) => `docs/${page}`)];
  const words = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/^\| (`[A-Z][A-Z0-9_]+`.*?) *\| (.*?) *\|/gm)].map(
      ([, names = "", usual = ""]) => ({
        page,
        names: [...names.matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name!),
        usual,
      }),
    ),
  );
  const tables = words.filter(({ names }) => names.some((name) => name.includes("_") && name in declared));
  expect(tables.length).toBeGreaterThan(8);
  for (const { page, names, usual } of tables) {
    expect(
      names.filter((name) => !(name in declared)),
      page,
    ).toEqual([]);
    const defaults = names.flatMap((name) => declared[name]!.default ?? []);
    const shown = [...usual.matchAll(/`([^`]*)`/g)].map(([, text]) => text!);
    if (/^`[^`]*`(, `[^`]*`)*$/.test(usual) && defaults.length > 0) expect(shown, names.join()).toEqual(defaults);
  }
});

it("a value that does not have its form is a fault without what may be a secret, all in one message", () => {
  const environment = new Environment({
    KAFKA_COMPRESSION: "hunter2",
    KAFKA_BUFFER_MIB: "5ea5c0ffee",
    CSU: " many ",
    NONE: " ",
  });
  const settings = {
    KAFKA_COMPRESSION: { form: choice("zstd", "lz4"), doc: "" },
    KAFKA_BUFFER_MIB: { form: whole(1, 2000), default: "32", doc: "" },
    CSU: { form: whole(1, 28), default: "1", doc: "" },
    NONE: { form: whole(1, 28), default: "7", doc: "" },
    URL: { form: anyText, doc: "Where it is." },
    KEY: { form: secretText, doc: "" },
  } as const;
  expect(environment.read(settings)).toEqual({ NONE: 7 });
  environment.required(settings, "URL");
  const faults = expect(() => environment.check());
  faults.toThrow(
    [
      "the configuration cannot be used:",
      "  KAFKA_COMPRESSION is a text of 7 letters (not shown): one of zstd, lz4 is expected",
      "  KAFKA_BUFFER_MIB is a text of 10 letters (not shown): a whole number from 1 to 2000 is expected",
      "  CSU is many: a whole number from 1 to 28 is expected",
      "  URL is not set: Where it is.",
    ].join("\n"),
  );
});
