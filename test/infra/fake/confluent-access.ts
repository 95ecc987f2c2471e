/** Who may do what in Confluent Cloud: API keys, their owners, and the owners' roles. */
import type { Cloud } from "./cloud.ts";
import { textAt, type Attributes } from "./values.ts";
import { Refused, type Verb } from "./vendor.ts";

export const registryType = "confluent_schema_registry_cluster";

export class Access {
  readonly #cloud: Cloud;
  /** The provider's own arguments, which stand in for those that a resource leaves out. */
  settings: Attributes = {};

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  readonly clusterOf = (object: Attributes): Attributes => {
    const id = textAt(object, "kafka_cluster.id") || textAt(this.settings, "kafka_id");
    return this.#cloud.get("confluent_kafka_cluster", id);
  };

  registryOf(object: Attributes): Attributes {
    const id = textAt(object, "schema_registry_cluster.id") || textAt(this.settings, "schema_registry_id");
    return this.#cloud.get(registryType, id);
  }

  /** For objects in a Kafka cluster, each a resource such as `topic=trades` for roles; "" is the cluster itself. */
  inCluster(resourceOf: (object: Attributes) => string) {
    return (object: Attributes, verb: Verb): void => {
      const cluster = this.clusterOf(object);
      const account = this.#login(object, "kafka", cluster);
      const [resource, crn] = [resourceOf(object), textAt(cluster, "rbac_crn")];
      const place = resource === "" ? crn : `${crn}/kafka=${textAt(cluster, "id")}/${resource}`;
      if (verb !== "read") this.demand(account, ["ResourceOwner", "DeveloperManage"], place);
    };
  }

  /** For objects of a subject. */
  readonly inSubject = (object: Attributes, verb: Verb): void => {
    const account = this.inRegistry(object);
    const crn = `${textAt(this.registryOf(object), "resource_name")}/subject=${textAt(object, "subject_name")}`;
    if (verb !== "read") this.demand(account, ["ResourceOwner", "DeveloperManage", "DeveloperWrite"], crn);
  };

  /** For other objects of the registry. Answers the account. */
  readonly inRegistry = (object: Attributes): string => this.#login(object, "schema_registry", this.registryOf(object));

  /** Refuses if none of the account's roles, nor that of an administrator above, covers the resource. Users may do everything. */
  demand(account: string, roles: readonly string[], crn: string): void {
    const admin = crn.includes("/ksql=")
      ? /^(Environment|Organization)Admin$/
      : /^(CloudCluster|Environment|Organization)Admin$/;
    const may = this.#cloud.all("confluent_role_binding").some((binding) => {
      const [pattern, role] = [textAt(binding, "crn_pattern"), textAt(binding, "role_name")];
      if (binding["principal"] !== `User:${account}`) return false;
      if (admin.test(role)) return `${crn}/`.startsWith(`${pattern}/`);
      return roles.includes(role) && (pattern.endsWith("*") ? crn.startsWith(pattern.slice(0, -1)) : crn === pattern);
    });
    if (!may && !account.startsWith("u-"))
      throw new Refused(`403 Forbidden: ${account} is no ${roles.join(" or ")} of ${crn}`);
  }

  /** The account whose key the object is reached with. */
  #login(object: Attributes, service: "kafka" | "schema_registry", target: Attributes): string {
    const [key, secret] = ["key", "secret"].map(
      (part) => textAt(object, `credentials.${part}`) || textAt(this.settings, `${service}_api_${part}`),
    );
    const known = this.#cloud.all("confluent_api_key").find(({ id }) => id === key);
    const isRight = known?.["secret"] === secret && textAt(known, "managed_resource.id") === target["id"];
    if (!isRight) throw new Refused("401 Unauthorized");
    return textAt(known, "owner.id");
  }
}
