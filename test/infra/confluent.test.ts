/** The Confluent bindings against the schema that the provider itself prints, and against what Terraform is given. */
import { describe, expect, it } from "vitest";
import * as bindings from "../../infra/bindings/confluent.ts";
import { snakeCase, type Argument, type Arguments, type Declaration } from "../../infra/bindings/kernel.ts";
import { describeProviders } from "../evidence.ts";
import { type Attribute, type Block, readProvider } from "./provider-schema.ts";

const declarations = Object.entries<Declaration>(bindings);

const types = { string: "string", number: "number", bool: "bool", map: ["map", "string"] };

/** What differs between a declaration and the provider's block, one text each. */
function differences(declared: Arguments, { attributes = {}, block_types: blocks = {} }: Block, path = ""): string[] {
  const compared = Object.entries(declared).flatMap(([name, argument]) => {
    const place = path + snakeCase(name);
    if (argument.kind !== "block") return attributeDifferences(place, argument, attributes[snakeCase(name)]);
    const block = blocks[snakeCase(name)];
    if (block === undefined) return [`${place}: no such block`];
    const isRequired = (block.min_items ?? 0) > 0;
    const told = isRequired === argument.required ? [] : [`${place}: required is ${isRequired}`];
    return [...told, ...differences(argument.arguments!, block.block, `${place}.`)];
  });
  const has = (name: string) => Object.keys(declared).some((one) => snakeCase(one) === name);
  const missing = [
    ...Object.entries(attributes).filter(([, { required }]) => required),
    ...Object.entries(blocks).filter(([, { min_items: least = 0 }]) => least > 0),
  ].flatMap(([name]) => (has(name) ? [] : [`${path}${name}: required, and not declared`]));
  return [...compared, ...missing];
}

function attributeDifferences(place: string, argument: Argument, attribute: Attribute | undefined): string[] {
  if (attribute === undefined) return [`${place}: no such attribute`];
  const { type, required = false, sensitive = false } = attribute;
  return [
    ...(JSON.stringify(type) === JSON.stringify(types[argument.kind as keyof typeof types])
      ? []
      : [`${place}: is ${JSON.stringify(type)}`]),
    ...(required === argument.required ? [] : [`${place}: required is ${required}`]),
    ...(sensitive === argument.sensitive ? [] : [`${place}: sensitive is ${sensitive}`]),
  ];
}

describeProviders("the Confluent bindings and provider 2.83.0", (dir) => {
  const provider = readProvider(dir, "confluent-2.83.0");

  it.each(declarations)("%s declares names, types, requirements and secrets as the provider does", (name, binding) => {
    const { tfResourceType, declared, computed } = binding;
    const { block } = name.startsWith("Data")
      ? provider.data_source_schemas[tfResourceType]!
      : name.endsWith("Provider")
        ? provider.provider
        : provider.resource_schemas[tfResourceType]!;
    const wrong = Object.entries(computed).filter(([attribute, kind]) => {
      const found = block.attributes?.[snakeCase(attribute)];
      return found?.type !== "string" || (found.sensitive ?? false) !== (kind === "secret");
    });
    expect([...differences(declared, block), ...wrong]).toEqual([]);
  });
});

describe("the names of the Confluent bindings", () => {
  it.each(declarations)("%s is named as the generator names it", (name, { tfResourceType: type }) => {
    const expected = `confluent${snakeCase(name.replace(/^DataConfluent/, ""))}`;
    expect(type === "confluent" ? "confluent_confluent_provider" : type).toBe(expected);
  });
});
