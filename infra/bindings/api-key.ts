import { optional, required, resource } from "./kernel.ts";
import { reference } from "./shared.ts";

const kind = { apiVersion: required.string(), kind: required.string() };

/** Its id is the key. Without `managedResource` it is one of Confluent Cloud itself. */
export class ApiKey extends resource(
  "confluent_api_key",
  {
    displayName: optional.string(),
    description: optional.string(),
    owner: required.block({ ...reference, ...kind }),
    managedResource: optional.block({ ...reference, ...kind, environment: optional.block(reference) }),
    disableWaitForReady: optional.bool(),
  },
  { secret: "secret" },
) {}
