import { optional, required, resource } from "./kernel.ts";
import { reference } from "./shared.ts";

const tier = optional.block({ maxEcku: optional.number() });

/** Of the tiers exactly one. */
export class KafkaCluster extends resource(
  "confluent_kafka_cluster",
  {
    displayName: required.string(),
    availability: required.string<"SINGLE_ZONE" | "MULTI_ZONE" | "LOW" | "HIGH">(),
    cloud: required.string<"AWS" | "AZURE" | "GCP">(),
    region: required.string(),
    basic: tier,
    standard: tier,
    environment: required.block(reference),
    deletionProtection: optional.bool(),
  },
  {
    apiVersion: "string",
    kind: "string",
    bootstrapEndpoint: "string",
    restEndpoint: "string",
    rbacCrn: "string",
  },
) {}
