/** Queries by the clock, with the account that they run as: https://cloud.google.com/bigquery/docs/scheduling-queries */
import { BigqueryDataTransferConfig } from "@cdktf/provider-google/lib/bigquery-data-transfer-config/index.js";
import { BigqueryDatasetIamMember } from "@cdktf/provider-google/lib/bigquery-dataset-iam-member/index.js";
import { MonitoringAlertPolicy } from "@cdktf/provider-google/lib/monitoring-alert-policy/index.js";
import { MonitoringNotificationChannel } from "@cdktf/provider-google/lib/monitoring-notification-channel/index.js";
import { ProjectIamMember } from "@cdktf/provider-google/lib/project-iam-member/index.js";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account/index.js";
import { Fn, type ITerraformDependable, type TerraformResourceLifecycle, Token } from "cdktf";
import { Construct } from "constructs";
import type { ScheduledQuery } from "../../sql/scheduled.ts";
import type { InfraConfig } from "./config.ts";
import { enable } from "./google-service.ts";

export interface ScheduledQueriesProps {
  readonly config: InfraConfig;
  readonly project: string;
  readonly datasetId: string;
  /** For what must be recreated with the dataset. */
  readonly withDataset: TerraformResourceLifecycle;
  /** The services that the rest needs. */
  readonly enabled: readonly ITerraformDependable[];
  /** With the full names of what they read and write. */
  readonly queries: readonly ScheduledQuery[];
}

/** Runs of one configuration, by its id. A run that was cancelled has not written its rows either. */
const failedRuns = [
  'resource.type = "bigquery_dts_config"',
  'resource.labels.config_id = "%s"',
  'metric.type = "bigquerydatatransfer.googleapis.com/transfer_config/completed_runs"',
  'metric.labels.completion_state != "SUCCEEDED"',
].join(" AND ");

export class ScheduledQueries extends Construct {
  constructor(scope: Construct, id: string, props: ScheduledQueriesProps) {
    super(scope, id);
    const { config, project, datasetId, withDataset, enabled, queries } = props;
    const { prefix, region, alertsTo } = config;
    const service = enable(this, project, "bigquerydatatransfer");
    const { member, email } = new ServiceAccount(this, "account", {
      project,
      accountId: `${prefix}-scheduler`,
      displayName: `${prefix}-scheduler`,
      description: "Runs the scheduled queries of Tapeline",
      dependsOn: [service],
    });
    const dataEditor = { project, datasetId, role: "roles/bigquery.dataEditor", member, lifecycle: withDataset };
    const jobUser = { project, role: "roles/bigquery.jobUser", member, dependsOn: [...enabled] };
    const rights = [
      new BigqueryDatasetIamMember(this, "writes", dataEditor),
      new ProjectIamMember(this, "queries", jobUser),
    ];
    const configs = queries.map(({ name, schedule, body }) => ({
      name,
      transfer: new BigqueryDataTransferConfig(this, name, {
        project,
        // The default is the US, and another location recreates it.
        location: region,
        displayName: `${prefix} ${name}`,
        dataSourceId: "scheduled_query",
        schedule,
        params: { query: body },
        serviceAccountName: email,
        dependsOn: rights,
      }),
    }));
    if (alertsTo === undefined) return;
    // A transfer's own e-mails go to its owner, who is a service account here and reads none:
    // https://cloud.google.com/bigquery/docs/dts-monitor
    const alerts = new Construct(this, "alerts");
    const channel = new MonitoringNotificationChannel(alerts, "channel", {
      project,
      displayName: `${prefix} alerts`,
      type: "email",
      labels: { email_address: alertsTo },
      dependsOn: [enable(alerts, project, "monitoring")],
    });
    for (const { name, transfer } of configs)
      new MonitoringAlertPolicy(alerts, name, {
        project,
        displayName: `${prefix} ${name}: the scheduled query failed`,
        combiner: "OR",
        severity: "ERROR",
        notificationChannels: [channel.name],
        conditions: [
          {
            displayName: "a run did not succeed",
            conditionThreshold: {
              filter: Token.asString(
                Fn.format(Fn.rawString(failedRuns), [Fn.element(Fn.reverse(Fn.split("/", transfer.name)), 0)]),
              ),
              comparison: "COMPARISON_GT",
              thresholdValue: 0,
              duration: "0s",
              aggregations: [{ alignmentPeriod: "300s", perSeriesAligner: "ALIGN_SUM" }],
            },
          },
        ],
        documentation: {
          content: `Why: BigQuery, Scheduled queries, ${prefix} ${name}, Run history. What it does: sql/scheduled/${name}.sql.`,
          mimeType: "text/markdown",
        },
      });
  }
}
