import { optional, required, resource } from "./kernel.ts";
import { reference } from "./shared.ts";

export class Connector extends resource(
  "confluent_connector",
  {
    environment: required.block(reference),
    kafkaCluster: required.block(reference),
    configNonsensitive: required.map(),
    configSensitive: optional.secretMap(),
    status: optional.string<"RUNNING" | "PAUSED">(),
  },
  {},
) {}
