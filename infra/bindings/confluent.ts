/** The provider of Confluent Cloud with its resources, as far as they are used here. */
import { dataSource, optional, provider, required, resource } from "./kernel.ts";

const reference = { id: required.string() };

/** An API key of the cluster or registry that the resource lives in. */
const credentials = optional.block({ key: required.secret(), secret: required.secret() });

const object = { apiVersion: "string", kind: "string" } as const;

/** https://registry.terraform.io/providers/confluentinc/confluent/2.83.0/docs */
export class ConfluentProvider extends provider("confluentinc/confluent", {
  cloudApiKey: optional.secret(),
  cloudApiSecret: optional.secret(),
}) {}

export class Environment extends resource(
  "confluent_environment",
  {
    displayName: required.string(),
    streamGovernance: optional.block({ package: required.string<"ESSENTIALS" | "ADVANCED">() }),
  },
  { resourceName: "string" },
) {}

const tier = optional.block({ maxEcku: optional.number() });

/** Of the tiers exactly one. */
export class KafkaCluster extends resource(
  "confluent_kafka_cluster",
  {
    displayName: required.string(),
    availability: required.string<"SINGLE_ZONE" | "MULTI_ZONE">(),
    cloud: required.string<"GCP">(),
    region: required.string(),
    basic: tier,
    standard: tier,
    environment: required.block(reference),
    deletionProtection: optional.bool(),
  },
  { ...object, bootstrapEndpoint: "string", restEndpoint: "string", rbacCrn: "string" },
) {}

/** There is none in an environment before its first Kafka cluster. */
export class DataConfluentSchemaRegistryCluster extends dataSource(
  "confluent_schema_registry_cluster",
  { environment: required.block(reference) },
  { ...object, resourceName: "string", restEndpoint: "string" },
) {}

export class KsqlCluster extends resource(
  "confluent_ksql_cluster",
  {
    displayName: required.string(),
    csu: required.number(),
    useDetailedProcessingLog: optional.bool(),
    credentialIdentity: required.block(reference),
    kafkaCluster: required.block(reference),
    environment: required.block(reference),
  },
  { ...object, restEndpoint: "string", topicPrefix: "string", resourceName: "string" },
) {}

export class Connector extends resource("confluent_connector", {
  environment: required.block(reference),
  kafkaCluster: required.block(reference),
  configNonsensitive: required.map(),
  configSensitive: optional.secretMap(),
}) {}

export class ServiceAccount extends resource(
  "confluent_service_account",
  { displayName: required.string(), description: optional.string() },
  object,
) {}

/** https://docs.confluent.io/cloud/current/security/access-control/rbac/predefined-rbac-roles.html */
export class RoleBinding extends resource("confluent_role_binding", {
  principal: required.string(),
  roleName: required.string<
    "CloudClusterAdmin" | "ResourceOwner" | "DeveloperManage" | "DeveloperRead" | "DeveloperWrite" | "KsqlAdmin"
  >(),
  crnPattern: required.string(),
  disableWaitForReady: optional.bool(),
}) {}

const kind = { apiVersion: required.string(), kind: required.string() };

/** Its id is the key. Without `managedResource` it is one of Confluent Cloud itself. */
export class ApiKey extends resource(
  "confluent_api_key",
  {
    displayName: optional.string(),
    description: optional.string(),
    owner: required.block({ ...reference, ...kind }),
    managedResource: optional.block({ ...reference, ...kind, environment: optional.block(reference) }),
    disableWaitForReady: optional.bool(),
  },
  { secret: "secret" },
) {}

export class KafkaAcl extends resource("confluent_kafka_acl", {
  resourceType: required.string<"CLUSTER" | "GROUP" | "TOPIC" | "TRANSACTIONAL_ID">(),
  resourceName: required.string(),
  patternType: required.string<"LITERAL" | "PREFIXED">(),
  principal: required.string(),
  host: required.string(),
  operation: required.string<"ALL" | "CREATE" | "DESCRIBE" | "DESCRIBE_CONFIGS" | "READ" | "WRITE">(),
  permission: required.string<"ALLOW" | "DENY">(),
  kafkaCluster: optional.block(reference),
  restEndpoint: optional.string(),
  credentials,
}) {}

export class KafkaTopic extends resource("confluent_kafka_topic", {
  topicName: required.string(),
  partitionsCount: optional.number(),
  config: optional.map(),
  kafkaCluster: optional.block(reference),
  restEndpoint: optional.string(),
  credentials,
}) {}

export class Schema extends resource("confluent_schema", {
  subjectName: required.string(),
  format: required.string<"AVRO">(),
  schema: optional.string(),
  recreateOnUpdate: optional.bool(),
  schemaRegistryCluster: optional.block(reference),
  restEndpoint: optional.string(),
  credentials,
}) {}

export class SubjectConfig extends resource("confluent_subject_config", {
  subjectName: required.string(),
  compatibilityLevel: optional.string<"FULL_TRANSITIVE">(),
  schemaRegistryCluster: optional.block(reference),
  restEndpoint: optional.string(),
  credentials,
}) {}
