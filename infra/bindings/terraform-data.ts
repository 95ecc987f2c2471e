import { Token, TerraformResource, type TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";

type Texts = Readonly<Record<string, string>>;

interface TerraformDataConfig extends TerraformMetaArguments {
  readonly input?: Texts;
  /** A change of it replaces the resource. */
  readonly triggersReplace?: Texts;
}

/**
 * Terraform's own resource that holds values and runs provisioners. CDKTF's class for it asks for a terraform on PATH when
 * the app is synthesised, and this app needs none.
 * https://developer.hashicorp.com/terraform/language/resources/terraform-data
 */
export class TerraformData extends TerraformResource {
  readonly #config: TerraformDataConfig;

  constructor(scope: Construct, id: string, config: TerraformDataConfig) {
    const terraformGeneratorMetadata = { providerName: "terraform" };
    super(scope, id, { terraformResourceType: "terraform_data", terraformGeneratorMetadata, ...config });
    this.#config = config;
  }

  /** As Terraform's own arguments name it. */
  get address(): string {
    return `${this.terraformResourceType}.${this.friendlyUniqueId}`;
  }

  /** Made at random when the resource is: another one in every life of the stack. */
  get id(): string {
    return this.getStringAttribute("id");
  }

  /** A value of the input, known when the resource does not change. */
  output(name: string): string {
    return Token.asString(this.interpolationForAttribute(`output.${name}`));
  }

  protected override synthesizeAttributes() {
    const { input, triggersReplace } = this.#config;
    return { input, triggers_replace: triggersReplace };
  }

  protected override synthesizeHclAttributes() {
    const map = (value: Texts | undefined) =>
      value && { value, isBlock: false, type: "map", storageClassType: "stringMap" };
    return { input: map(this.#config.input), triggers_replace: map(this.#config.triggersReplace) };
  }
}
