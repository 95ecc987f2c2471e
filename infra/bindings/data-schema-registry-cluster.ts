import { dataSource, required } from "./kernel.ts";
import { reference } from "./shared.ts";

/** There is none in an environment before its first Kafka cluster. */
export class DataConfluentSchemaRegistryCluster extends dataSource(
  "confluent_schema_registry_cluster",
  { environment: required.block(reference) },
  { apiVersion: "string", kind: "string", resourceName: "string", restEndpoint: "string" },
) {}
