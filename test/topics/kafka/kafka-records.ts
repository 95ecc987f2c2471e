/** Everything that a topic of Kafka holds, or of each partition the last records at least. */
import type { KafkaConfig } from "../../../topics/kafka/config.ts";
import { readKafka } from "../../../topics/kafka/read-kafka.ts";
import type { KeptRecord } from "../sink-contract.ts";

export async function readAll(config: KafkaConfig, topic: string, last = Infinity): Promise<KeptRecord[]> {
  const records: KeptRecord[] = [];
  for await (const batch of readKafka(config, topic, { last, follow: false }, new AbortController().signal))
    for (const { key, value, ...rest } of batch) records.push({ ...rest, key: key && key.toString(), value: value! });
  return records;
}

/** The configuration of a broker without TLS. */
export function plain(broker: string, bufferBytes = 32 * 1024 * 1024): KafkaConfig {
  return {
    brokers: [broker],
    tls: false,
    authorities: undefined,
    login: undefined,
    compression: undefined,
    bufferBytes,
  };
}
