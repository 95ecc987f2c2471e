/** How to reach the Schema Registry: from the environment. */
import { UserError } from "../../program/command.ts";
import type { Environment } from "../../program/environment.ts";
import { anyText, secretText } from "../../program/forms.ts";
import { SchemaRegistry } from "./schema-registry.ts";

export const registryVariables = {
  SCHEMA_REGISTRY_URL: {
    form: anyText,
    doc: "The Schema Registry: what stands before /subjects, https://host or http://127.0.0.1:8081.",
  },
  SCHEMA_REGISTRY_API_KEY: { form: anyText, doc: "Without one: no login." },
  SCHEMA_REGISTRY_API_SECRET: { form: secretText, doc: "The key's secret." },
} as const;

/** Faults go into `environment`; the result is usable if it has none. Undefined if no URL is set. */
export function readRegistry(environment: Environment, need: "required" | "optional"): SchemaRegistry | undefined {
  const values = environment.read(registryVariables);
  const { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_API_KEY: key, SCHEMA_REGISTRY_API_SECRET: secret } = values;
  if (url === undefined) {
    if (need === "required") environment.required(registryVariables, "SCHEMA_REGISTRY_URL");
    return undefined;
  }
  try {
    return new SchemaRegistry({ url, key, secret });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    environment.fault(`SCHEMA_REGISTRY_*: ${error.message}`);
    return undefined;
  }
}
