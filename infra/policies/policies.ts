/**
 * What `terraform validate` lets through and the services refuse later, or never notice; and the rules of this project.
 * Each rule looks at one resource of the synthesised stack and says what is wrong, why, and how to fix it.
 */
import type { InfraConfig } from "../stack/config.ts";
import { anchored } from "./data-sources.ts";
import { protection } from "./protection.ts";
import { rights } from "./rights.ts";
import { textOf, type Rule, type Stack, type Told } from "./rule.ts";
import { hidden, secrets, unset, writtenOut } from "./secrets.ts";
import { kafka, sink, sizes } from "./confluent.ts";
import { transactions } from "./transactions.ts";
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
  const outputs = Object.entries(stack.output ?? {}).flatMap(([name, body]) => told(`output.${name}`, hidden(body)));
  const variables = Object.entries(stack.variable ?? {}).flatMap(([name, body]) =>
    told(`variable.${name}`, unset(name, body)),
  );
  const providers = Object.entries(stack.provider ?? {}).flatMap(([name, bodies]) =>
    bodies.flatMap((body) => told(`provider.${name}`, writtenOut(body))),
  );
  return [...each("resource", resourceRules), ...each("data", [anchored]), ...outputs, ...variables, ...providers];
}
