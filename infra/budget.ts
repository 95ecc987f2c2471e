/** A monthly budget of the Google project, whose alerts go to the billing account's administrators. */
import { BillingBudget } from "@cdktf/provider-google/lib/billing-budget/index.js";
import { DataGoogleProject } from "@cdktf/provider-google/lib/data-google-project/index.js";
import { ProjectService } from "@cdktf/provider-google/lib/project-service/index.js";
import { Construct } from "constructs";
import type { InfraConfig } from "./config.ts";

export interface BudgetProps {
  readonly name: string;
  readonly project: string;
  readonly budget: NonNullable<InfraConfig["budget"]>;
}

export class Budget extends Construct {
  constructor(scope: Construct, id: string, { name, project, budget }: BudgetProps) {
    super(scope, id);
    const service = new ProjectService(this, "billingbudgets", {
      project,
      service: "billingbudgets.googleapis.com",
      disableOnDestroy: false,
    });
    // The service answers with the project's number: with its id every plan would change it.
    const { number } = new DataGoogleProject(this, "project", { projectId: project });
    new BillingBudget(this, "budget", {
      billingAccount: budget.billingAccount,
      displayName: name,
      budgetFilter: { projects: [`projects/${number}`] },
      amount: { specifiedAmount: { currencyCode: "USD", units: String(budget.dollars) } },
      thresholdRules: [0.5, 0.9, 1].map((thresholdPercent) => ({ thresholdPercent })),
      dependsOn: [service],
    });
  }
}
