/** Scheduled queries that fail are reported by e-mail: https://cloud.google.com/bigquery/docs/dts-monitor */
import { MonitoringAlertPolicy } from "@cdktf/provider-google/lib/monitoring-alert-policy/index.js";
import { MonitoringNotificationChannel } from "@cdktf/provider-google/lib/monitoring-notification-channel/index.js";
import { ProjectService } from "@cdktf/provider-google/lib/project-service/index.js";
import { Fn, Token } from "cdktf";
import { Construct } from "constructs";

export interface AlertsProps {
  readonly prefix: string;
  readonly project: string;
  /** An e-mail address. */
  readonly address: string;
  /** By name, each with the full name of its transfer configuration. */
  readonly queries: readonly { readonly name: string; readonly config: string }[];
}

/** Runs of one configuration, by its id. What was cancelled has not written its rows either. */
const filter = [
  'resource.type = "bigquery_dts_config"',
  'resource.labels.config_id = "%s"',
  'metric.type = "bigquerydatatransfer.googleapis.com/transfer_config/completed_runs"',
  'metric.labels.completion_state != "SUCCEEDED"',
].join(" AND ");

/** A transfer's own e-mails go to its owner, who is a service account here and reads none. */
export class Alerts extends Construct {
  constructor(scope: Construct, id: string, { prefix, project, address, queries }: AlertsProps) {
    super(scope, id);
    const service = new ProjectService(this, "monitoring", {
      project,
      service: "monitoring.googleapis.com",
      disableOnDestroy: false,
    });
    const channel = new MonitoringNotificationChannel(this, "channel", {
      project,
      displayName: `${prefix} alerts`,
      type: "email",
      labels: { email_address: address },
      dependsOn: [service],
    });
    for (const { name, config } of queries)
      new MonitoringAlertPolicy(this, name, {
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
                Fn.format(Fn.rawString(filter), [Fn.element(Fn.reverse(Fn.split("/", config)), 0)]),
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
