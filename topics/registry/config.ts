/** How to reach the Schema Registry: from the environment. */
import { UserError } from "../../program/command.ts";
import type { Environment } from "../../program/environment.ts";
import { SchemaRegistry } from "./schema-registry.ts";

/** Faults go into `environment`; the result is usable if it has none. Undefined where no URL is set. */
export function readRegistry(environment: Environment, need: "required" | "optional"): SchemaRegistry | undefined {
  const name = "SCHEMA_REGISTRY_URL";
  const url =
    need === "optional" ? environment.text(name) : environment.required(name, "the Schema Registry, as https://host");
  const key = environment.text("SCHEMA_REGISTRY_API_KEY");
  const secret = environment.secret("SCHEMA_REGISTRY_API_SECRET");
  if (!url) return undefined;
  try {
    return new SchemaRegistry({ url, key, secret });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    environment.fault(`SCHEMA_REGISTRY_*: ${error.message}`);
    return undefined;
  }
}
