/** What holds data stays, whatever is planned. */
import type { Body, Rule } from "./rule.ts";

const holders = [
  "confluent_environment",
  "confluent_kafka_cluster",
  "confluent_kafka_topic",
  "google_bigquery_dataset",
];

/** Whether rows or messages would be gone for good with it. Of tables those that are no view. */
export function holdsData({ type, body }: { readonly type: string; readonly body: Body }): boolean {
  const { view } = body;
  const isView = view !== undefined && !(Array.isArray(view) && view.length === 0);
  return holders.includes(type) || (type === "google_bigquery_table" && !isView);
}

export const protection: Rule = (element) => {
  const { type, body, config } = element;
  const { prevent_destroy: prevented = false } = (body["lifecycle"] ?? {}) as Body;
  const isTable = type === "google_bigquery_table";
  return [
    config.isProtected && holdsData(element) && prevented !== true && "holds data and lacks prevent_destroy",
    config.isProtected &&
      holdsData(element) &&
      (isTable || type === "confluent_kafka_cluster") &&
      body["deletion_protection"] !== true &&
      "holds data and lacks deletion_protection",
    isTable &&
      holdsData(element) &&
      body["ignore_auto_generated_schema"] !== true &&
      "lacks ignore_auto_generated_schema: a column that is not here would be dropped with its data",
    isTable &&
      body["view"] !== undefined &&
      (body["schema"] !== undefined || body["deletion_protection"] !== false) &&
      "is a view: without schema, and with deletion_protection = false, or it cannot be changed",
    type === "google_project_service" &&
      body["disable_on_destroy"] !== false &&
      "needs disable_on_destroy = false: it would be disabled for everyone in the project",
  ];
};
