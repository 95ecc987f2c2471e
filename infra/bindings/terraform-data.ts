import { Token } from "cdktf";
import { optional, resource } from "./kernel.ts";

/**
 * Terraform's own resource that holds values and runs provisioners. CDKTF's class for it asks for a terraform on PATH when
 * the app is synthesised, and this app needs none.
 * https://developer.hashicorp.com/terraform/language/resources/terraform-data
 *
 * Its id is made at random with the resource: another one in every life of the stack. A change of `triggersReplace` replaces it.
 */
export class TerraformData extends resource("terraform_data", {
  input: optional.map(),
  triggersReplace: optional.map(),
}) {
  /** As Terraform's own arguments name it. */
  get address(): string {
    return `${this.terraformResourceType}.${this.friendlyUniqueId}`;
  }

  /** A value of the input, known when the resource does not change. */
  output(name: string): string {
    return Token.asString(this.interpolationForAttribute(`output.${name}`));
  }
}
