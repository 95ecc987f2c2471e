import { optional, required, resource } from "./kernel.ts";
import { reference } from "./shared.ts";

export class KsqlCluster extends resource(
  "confluent_ksql_cluster",
  {
    displayName: required.string(),
    csu: required.number(),
    useDetailedProcessingLog: optional.bool(),
    credentialIdentity: required.block(reference),
    kafkaCluster: required.block(reference),
    environment: required.block(reference),
  },
  { apiVersion: "string", kind: "string", restEndpoint: "string", topicPrefix: "string", resourceName: "string" },
) {}
