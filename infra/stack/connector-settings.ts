/** The settings of Confluent's managed BigQuery Storage Sink (V2): https://docs.confluent.io/cloud/current/connectors/cc-gcp-bigquery-storage-sink.html */
import type { InfraConfig } from "./config.ts";

/** Each topic is written to the table of its name. Without the Google key, which is a secret. */
export function sinkSettings(
  { tables: topics, sink }: InfraConfig,
  own: { readonly name: string; readonly project: string; readonly dataset: string; readonly serviceAccountId: string },
) {
  const mode =
    sink.mode === "streaming"
      ? { "ingestion.mode": "STREAMING" }
      : // Every commit makes write streams, of which there is a quota.
        { "ingestion.mode": "BATCH LOADING", "commit.interval": "60" };
  return {
    name: own.name,
    "connector.class": "BigQueryStorageSink",
    "kafka.auth.mode": "SERVICE_ACCOUNT",
    "kafka.service.account.id": own.serviceAccountId,
    topics: topics.join(","),
    "input.data.format": "AVRO",
    "input.key.format": "STRING",
    "authentication.method": "Google cloud service account",
    project: own.project,
    datasets: own.dataset,
    "topic2table.map": topics.map((topic) => `${topic}:${topic}`).join(","),
    // Terraform owns tables and columns: one that the sink added would be dropped, with its data, by the next apply.
    "auto.create.tables": "DISABLED",
    "auto.update.schemas": "DISABLED",
    "sanitize.topics": "false",
    "sanitize.field.names": "false",
    ...mode,
    "tasks.max": String(sink.tasks),
    // Records of a transaction that ksqlDB aborted must not become rows.
    "consumer.override.isolation.level": "read_committed",
    // A record that BigQuery refuses goes to the dead letter queue and stops nothing.
    "errors.tolerance": "all",
  };
}
