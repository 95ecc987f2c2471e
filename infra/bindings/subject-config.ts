import { optional, required, resource } from "./kernel.ts";
import { credentials, reference } from "./shared.ts";

type Level = "BACKWARD" | "FORWARD" | "FULL";

export class SubjectConfig extends resource(
  "confluent_subject_config",
  {
    subjectName: required.string(),
    compatibilityLevel: optional.string<Level | `${Level}_TRANSITIVE` | "NONE">(),
    schemaRegistryCluster: optional.block(reference),
    restEndpoint: optional.string(),
    credentials,
  },
  {},
) {}
