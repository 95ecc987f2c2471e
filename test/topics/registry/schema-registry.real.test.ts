/** The client against a foreign registry. */
import { beforeAll } from "vitest";
import { describeApicurio, startApicurio } from "../../real/apicurio.ts";
import { describeRegistry } from "./registry-contract.ts";

describeApicurio("the client against Apicurio Registry", () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await startApicurio());
  });
  describeRegistry(async () => ({ url }));
});
