/** What programs and people need to know of a stack. `npm run env` writes those into `.env` whose names are variables. */
import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import type { Streaming } from "./streaming.ts";
import type { Warehouse } from "./warehouse.ts";

/** Each is an output of its own name in the stack. */
export class Outputs extends Construct {
  constructor(scope: Construct, project: string, products: string, streaming: Streaming, warehouse: Warehouse) {
    super(scope, "outputs");
    const { environment, cluster, registry, ksqldb, producer, ksqldbLogin, connector } = streaming;
    const { datasetId } = warehouse.dataset;
    const output = (name: string, value: string, description: string, sensitive = false) =>
      new TerraformOutput(this, name, { value, description, sensitive }).overrideLogicalId(name);
    const secret = (name: string, value: string, description: string) => output(name, value, description, true);

    output("kafka_bootstrap_servers", streaming.bootstrapServers, "Kafka, for the producer");
    output("kafka_api_key", producer.kafka.key, "The producer's key of the cluster");
    secret("kafka_api_secret", producer.kafka.secret, "Its secret");
    output("schema_registry_url", registry.restEndpoint, "The Schema Registry");
    output("schema_registry_api_key", producer.registry.key, "The producer's key of the registry");
    secret("schema_registry_api_secret", producer.registry.secret, "Its secret");
    output("ksqldb_url", ksqldb.restEndpoint, "The ksqlDB server");
    output("ksqldb_api_key", ksqldbLogin.key, "The key of npm run ksqldb");
    secret("ksqldb_api_secret", ksqldbLogin.secret, "Its secret");
    output("products", products, "What the producer is meant to stream");

    output("google_project", project, "Id of the Google Cloud project");
    output("bigquery_dataset", datasetId, "The dataset");
    output("confluent_environment_id", environment.id, "The environment in Confluent Cloud");
    output("kafka_cluster_id", cluster.id, "The Kafka cluster");
    output("ksqldb_cluster_id", ksqldb.id, "The ksqlDB cluster");
    output("connector_id", connector.id, "The sink");
    output("connector_name", streaming.connectorName, "Its name");
    output("dead_letter_topic", streaming.deadLetters, "Topic of the records that BigQuery refused");
    output("sink_service_account", warehouse.sink.email, "The Google account that writes the tables");

    const place = `https://confluent.cloud/environments/${environment.id}/clusters/${cluster.id}`;
    output("console_confluent", `${place}/overview`, "The cluster in Confluent's console");
    output("console_ksqldb", `${place}/ksql/${ksqldb.id}/editor`, "The statements there");
    output("console_connector", `${place}/connectors/${streaming.connectorName}`, "The sink there");
    output(
      "console_bigquery",
      `https://console.cloud.google.com/bigquery?project=${project}&ws=!1m4!1m3!3m2!1s${project}!2s${datasetId}`,
      "The dataset in Google's console",
    );
    // A view with a row a minute: what a report can name as a table without scanning it all.
    if (warehouse.objects.includes("bars_1m"))
      output("data_studio", reportLink(project, datasetId, "bars_1m"), "A new report on the bars in Data Studio");
  }
}

/** https://developers.google.com/looker-studio/integrate/linking-api */
function reportLink(project: string, dataset: string, view: string): string {
  const names = { projectId: project, datasetId: dataset, tableId: view, datasourceName: view };
  const source = { connector: "bigQuery", type: "TABLE", ...names };
  const parameters = Object.entries(source).map(([name, value]) => `ds.ds0.${name}=${value}`);
  return `https://datastudio.google.com/reporting/create?c.mode=edit&r.reportName=${dataset}&${parameters.join("&")}`;
}
