/** Confluent Cloud and its provider: what is in what, and what the provider refuses by itself. */
import { nameOf, type Cloud } from "./cloud.ts";
import { Access, registryType } from "./confluent-access.ts";
import { credentials, ensureRegistry, findRegistry, registryKinds } from "./confluent-registry.ts";
import { fill, items, textAt, type Attributes } from "./values.ts";
import { Refused, type Kind, type Vendor } from "./vendor.ts";

export interface ConfluentOptions {
  /** What `rest_endpoint` of a ksqlDB cluster and of the Schema Registry says: a server that a test has. */
  readonly ksqldbUrl?: string;
  readonly registryUrl?: string;
}

const organization = "1e5a3f0c-7d42-4c1b-9a86-2b7d90c4e811";
const organizationCrn = `crn://confluent.cloud/organization=${organization}`;
const tiers = ["basic", "standard", "enterprise", "dedicated", "freight"];
const filled = /./s;

/** The topic settings that the provider updates. */
const editable =
  /^(cleanup\.policy|delete\.retention\.ms|max\.message\.bytes|(max|min)\.compaction\.lag\.ms|message\.timestamp\..*|min\.insync\.replicas|retention\..*|segment\..*|confluent\.(key|value)\..*|confluent\.schema\.validation\..*)$/;

/** What is particular to Confluent's provider, over what `cloud` holds. */
export function confluentVendor(cloud: Cloud, { ksqldbUrl, registryUrl }: ConfluentOptions): Vendor {
  const access = new Access(cloud);
  const { clusterOf } = access;

  function environmentOf(object: Attributes): Attributes {
    return cloud.get("confluent_environment", textAt(object, "environment.id"));
  }

  function hostOf(prefix: string, { region, cloud: provider }: Attributes): string {
    return `${prefix}.${region as string}.${(provider as string).toLowerCase()}.confluent.cloud`;
  }

  const kinds: Record<string, Kind> = {
    confluent_environment: {
      checks: { display_name: filled, "stream_governance.package": ["ESSENTIALS", "ADVANCED"] },
      create: () => {
        const id = `env-${cloud.random(6)}`;
        const resource_name = `${organizationCrn}/environment=${id}`;
        return { id, resource_name, stream_governance: [{ package: "ESSENTIALS" }] };
      },
    },

    confluent_kafka_cluster: {
      checks: {
        display_name: filled,
        availability: ["SINGLE_ZONE", "MULTI_ZONE", "LOW", "HIGH"],
        cloud: ["AWS", "AZURE", "GCP"],
        "dedicated.cku": /^[1-9]/,
      },
      means: { availability: (a, b) => [/LOW|SINGLE/, /HIGH|MULTI/].some((zones) => zones.test(a) && zones.test(b)) },
      waits: "tainted",
      plan: ({ prior, planned }) => {
        const tierOf = (one: Attributes) => tiers.find((tier) => items(one[tier]).length > 0);
        if (prior === null || tierOf(prior) === tierOf(planned)) return;
        if (tierOf(prior) !== "basic" || tierOf(planned) !== "standard")
          throw new Refused("clusters can only be upgraded from 'Basic' to 'Standard'");
      },
      create: (wanted) => {
        const environment = environmentOf(wanted);
        const id = `lkc-${cloud.random(6)}`;
        const host = hostOf(`pkc-${cloud.random(5)}`, wanted);
        ensureRegistry(cloud, environment, wanted, registryUrl);
        return {
          id,
          api_version: "cmk/v2",
          kind: "Cluster",
          bootstrap_endpoint: `SASL_SSL://${host}:9092`,
          rest_endpoint: `https://${host}:443`,
          rbac_crn: `${textAt(environment, "resource_name")}/cloud-cluster=${id}`,
          basic: [{ max_ecku: 50 }],
          standard: [{ max_ecku: 10 }],
        };
      },
      update: () => ({ standard: [{ max_ecku: 10 }] }),
      remove: ({ id }) => {
        const { deletion_protection } = cloud.get("confluent_kafka_cluster", id as string);
        if (deletion_protection === true)
          throw new Refused("400 Bad Request: deletion protection is enabled for the cluster");
      },
    },

    confluent_service_account: {
      checks: { display_name: filled },
      create: (wanted) => {
        const isTaken = cloud.find("confluent_service_account", nameOf(wanted)) !== undefined;
        if (isTaken) throw new Refused(`409 Conflict: Service name is already in use: ${nameOf(wanted)}`);
        return { id: `sa-${cloud.random(6)}`, api_version: "iam/v2", kind: "ServiceAccount" };
      },
    },

    confluent_role_binding: {
      checks: { principal: /^User:/, crn_pattern: /^crn:\/\// },
      local: ["disable_wait_for_ready"],
      waits: "tainted",
      create: (wanted) => {
        const [, account] = /^User:(sa-.*)$/.exec(textAt(wanted, "principal")) ?? [];
        if (account !== undefined) cloud.get("confluent_service_account", account);
        const part = /\/kafka=([^/]+)\/(topic|group|transactional-id)=/;
        const [, cluster, what] = part.exec(textAt(wanted, "crn_pattern")) ?? [];
        if (cluster !== undefined && items(cloud.get("confluent_kafka_cluster", cluster)["basic"]).length > 0)
          throw new Refused(`400 Bad Request: there are no roles for a ${what} of a Basic cluster`);
        return { id: `rb-${cloud.random(6)}` };
      },
    },

    confluent_api_key: {
      checks: {
        "owner.kind": ["User", "ServiceAccount"],
        "owner.api_version": ["iam/v2"],
        "owner.id": /^(sa|u)-/,
        "managed_resource.kind": ["Cluster", "Region", "Tableflow"],
        "managed_resource.api_version": ["cmk/v2", "fcpm/v2", "ksqldbcm/v2", "srcm/v2", "srcm/v3", "tableflow/v1"],
      },
      means: { "managed_resource.api_version": (a, b) => /^srcm/.test(a) && /^srcm/.test(b) },
      local: ["secret", "disable_wait_for_ready"],
      waits: "orphaned",
      create: (wanted) => {
        const [owner, target] = [textAt(wanted, "owner.id"), textAt(wanted, "managed_resource.id")];
        if (owner.startsWith("sa-")) cloud.get("confluent_service_account", owner);
        const [prefix] = target.split("-");
        const type = { lkc: "confluent_kafka_cluster", lsrc: registryType, lksqlc: "confluent_ksql_cluster" }[prefix!];
        const resource = type === undefined ? {} : cloud.get(type, target);
        if (prefix === "lksqlc") access.demand(owner, ["KsqlAdmin"], textAt(resource, "resource_name"));
        const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        return { id: cloud.random(16, letters), secret: cloud.random(64, `${letters}${letters.toLowerCase()}/+`) };
      },
    },

    confluent_kafka_topic: {
      checks: {
        ...credentials,
        topic_name: /^[a-zA-Z0-9._-]+$/,
        partitions_count: /^[1-9]/,
        "kafka_cluster.id": /^lkc-/,
      },
      local: ["credentials"],
      authorise: access.inCluster((topic) => fill("topic={topic_name}", topic)),
      plan: ({ prior, planned, replace }) => {
        const [before, after] = [prior ?? {}, planned].map((one) => Number(one["partitions_count"] ?? 0));
        if (after! < before!) replace.push(["partitions_count"]);
      },
      create: (wanted) => {
        const id = `${textAt(clusterOf(wanted), "id")}/${nameOf(wanted)}`;
        if (cloud.find("confluent_kafka_topic", id) !== undefined)
          throw new Refused(`400 Bad Request: Topic '${nameOf(wanted)}' already exists.`);
        return { id };
      },
      update: (wanted, prior) => {
        const [before, after] = [prior, wanted].map((one) => one["config"] as Attributes | null);
        for (const name of Object.keys({ ...before, ...after }))
          if (!editable.test(name) && before?.[name] !== after?.[name])
            throw new Refused(`"${name}" topic setting is read-only and cannot be updated.`);
        return {};
      },
    },

    confluent_kafka_acl: {
      checks: {
        ...credentials,
        resource_type: /^(UNKNOWN|ANY|TOPIC|GROUP|CLUSTER|TRANSACTIONAL_ID|DELEGATION_TOKEN)$/,
        pattern_type: /^(UNKNOWN|ANY|MATCH|LITERAL|PREFIXED)$/,
        operation:
          /^(UNKNOWN|ANY|ALL|READ|WRITE|CREATE|DELETE|ALTER|DESCRIBE|CLUSTER_ACTION|(DESCRIBE|ALTER)_CONFIGS|IDEMPOTENT_WRITE)$/,
        permission: /^(UNKNOWN|ANY|DENY|ALLOW)$/,
        "kafka_cluster.id": /^lkc-/,
      },
      local: ["credentials"],
      authorise: access.inCluster((acl) => {
        const type = textAt(acl, "resource_type").toLowerCase().replace("_", "-");
        return type === "cluster" ? "" : `${type}=${textAt(acl, "resource_name")}`;
      }),
      create: (wanted) => {
        const rule = "{resource_type}#{resource_name}#{pattern_type}#{principal}#{host}#{operation}#{permission}";
        return { id: `${textAt(clusterOf(wanted), "id")}/${fill(rule, wanted)}` };
      },
    },

    confluent_ksql_cluster: {
      checks: {
        display_name: filled,
        csu: /^[1-9]/,
        "credential_identity.id": /^(sa|u)-/,
        "kafka_cluster.id": /^lkc-/,
      },
      waits: "tainted",
      create: (wanted) => {
        const cluster = clusterOf(wanted);
        const registry = findRegistry(cloud, textAt(wanted, "environment.id"));
        if (registry === undefined) throw new Refused("404 Not Found: Schema Registry cluster not found");
        const subjects = `${textAt(registry, "resource_name")}/subject=*`;
        access.demand(textAt(wanted, "credential_identity.id"), ["ResourceOwner"], subjects);
        const [id, topic_prefix] = [`lksqlc-${cloud.random(6)}`, `pksqlc-${cloud.random(5)}`];
        return {
          id,
          api_version: "ksqldbcm/v2",
          kind: "Cluster",
          topic_prefix,
          storage: 125,
          rest_endpoint: ksqldbUrl ?? `https://${hostOf(topic_prefix, cluster)}:443`,
          resource_name: `${textAt(cluster, "rbac_crn")}/ksql=${id}`,
        };
      },
    },

    confluent_connector: {
      checks: { "kafka_cluster.id": /^lkc-/ },
      local: ["config_sensitive", "offsets"],
      waits: "tainted",
      create: (wanted) => {
        clusterOf(wanted);
        const { config_sensitive, config_nonsensitive } = wanted as Record<string, Attributes | null>;
        const config = { ...config_sensitive, ...config_nonsensitive };
        const missing = (name: string) => `"${name}" attribute is missing in "config_nonsensitive" block`;
        if (!config["name"]) throw new Refused(missing("name"));
        if (!config["connector.class"])
          throw new Refused(`error validating Connector config: ${missing("connector.class")}`);
        return { id: `lcc-${cloud.random(6)}`, status: "RUNNING" };
      },
      update: (wanted, prior) => {
        if (nameOf(wanted) !== nameOf(prior)) throw new Refused('"name" attribute cannot be updated');
        return {};
      },
    },

    confluent_provider_integration_setup: {
      checks: { cloud: ["AZURE", "GCP"], display_name: filled },
      create: (wanted) => {
        environmentOf(wanted);
        return { id: `cspi-${cloud.random(6)}`, status: "DRAFT" };
      },
    },

    confluent_provider_integration_authorization: {
      checks: { provider_integration_id: /^cspi-/ },
      create: (wanted) => {
        const id = textAt(wanted, "provider_integration_id");
        cloud.get("confluent_provider_integration_setup", id);
        return { id, gcp: [{ google_service_account: `${id}@cflt-prod.iam.gserviceaccount.com` }] };
      },
    },

    ...registryKinds(cloud, access),
  };

  return {
    kinds,
    data: {
      confluent_organization: () => ({ id: organization, resource_name: organizationCrn }),
      confluent_environment: ({ id, display_name }) =>
        cloud.get("confluent_environment", (id ?? display_name) as string),
      [registryType]: (config) => {
        const registry = findRegistry(cloud, textAt(environmentOf(config), "id"));
        if (registry === undefined) throw new Refused("Schema Registry cluster not found");
        return registry;
      },
    },
    configure: (config) => void (access.settings = config),
    error: "error",
    label: (type) => {
      const name = type.replace("confluent_", "");
      const words = name.split("_").map((word) => word[0]!.toUpperCase() + word.slice(1));
      return { api_key: "API Key", ksql_cluster: "ksqlDB Cluster", kafka_acl: "Kafka ACLs" }[name] ?? words.join(" ");
    },
  };
}
