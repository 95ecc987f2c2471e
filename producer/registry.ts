/** How to reach the Schema Registry: from the environment. */
import type { Environment } from "../environment.ts";
import type { RegistryAccess } from "../schemas/registry.ts";

/** Faults go into `environment`; the result is usable if it has none. */
export function readRegistryAccess(environment: Environment): RegistryAccess {
  const url = environment.required("SCHEMA_REGISTRY_URL", "the Schema Registry, as https://host");
  const key = environment.text("SCHEMA_REGISTRY_API_KEY");
  const secret = environment.secret("SCHEMA_REGISTRY_API_SECRET");
  return { url, key, secret };
}
