import { optional, provider } from "./kernel.ts";

/** https://registry.terraform.io/providers/confluentinc/confluent/2.83.0/docs */
export class ConfluentProvider extends provider("confluentinc/confluent", {
  cloudApiKey: optional.secret(),
  cloudApiSecret: optional.secret(),
  endpoint: optional.string(),
}) {}
