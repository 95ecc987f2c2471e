import { optional, required, resource } from "./kernel.ts";

export class Environment extends resource(
  "confluent_environment",
  {
    displayName: required.string(),
    streamGovernance: optional.block({ package: required.string<"ESSENTIALS" | "ADVANCED">() }),
  },
  { resourceName: "string" },
) {}
