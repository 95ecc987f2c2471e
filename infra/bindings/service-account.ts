import { optional, required, resource } from "./kernel.ts";

export class ServiceAccount extends resource(
  "confluent_service_account",
  { displayName: required.string(), description: optional.string() },
  { apiVersion: "string", kind: "string" },
) {}
