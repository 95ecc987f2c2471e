/** No account may do more than it needs to. */
import { textOf, type Rule } from "./rule.ts";

const everyone = /^(allUsers|allAuthenticatedUsers)$/;

/** It looks at all topics and groups, and owns all subjects: those of what it makes for itself have names of its own. */
const ksqldb = /^User:\$\{confluent_service_account\.[\w-]*ksqldb-account\.id\}$/;
const isWideForKsqldb = (pattern: string, operation: string) =>
  pattern.endsWith("/subject=*") || operation === "DESCRIBE" || operation === "DESCRIBE_CONFIGS";
const manager = /^User:\$\{confluent_service_account\.[\w-]*manager-account\.id\}$/;

/** Of queries by the clock, which write what they make themselves. */
const scheduler = /google_service_account\.[\w-]*scheduled-account\./;

const roles = ["CloudClusterAdmin", "ResourceOwner", "DeveloperManage", "DeveloperRead", "DeveloperWrite", "KsqlAdmin"];

export const rights: Rule = ({ type, body }) => {
  const principal = textOf(body["principal"]);
  const [pattern, roleName] = [textOf(body["crn_pattern"]), textOf(body["role_name"])];
  const isAcl = type === "confluent_kafka_acl";
  // A prefix of three letters is as good as none.
  const isWide =
    /=.{0,3}\*$/.test(pattern) ||
    (isAcl &&
      (body["resource_name"] === "*" ||
        (body["pattern_type"] === "PREFIXED" && textOf(body["resource_name"]).length < 4)));
  const role = textOf(body["role"]);
  const isMember = type.endsWith("_iam_member");
  return [
    isWide &&
      !(ksqldb.test(principal) && isWideForKsqldb(pattern, textOf(body["operation"]))) &&
      "gives a right on everything: name what it is needed for",
    type === "confluent_role_binding" &&
      !roles.includes(roleName) &&
      `has the role ${roleName}, which is none of ${roles.join(", ")}`,
    roleName === "CloudClusterAdmin" &&
      !manager.test(principal) &&
      "administers the cluster: only the manager needs that",
    /_iam_(binding|policy)$/.test(type) && "takes the role from everyone else: use an _iam_member",
    isMember && everyone.test(textOf(body["member"])) && "gives a role to everyone",
    isMember &&
      !/^((roles|projects|organizations)\/|\$\{google_project_iam_custom_role\.)/.test(role) &&
      `has the role ${role}: it begins with roles/`,
    type === "google_project_iam_member" &&
      role !== "roles/bigquery.jobUser" &&
      `has the role ${role} on all of the project: give it on the dataset`,
    isMember &&
      /^roles\/bigquery\.(dataEditor|dataOwner|admin)$/.test(role) &&
      !scheduler.test(textOf(body["member"])) &&
      `has the role ${role}, which may delete tables`,
    type === "google_project_iam_custom_role" &&
      (body["permissions"] as string[]).some((permission) => /\.(delete|setIamPolicy)$/.test(permission)) &&
      "is a role that may delete, or give rights away",
  ];
};
