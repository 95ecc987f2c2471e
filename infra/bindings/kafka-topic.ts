import { optional, required, resource } from "./kernel.ts";
import { credentials, reference } from "./shared.ts";

export class KafkaTopic extends resource(
  "confluent_kafka_topic",
  {
    topicName: required.string(),
    partitionsCount: optional.number(),
    config: optional.map(),
    kafkaCluster: optional.block(reference),
    restEndpoint: optional.string(),
    credentials,
  },
  {},
) {}
