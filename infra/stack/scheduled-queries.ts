/** Queries by the clock, with the account that they run as: https://cloud.google.com/bigquery/docs/scheduling-queries */
import { BigqueryDataTransferConfig } from "@cdktf/provider-google/lib/bigquery-data-transfer-config/index.js";
import { BigqueryDatasetIamMember } from "@cdktf/provider-google/lib/bigquery-dataset-iam-member/index.js";
import { ProjectIamMember } from "@cdktf/provider-google/lib/project-iam-member/index.js";
import { ProjectService } from "@cdktf/provider-google/lib/project-service/index.js";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account/index.js";
import type { ITerraformDependable, TerraformResourceLifecycle } from "cdktf";
import { Construct } from "constructs";
import type { ScheduledQuery } from "../../sql/scheduled.ts";
import { Alerts } from "./alerts.ts";

export interface ScheduledQueriesProps {
  readonly prefix: string;
  readonly project: string;
  readonly region: string;
  readonly datasetId: string;
  /** For what must be recreated with the dataset. */
  readonly withDataset: TerraformResourceLifecycle;
  /** The services that the rest needs. */
  readonly enabled: readonly ITerraformDependable[];
  /** E-mail address to which a run that failed is reported; undefined: none. */
  readonly alertsTo: string | undefined;
  /** With the full names of what they read and write. */
  readonly queries: readonly ScheduledQuery[];
}

export class ScheduledQueries extends Construct {
  constructor(scope: Construct, id: string, props: ScheduledQueriesProps) {
    super(scope, id);
    const { prefix, project, region, datasetId, withDataset, enabled, alertsTo, queries } = props;
    const service = new ProjectService(this, "bigquerydatatransfer", {
      project,
      service: "bigquerydatatransfer.googleapis.com",
      disableOnDestroy: false,
    });
    const account = new ServiceAccount(this, "account", {
      project,
      accountId: `${prefix}-scheduler`,
      displayName: `${prefix}-scheduler`,
      description: "Runs the scheduled queries of Tapeline",
      dependsOn: [service],
    });
    const { member, email } = account;
    const rights = [
      new BigqueryDatasetIamMember(this, "writes", {
        project,
        datasetId,
        role: "roles/bigquery.dataEditor",
        member,
        lifecycle: withDataset,
      }),
      new ProjectIamMember(this, "queries", {
        project,
        role: "roles/bigquery.jobUser",
        member,
        dependsOn: [...enabled],
      }),
    ];
    const configs = queries.map(({ name, schedule, body }) => {
      const config = new BigqueryDataTransferConfig(this, name, {
        project,
        // The default is the US, and another location recreates it.
        location: region,
        displayName: `${prefix} ${name}`,
        dataSourceId: "scheduled_query",
        schedule,
        params: { query: body },
        serviceAccountName: email,
        dependsOn: [...rights],
      });
      return { name, config: config.name };
    });
    if (alertsTo !== undefined) new Alerts(this, "alerts", { prefix, project, address: alertsTo, queries: configs });
  }
}
