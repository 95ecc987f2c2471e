/** The topics of the catalogue with their subjects: raw ones with the schema that the producer writes. */
import type { TerraformResourceLifecycle } from "cdktf";
import { Construct } from "constructs";
import { avroText } from "../../schemas/avro-text.ts";
import { readSchema } from "../../schemas/avro.ts";
import type { RawTopic, Topic } from "../../schemas/catalog.ts";
import {
  type DataConfluentSchemaRegistryCluster,
  type KafkaCluster,
  KafkaTopic,
  Schema,
  SubjectConfig,
} from "../bindings/confluent.ts";
import type { Login } from "./identity.ts";
import { literal } from "./literal-text.ts";

export interface TopicProps {
  readonly topic: Topic;
  readonly retentionMs: number;
  readonly cluster: KafkaCluster;
  readonly registry: DataConfluentSchemaRegistryCluster;
  /** Of the account that makes topics, and of the one that registers schemas. */
  readonly kafkaLogin: Login;
  readonly registryLogin: Login;
  readonly lifecycle: TerraformResourceLifecycle;
}

/** The subject of a topic's values, in the strategy that producer, ksqlDB and sink share. */
export function subjectOf(topic: string): string {
  return `${topic}-value`;
}

/**
 * A topic and its subject must agree: the registry refuses values that the readers of the topic
 * could not read. Derived values are registered by ksqlDB, raw ones here, before the first record.
 */
export class TopicWithSubject extends Construct {
  readonly topic: KafkaTopic;
  /** Undefined for a derived topic. */
  readonly schema: Schema | undefined;

  constructor(scope: Construct, id: string, props: TopicProps) {
    super(scope, id);
    const { topic, cluster, registry, lifecycle } = props;
    this.topic = new KafkaTopic(this, "topic", {
      topicName: topic.name,
      partitionsCount: topic.partitions,
      // Both are written out: a setting that is left out later would keep its value.
      config: { "cleanup.policy": "delete", "retention.ms": String(props.retentionMs) },
      kafkaCluster: { id: cluster.id },
      restEndpoint: cluster.restEndpoint,
      credentials: props.kafkaLogin,
      lifecycle,
    });
    const place = {
      subjectName: subjectOf(topic.name),
      schemaRegistryCluster: { id: registry.id },
      restEndpoint: registry.restEndpoint,
      credentials: props.registryLogin,
    };
    const compatibility = new SubjectConfig(this, "compatibility", { ...place, compatibilityLevel: "FULL_TRANSITIVE" });
    if (topic.writtenBy !== "producer") return;
    this.schema = new Schema(this, "schema", {
      ...place,
      format: "AVRO",
      // The registry's own text: the provider asks the registry whether another is the same, and has no key to ask with while
      // that is still to be made. The apply would then end with "Provider produced inconsistent final plan".
      schema: literal(avroText(readSchema(topic.name as RawTopic)), `schemas/${topic.name}.avsc`),
      // With true every later version would be refused at plan.
      recreateOnUpdate: false,
      dependsOn: [compatibility],
    });
  }
}
