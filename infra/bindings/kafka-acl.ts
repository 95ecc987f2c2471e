import { optional, required, resource } from "./kernel.ts";
import { credentials, reference } from "./shared.ts";

export class KafkaAcl extends resource(
  "confluent_kafka_acl",
  {
    resourceType: required.string<"CLUSTER" | "GROUP" | "TOPIC" | "TRANSACTIONAL_ID">(),
    resourceName: required.string(),
    patternType: required.string<"LITERAL" | "PREFIXED">(),
    principal: required.string(),
    host: required.string(),
    operation: required.string<"ALL" | "CREATE" | "DESCRIBE" | "DESCRIBE_CONFIGS" | "READ" | "WRITE">(),
    permission: required.string<"ALLOW" | "DENY">(),
    kafkaCluster: optional.block(reference),
    restEndpoint: optional.string(),
    credentials,
  },
  {},
) {}
