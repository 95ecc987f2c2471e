/**
 * A broker redirects its clients to the address that it advertises. One that cannot be reached from here (the name of a
 * container, a port that is not forwarded) looks like a broker that is down: the message says what it is.
 */
import type { KafkaConfig } from "./config.ts";

/** The message, if a connection failed to an address (`host:port`) that is not one of the configured brokers. */
export function misadvertised(address: string, reason: string, { brokers }: KafkaConfig): string | undefined {
  if (address === "" || brokers.includes(address)) return undefined;
  return (
    `Kafka at ${brokers.join(",")} answers, but advertises the address ${address}, which cannot be reached from here ` +
    `(${reason}). Set the broker's advertised.listeners to an address that can, or make that one reachable.`
  );
}

/** The same for a line of librdkafka's log, such as `sasl_ssl://host:9092/1: Failed to resolve 'host:9092': …`. */
export function misadvertisedIn(said: string, config: KafkaConfig): string | undefined {
  // Bootstrap addresses are not followed by the number of a broker.
  const [, address, reason] = /^(?:[a-z_]+:\/\/)?([^/\s]+)\/\d+: (.+)$/s.exec(said) ?? [];
  return address === undefined ? undefined : misadvertised(address, reason!.replace(/\s*\(after .*$/s, ""), config);
}
