/** One environment of the platform: everything that it is made of, in both clouds. */
import { GoogleProvider } from "@cdktf/provider-google/lib/provider/index.js";
import { GcsBackend, LocalBackend, TerraformElement, TerraformStack, TerraformVariable } from "cdktf";
import type { Construct, Node } from "constructs";
import { readTables } from "../../schemas/tables.ts";
import { checkNames, readObjects } from "../../sql/objects.ts";
import { readScheduled } from "../../sql/scheduled.ts";
import { Budget } from "./budget.ts";
import type { InfraConfig } from "./config.ts";
import { ConfluentProvider } from "../bindings/confluent.ts";
import { Outputs } from "./outputs.ts";
import { Streaming } from "./streaming.ts";
import { requiredVersion } from "./terraform-version.ts";
import { Warehouse } from "./warehouse.ts";

/** From a stack's folder, `cdktf.out/stacks/<name>`, to the project's. */
const projectDir = "../../..";

export class TapelineStack extends TerraformStack {
  readonly streaming: Streaming;
  readonly warehouse: Warehouse;

  constructor(scope: Construct, config: InfraConfig) {
    const { prefix, googleProject, stateBucket, region, budget } = config;
    super(scope, prefix);
    if (stateBucket === undefined) new LocalBackend(this, { path: `${projectDir}/${prefix}.tfstate` });
    else new GcsBackend(this, { bucket: stateBucket, prefix: prefix.replace("-", "/") });

    this.addOverride(...requiredVersion);

    const project = new TerraformVariable(this, "google_project", {
      type: "string",
      description: "Id of the Google Cloud project",
      ...(googleProject !== undefined && { default: googleProject }),
    }).stringValue;
    new GoogleProvider(this, "google", { project, region, addTerraformAttributionLabel: false });
    new ConfluentProvider(this, "confluent", {
      cloudApiKey: this.#secret("confluent_cloud_api_key", "A Cloud API key of an account with OrganizationAdmin"),
      cloudApiSecret: this.#secret("confluent_cloud_api_secret", "Its secret"),
    });

    const objects = readObjects();
    const scheduled = readScheduled();
    for (const { name, body } of scheduled) checkNames({ file: `sql/scheduled/${name}.sql`, body }, objects);
    this.warehouse = new Warehouse(this, "warehouse", {
      config,
      project,
      // Without a validation of Terraform's, which prints a value that it refuses, also of a sensitive variable.
      givenKey:
        config.sink.key === "given"
          ? this.#secret("google_sink_key", "The JSON key of the Google service account that writes the tables")
          : undefined,
      tables: readTables(),
      objects,
      scheduled,
    });
    this.streaming = new Streaming(this, "streaming", {
      config,
      projectDir,
      project,
      warehouse: this.warehouse,
    });
    if (budget !== undefined) new Budget(this, "budget", prefix, project, budget, this.warehouse.enabled);
    new Outputs(this, project, config.products, this.streaming, this.warehouse);
  }

  #secret(name: string, description: string): string {
    const variable = { type: "string", sensitive: true, nullable: false, description };
    return new TerraformVariable(this, name, variable).stringValue;
  }

  /** The path in the tree, without the hash that CDKTF adds: plans are read by people. */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const node = TerraformElement.isTerraformElement(element) ? element.node : element;
    const path = node.scopes.slice(node.scopes.indexOf(this) + 1).map((construct) => construct.node.id);
    // What joins the parts stands in none of them, so two paths are never one name.
    const odd = path.find((part) => part.includes("-"));
    if (odd !== undefined) throw new Error(`the construct id ${odd} has a hyphen`);
    return path.join("-");
  }
}
