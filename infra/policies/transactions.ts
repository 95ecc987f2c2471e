/** Queries of ksqlDB run exactly once, in transactions. */
import { textOf, type Rule } from "./rule.ts";

/** Where Streams' transactional ids begin: with the application id of a query. */
const idsOf = (cluster: string) => `_confluent-ksql-\${confluent_ksql_cluster.${cluster}.topic_prefix}`;

/** Without the right to them a query would start, and die at its first commit. */
export const transactions: Rule = ({ type, body, stack }) => {
  if (type !== "confluent_ksql_cluster") return [];
  const clusters = Object.entries(stack.resource[type] ?? {});
  const name = clusters.find(([, one]) => one === body)?.[0] ?? "";
  const account = /confluent_service_account\.([\w-]+)/.exec(JSON.stringify(body["credential_identity"] ?? ""))?.[1];
  const principal = `User:\${confluent_service_account.${account}.id}`;
  const given = (kind: string) =>
    Object.values(stack.resource[kind] ?? {}).filter((one) => one["principal"] === principal);
  const rules = given("confluent_kafka_acl").filter(
    (one) =>
      one["resource_type"] === "TRANSACTIONAL_ID" &&
      one["pattern_type"] === "PREFIXED" &&
      one["permission"] === "ALLOW" &&
      one["resource_name"] !== "" &&
      idsOf(name).startsWith(textOf(one["resource_name"])),
  );
  return ["DESCRIBE", "WRITE"].map(
    (operation) =>
      !rules.some((one) => one["operation"] === operation || one["operation"] === "ALL") &&
      `may not ${operation} the transactional ids of its queries (${idsOf(name)}…, PREFIXED): they run exactly once`,
  );
};
