/** What the fakes know of the real providers is what these print. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeProviders } from "../evidence.ts";
import { fixtureFile, readFixture, type Block } from "./fake/fixture.ts";
import { makeFixture, readReal, type Behaviour, type RealBlock } from "./fake/make-fixture.ts";

const names = ["confluent", "google"] as const;

/** Where a block says something else than the real one, or leaves out what that wants. */
function differences(
  path: string,
  own: Block,
  real: RealBlock,
  behaviours: Readonly<Record<string, Behaviour>>,
): string[] {
  const found: string[] = [];
  const compare = (name: string, one: object, other: object) => {
    const [a, b] = [one, other].map((value) => JSON.stringify(value));
    if (a !== b) found.push(`${path}.${name}: ${a} is ${b}`);
  };
  for (const [name, attribute] of Object.entries(own.attributes)) {
    const { type, required, optional, computed, sensitive, write_only } = real.attributes?.[name] ?? { type: null };
    const { force_new, default: initial, max_items } = behaviours[name] ?? {};
    compare(name, attribute, {
      type,
      required: required ?? false,
      optional: optional ?? false,
      computed: computed ?? false,
      sensitive: sensitive ?? false,
      writeOnly: write_only ?? false,
      forceNew: force_new ?? false,
      default: initial ?? null,
      max: max_items ?? 0,
    });
  }
  for (const [name, block] of Object.entries(own.blocks)) {
    const { nesting_mode = "none", min_items = 0, max_items = 0, block: inner = {} } = real.block_types?.[name] ?? {};
    const { computed = false, force_new = false, block: known = {} } = behaviours[name] ?? {};
    const { nesting, min, max } = block;
    compare(
      name,
      { nesting, min, max, computed: block.computed, forceNew: block.forceNew },
      { nesting: nesting_mode, min: min_items, max: max_items, computed, forceNew: force_new },
    );
    found.push(...differences(`${path}.${name}`, block, inner, known));
  }
  const wanted = [
    ...Object.entries(real.attributes ?? {}).filter(([name, { required }]) => required && !(name in own.attributes)),
    ...Object.entries(real.block_types ?? {}).filter(
      ([name, { min_items = 0 }]) => min_items > 0 && !(name in own.blocks),
    ),
  ];
  return [...found, ...wanted.map(([name]) => `${path}.${name} is required`)];
}

/** Arguments that go together, as `conflicts a.b a.c`. */
function ownRules(block: Block, path = ""): string[] {
  const own = block.rules.map(({ kind, names: all }) => [kind, ...all.map((name) => path + name).toSorted()].join(" "));
  return [...own, ...Object.entries(block.blocks).flatMap(([name, inner]) => ownRules(inner, `${path}${name}.`))];
}

function realRules(behaviours: Readonly<Record<string, Behaviour>>, path = ""): string[] {
  return Object.entries(behaviours).flatMap(([name, one]) => {
    const rule = (kind: string, all: readonly string[]) =>
      [kind, ...all.map((other) => other.replaceAll(/\.0(?=\.|$)/g, "")).toSorted()].join(" ");
    return [
      ...(one.exactly_one_of ? [rule("exactly_one_of", one.exactly_one_of)] : []),
      ...(one.at_least_one_of ? [rule("at_least_one_of", one.at_least_one_of)] : []),
      ...(one.conflicts_with ?? []).map((other) => rule("conflicts", [path + name, other])),
      ...(one.required_with ?? []).map((other) => rule("required_with", [path + name, other])),
      ...realRules(one.block ?? {}, `${path}${name}.`),
    ];
  });
}

function isKnown(block: Block, path: string): boolean {
  const [name = "", ...rest] = path.split(".");
  const inner = block.blocks[name];
  if (rest.length === 0) return name in block.attributes || inner !== undefined;
  return inner !== undefined && isKnown(inner, rest.join("."));
}

describeProviders("providers.json against the real providers", (folder) => {
  it.each(names)(
    "%s: every name, type and flag is the real one's, and nothing that is required is left out",
    (name) => {
      const own = readFixture(name);
      const { real, behaviours } = readReal(folder, name);
      expect(differences("provider", own.config, real.provider.block, {})).toEqual([]);
      for (const [type, block] of Object.entries(own.data))
        expect(differences(`data.${type}`, block, real.data_source_schemas[type]!.block, {})).toEqual([]);
      for (const [type, block] of Object.entries(own.resources)) {
        const { version, block: schema } = real.resource_schemas[type]!;
        expect(differences(type, block, schema, behaviours[type]!)).toEqual([]);
        expect(block.version).toBe(version);
        const rules = realRules(behaviours[type]!).filter((rule) =>
          rule
            .split(" ")
            .slice(1)
            .every((path) => isKnown(block, path)),
        );
        expect(ownRules(block).toSorted()).toEqual([...new Set(rules)].toSorted());
      }
    },
  );

  it.each(names)("%s: it is what make-fixture.ts writes", (name) => {
    const written = JSON.parse(readFileSync(fixtureFile, "utf8")) as Record<string, unknown>;
    expect(written[name]).toEqual(makeFixture(folder, name));
  });
});
