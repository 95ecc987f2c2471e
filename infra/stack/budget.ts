/** A monthly budget of the Google project, whose alerts go to the billing account's administrators. */
import { BillingBudget } from "@cdktf/provider-google/lib/billing-budget/index.js";
import { DataGoogleProject } from "@cdktf/provider-google/lib/data-google-project/index.js";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider/index.js";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { InfraConfig } from "./config.ts";
import { enable } from "./google-service.ts";
import { TerraformData } from "../bindings/terraform-data.ts";

export class Budget extends Construct {
  /** `enabled` are the services that the rest needs. */
  constructor(
    scope: Construct,
    id: string,
    name: string,
    project: string,
    { billingAccount, amount }: NonNullable<InfraConfig["budget"]>,
    enabled: readonly ITerraformDependable[],
  ) {
    super(scope, id);
    const service = enable(this, project, "billingbudgets");
    // The budget names the project by its number: with its id every plan would change it. The number is read when the
    // service is there, and at plan from then on: the resource between them never changes.
    const anchor = new TerraformData(this, "project_anchor", { input: { project }, dependsOn: [...enabled] });
    const { number } = new DataGoogleProject(this, "project", { projectId: anchor.output("project") });
    // Budgets are refused to a person's credentials that do not say which project asks. For the rest that would do harm:
    // a request that says so is refused until its service is enabled in the project, which this same apply does first.
    const provider = new GoogleProvider(this, "asking", {
      alias: "asking",
      project,
      billingProject: project,
      userProjectOverride: true,
      addTerraformAttributionLabel: false,
    });
    new BillingBudget(this, "budget", {
      provider,
      billingAccount,
      displayName: name,
      budgetFilter: { projects: [`projects/${number}`] },
      amount: { specifiedAmount: { units: String(amount) } },
      thresholdRules: [0.5, 0.9, 1].map((thresholdPercent) => ({ thresholdPercent })),
      dependsOn: [service],
    });
  }
}
