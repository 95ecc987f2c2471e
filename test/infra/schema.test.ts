/** Everything that is synthesised against the schemas that the providers themselves print. */
import { expect, it } from "vitest";
import { describeProviders } from "../evidence.ts";
import { type Block, type Provider, readProvider } from "./provider-schema.ts";
import { synth, type Bodies, type Body, type Synthesised } from "./synth.ts";

/** Terraform's own arguments. */
const meta = ["//", "alias", "depends_on", "lifecycle", "provider", "provisioner"];

/** What the provider would refuse in a body, one text each. */
function faults(body: Body, { attributes = {}, block_types: blocks = {} }: Block, path: string): string[] {
  const given = Object.keys(body).filter((name) => !(path.split(".").length <= 2 && meta.includes(name)));
  return [
    ...given.flatMap((name) => {
      const place = `${path}.${name}`;
      const block = blocks[name];
      if (block !== undefined) {
        const all = (Array.isArray(body[name]) ? body[name] : [body[name]]) as Body[];
        const many = block.max_items !== undefined && all.length > block.max_items ? [`${place}: too many`] : [];
        return [...many, ...all.flatMap((inner) => faults(inner, block.block, place))];
      }
      const attribute = attributes[name];
      if (attribute === undefined) return [`${place}: no such argument`];
      if (!attribute.required && !attribute.optional) return [`${place}: cannot be set`];
      return fits(body[name], attribute.type) ? [] : [`${place}: is ${JSON.stringify(attribute.type)}`];
    }),
    ...Object.entries(attributes).flatMap(([name, { required }]) =>
      required && body[name] === undefined ? [`${path}.${name}: required`] : [],
    ),
    ...Object.entries(blocks).flatMap(([name, { min_items: least = 0 }]) =>
      least > 0 && body[name] === undefined ? [`${path}.${name}: required`] : [],
    ),
  ];
}

function fits(value: unknown, type: unknown): boolean {
  if (typeof value === "string" && value.startsWith("${")) return true;
  if (Array.isArray(type)) {
    const [kind, inner] = type as [string, unknown];
    if (kind === "map") return Object.values(value as Body).every((one) => fits(one, inner));
    return Array.isArray(value) && value.every((one) => fits(one, inner));
  }
  return typeof value === (type === "bool" ? "boolean" : type);
}

describeProviders("what is synthesised", (dir) => {
  const providers: Readonly<Record<string, Provider>> = {
    confluent: readProvider(dir, "confluent-2.83.0"),
    google: readProvider(dir, "google-6.50.0"),
  };
  const inAll = (all: Readonly<Record<string, Bodies>>, kind: "resource_schemas" | "data_source_schemas") =>
    Object.entries(all).flatMap(([type, bodies]) => {
      if (type === "terraform_data") return [];
      const schema = providers[type.split("_")[0]!]![kind][type];
      if (schema === undefined) return [`${type}: no such type`];
      return Object.entries(bodies).flatMap(([name, body]) => faults(body, schema.block, `${type}.${name}`));
    });

  it.each([
    {},
    { TAPELINE_ENVIRONMENT: "prod", CONFLUENT_AVAILABILITY: "MULTI_ZONE", CONFLUENT_MAX_ECKU: "2" },
    {
      INGESTION_MODE: "batch",
      SINK_KEY: "given",
      ANALYSTS: "group:a@example.com",
      BILLING_ACCOUNT: "012345-6789AB-CDEF01",
    },
  ])("has only arguments that the providers know, and all that they require: %j", (variables) => {
    const { resource, data, provider }: Synthesised = synth(variables);
    const ofProviders = Object.entries(provider).flatMap(([name, bodies]) =>
      bodies.flatMap((body) => faults(body, providers[name]!.provider.block, name)),
    );
    expect([...inAll(resource, "resource_schemas"), ...inAll(data, "data_source_schemas"), ...ofProviders]).toEqual([]);
  });
});
