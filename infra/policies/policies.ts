/**
 * What `terraform validate` lets through and the services refuse later, or never notice; and the rules of this project.
 * Each rule looks at one resource of the synthesised stack and says what is wrong, why, and how to fix it.
 */
import type { InfraConfig } from "../stack/config.ts";
import { protection } from "./protection.ts";
import { rights } from "./rights.ts";
import { textOf, type Rule, type Stack, type Told } from "./rule.ts";
import { hidden, secrets, unset, writtenOut } from "./secrets.ts";
import { anchored, kafka, sink, sizes, transactions } from "./confluent.ts";
import { labels, table } from "./bigquery.ts";

const region: Rule = ({ type, body, config }) => {
  const place = type === "confluent_kafka_cluster" ? body["region"] : body["location"];
  const placed = ["confluent_kafka_cluster", "google_bigquery_dataset", "google_bigquery_data_transfer_config"];
  return [
    placed.includes(type) &&
      place !== config.region &&
      `is in ${textOf(place) || "no region"} and the others in ${config.region}: the sink writes within a region only`,
  ];
};

const resourceRules = [sizes, protection, secrets, rights, labels, region, table, kafka, sink, transactions];

/** What is wrong with a synthesised stack, one text each. */
export function policies(synthesised: object, config: InfraConfig): string[] {
  const stack = synthesised as Stack;
  const told = (address: string, texts: Told) => texts.flatMap((text) => (text ? `${address}: ${text}` : []));
  const each = (kind: "resource" | "data", rules: readonly Rule[]) =>
    Object.entries(stack[kind] ?? {}).flatMap(([type, all]) =>
      Object.entries(all).flatMap(([name, body]) =>
        told(
          `${kind === "data" ? "data." : ""}${type}.${name}`,
          rules.flatMap((rule) => rule({ type, body, config, stack })),
        ),
      ),
    );
  const named = <T>(kind: string, all: Readonly<Record<string, T>> = {}, rule: (body: T, name: string) => Told) =>
    Object.entries(all).flatMap(([name, body]) => told(`${kind}.${name}`, rule(body, name)));
  return [
    ...each("resource", resourceRules),
    ...each("data", [anchored]),
    ...named("output", stack.output, hidden),
    ...named("variable", stack.variable, unset),
    ...named("provider", stack.provider, (bodies) => bodies.flatMap(writtenOut)),
  ];
}
