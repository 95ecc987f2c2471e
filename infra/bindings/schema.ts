import { optional, required, resource } from "./kernel.ts";
import { credentials, reference } from "./shared.ts";

export class Schema extends resource(
  "confluent_schema",
  {
    subjectName: required.string(),
    format: required.string<"AVRO" | "JSON" | "PROTOBUF">(),
    schema: optional.string(),
    hardDelete: optional.bool(),
    recreateOnUpdate: optional.bool(),
    skipValidationDuringPlan: optional.bool(),
    schemaRegistryCluster: optional.block(reference),
    restEndpoint: optional.string(),
    credentials,
  },
  {},
) {}
