/** Confluent Cloud: the environment with its cluster and registry, who may do what there, topics, statements and the sink. */
import { Construct } from "constructs";
import { Fn, type TerraformResourceLifecycle } from "cdktf";
import { readStatements } from "../../ksqldb/statements.ts";
import { catalog, type Topic } from "../../schemas/catalog.ts";
import type { InfraConfig } from "./config.ts";
import {
  Connector,
  DataConfluentSchemaRegistryCluster,
  Environment,
  KafkaCluster,
  KsqlCluster,
} from "../bindings/confluent.ts";
import { Identity, makes, reads, writes, type KafkaRights, type Login } from "./identity.ts";
import { sinkSettings } from "./connector-settings.ts";
import { Statements } from "./statements.ts";
import { TerraformData } from "../bindings/terraform-data.ts";
import { subjectOf, TopicWithSubject } from "./topic-with-subject.ts";
import type { Warehouse } from "./warehouse.ts";

export interface StreamingProps {
  readonly config: InfraConfig;
  readonly projectDir: string;
  /** Id of the Google Cloud project. */
  readonly project: string;
  /** Where the sink writes. */
  readonly warehouse: Warehouse;
}

/** What is rare is kept as the catalogue says. */
const isOfExchange = ({ writtenBy, isRare }: Topic) => writtenBy === "producer" && isRare !== true;

const wholeCluster = { resourceType: "CLUSTER", resourceName: "kafka-cluster" } as const;

export class Streaming extends Construct {
  readonly environment: Environment;
  readonly cluster: KafkaCluster;
  readonly registry: DataConfluentSchemaRegistryCluster;
  readonly ksqldb: KsqlCluster;
  readonly connector: Connector;
  readonly connectorName: string;
  /** Keys of the programs that run outside. */
  readonly producer: { readonly kafka: Login; readonly registry: Login };
  readonly ksqldbLogin: Login;

  readonly #props: StreamingProps;
  readonly #lifecycle: TerraformResourceLifecycle;

  constructor(scope: Construct, id: string, props: StreamingProps) {
    super(scope, id);
    this.#props = props;
    const { config, project, warehouse } = props;
    const { prefix } = config;
    const { tier, availability, maxEcku } = config.cluster;
    this.#lifecycle = { preventDestroy: config.isProtected };

    this.environment = new Environment(this, "environment", {
      displayName: prefix,
      streamGovernance: { package: config.governance },
      lifecycle: this.#lifecycle,
    });
    this.cluster = new KafkaCluster(this, "cluster", {
      displayName: prefix,
      availability,
      cloud: "GCP",
      region: config.region,
      [tier]: maxEcku === undefined ? {} : { maxEcku },
      environment: { id: this.environment.id },
      deletionProtection: config.isProtected,
      lifecycle: this.#lifecycle,
    });
    this.registry = this.#readRegistry();

    const manager = this.#identity("manager", "Makes the topics and registers the schemas of Tapeline");
    manager.bind("cluster_admin", "CloudClusterAdmin", this.cluster.rbacCrn);
    const managerKafka = manager.key("kafka_key", "Terraform: topics and access rules", this.cluster);
    for (const { name } of catalog) manager.bind(`subject_${name}`, "ResourceOwner", this.#subject(subjectOf(name)));
    const managerRegistry = manager.key("registry_key", "Terraform: schemas", this.registry);

    const kafka: KafkaRights = { tier, cluster: this.cluster, login: managerKafka };
    const topics = new Construct(this, "topics");
    const made = catalog.map(
      (topic) =>
        new TopicWithSubject(topics, topic.name, {
          topic,
          retentionMs: (isOfExchange(topic) ? config.rawRetentionMs : undefined) ?? topic.retentionMs,
          cluster: this.cluster,
          registry: this.registry,
          kafkaLogin: managerKafka,
          registryLogin: managerRegistry,
          lifecycle: this.#lifecycle,
        }),
    );

    this.producer = this.#producer(kafka);
    const statements = this.#statements(kafka, managerRegistry, made);
    this.ksqldb = statements.cluster;
    this.ksqldbLogin = statements.login;

    this.connectorName = `${prefix}-bigquery`;
    // The provider plans another name as a change, and refuses it in the middle of the apply.
    const sinkName = new TerraformData(this, "sink_name", { input: { name: this.connectorName } });
    const connector = this.#identity("connector", "Reads the topics of Tapeline for BigQuery");
    connector.allow(
      [
        ...config.tables.map((name) => ({ on: "topic", name, ...reads }) as const),
        { on: "group", name: "connect-lcc", isPrefix: true, ...reads },
        ...makes("dlq-lcc"),
      ],
      kafka,
    );
    if (tier === "basic")
      connector.acl("describe_cluster", kafka, { ...wholeCluster, patternType: "LITERAL", operation: "DESCRIBE" });
    for (const name of config.tables)
      connector.bind(`subject_${name}`, "DeveloperRead", this.#subject(subjectOf(name)));
    this.connector = new Connector(this, "sink", {
      environment: { id: this.environment.id },
      kafkaCluster: { id: this.cluster.id },
      configSensitive: { keyfile: warehouse.sink.key },
      configNonsensitive: sinkSettings(config, {
        name: this.connectorName,
        project,
        dataset: warehouse.dataset.datasetId,
        serviceAccountId: connector.account.id,
      }),
      lifecycle: { replaceTriggeredBy: [sinkName.address] },
      dependsOn: [...connector.grants, ...made.map(({ topic }) => topic), statements.applied, ...warehouse.sinkNeeds],
    });
  }

  /** The dead letter queue: the sink makes it when it starts. */
  get deadLetters(): string {
    return `dlq-${this.connector.id}`;
  }

  /** As `host:9092`. */
  get bootstrapServers(): string {
    return Fn.trimprefix(this.cluster.bootstrapEndpoint, "SASL_SSL://");
  }

  /**
   * The registry comes with the first cluster, so it is read after it. A data source that named the cluster or the
   * environment, or depended on one, would be read during apply whenever that changes, and all that needs its values
   * (keys, roles, every schema) would be recreated. Between them stands a resource that never changes.
   */
  #readRegistry(): DataConfluentSchemaRegistryCluster {
    const anchor = new TerraformData(this, "registry_environment", {
      input: { environment: this.environment.id },
      dependsOn: [this.cluster],
    });
    return new DataConfluentSchemaRegistryCluster(this, "registry", {
      environment: { id: anchor.output("environment") },
    });
  }

  #identity(program: string, description: string): Identity {
    return new Identity(this, program, {
      program,
      description,
      environment: this.environment,
      config: this.#props.config,
    });
  }

  #subject(name: string): string {
    return `${this.registry.resourceName}/subject=${name}`;
  }

  #producer(kafka: KafkaRights): Streaming["producer"] {
    const raw = catalog.filter(({ writtenBy }) => writtenBy === "producer").map(({ name }) => name);
    const producer = this.#identity("producer", "Writes the raw topics of Tapeline, and reads them for npm run tail");
    producer.allow(
      [
        ...raw.flatMap((name) => [{ on: "topic", name, ...writes } as const, { on: "topic", name, ...reads } as const]),
        { on: "group", name: "tapeline-", isPrefix: true, ...reads },
      ],
      kafka,
    );
    for (const name of raw) producer.bind(`subject_${name}`, "DeveloperRead", this.#subject(subjectOf(name)));
    return {
      kafka: producer.key("kafka_key", "npm run producer", this.cluster),
      registry: producer.key("registry_key", "npm run producer: schemas", this.registry),
    };
  }

  /** The cluster of ksqlDB with the account that it runs as, and what it runs. */
  #statements(kafka: KafkaRights, registryLogin: Login, made: readonly TopicWithSubject[]) {
    const { config, projectDir } = this.#props;
    const account = this.#identity("ksqldb", "Runs the statements of Tapeline");
    // All subjects: those of its repartition and changelog topics have names of its own.
    const subjects = account.bind("subjects", "ResourceOwner", this.#subject("*"));
    const cluster = new KsqlCluster(this, "ksqldb_cluster", {
      displayName: config.prefix,
      csu: config.csu,
      // Market data in an error log helps no one; the statement and the error are logged without it.
      useDetailedProcessingLog: false,
      credentialIdentity: { id: account.account.id },
      kafkaCluster: { id: this.cluster.id },
      environment: { id: this.environment.id },
      dependsOn: [subjects],
    });
    this.#ksqldbRules(account, cluster, kafka);
    account.bind("admin", "KsqlAdmin", cluster.resourceName);
    const login = account.key("key", "Terraform and npm run ksqldb: statements", cluster);
    const { terraformResourceType: type, friendlyUniqueId: name } = cluster;
    const statements = new Statements(this, "statements", {
      cluster: `${type}.${name}`,
      server: { url: cluster.restEndpoint, login },
      registry: { url: this.registry.restEndpoint, login: registryLogin },
      projectDir,
      needs: [
        // A table without a new column would refuse records that have it.
        ...this.#props.warehouse.sinkNeeds,
        ...account.grants,
        ...made.flatMap(({ topic, schema }) => (schema === undefined ? topic : [topic, schema])),
      ],
      config,
    });
    return { cluster, login, applied: statements.applied };
  }

  /**
   * What ksqlDB may, in dev and in prod. By access rules on a standard cluster too: a role on a topic has no part that only
   * looks, and ksqlDB looks at all topics and groups. https://docs.confluent.io/cloud/current/ksqldb/ksqldb-cluster-managing-acls.html
   */
  #ksqldbRules(account: Identity, { topicPrefix }: KsqlCluster, kafka: KafkaRights): void {
    for (const operation of ["DESCRIBE", "DESCRIBE_CONFIGS"] as const) {
      const everything = { patternType: "LITERAL", operation } as const;
      account.acl(`cluster_${operation}`, kafka, { ...everything, ...wholeCluster });
      account.acl(`topics_${operation}`, kafka, { ...everything, resourceType: "TOPIC", resourceName: "*" });
      account.acl(`groups_${operation}`, kafka, { ...everything, resourceType: "GROUP", resourceName: "*" });
    }
    const internal = `_confluent-ksql-${topicPrefix}`;
    const transaction = { resourceType: "TRANSACTIONAL_ID" } as const;
    for (const operation of ["DESCRIBE", "WRITE"] as const) {
      // The server's own, in which it writes commands; and those of its queries, which begin with the query's application id.
      const server = { ...transaction, resourceName: topicPrefix, patternType: "LITERAL" } as const;
      account.acl(`transactions_${operation}`, kafka, { ...server, operation });
      const queries = { ...transaction, resourceName: internal, patternType: "PREFIXED" } as const;
      account.acl(`query_transactions_${operation}`, kafka, { ...queries, operation });
    }
    const own = { patternType: "PREFIXED", operation: "ALL" } as const;
    account.acl("log", kafka, { ...own, resourceType: "TOPIC", resourceName: topicPrefix });
    account.acl("internal_topics", kafka, { ...own, resourceType: "TOPIC", resourceName: internal });
    account.acl("internal_groups", kafka, { ...own, resourceType: "GROUP", resourceName: internal });
    const { sources, plans } = readStatements();
    for (const source of sources.values()) {
      const operation = plans.some(({ sink }) => sink === source) ? "ALL" : "READ";
      const topic = { resourceType: "TOPIC", resourceName: source.topic, patternType: "LITERAL" } as const;
      account.acl(`topic_${source.topic}`, kafka, { ...topic, operation });
    }
  }
}
