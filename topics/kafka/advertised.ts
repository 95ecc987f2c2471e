/**
 * A broker sends its clients on to the address that it advertises. One that means nothing from here (the name of a container,
 * a port that is not passed on) looks like a broker that is down: it is named as what it is.
 */
import type { KafkaConfig } from "./config.ts";

/** What is wrong, if a connection failed to an address that nobody here has named: `host:port`, and the reason. */
export function misadvertised(address: string, reason: string, { brokers }: KafkaConfig): string | undefined {
  if (address === "" || brokers.includes(address)) return undefined;
  return (
    `Kafka at ${brokers.join(",")} answers, and sends its clients on to ${address}, which cannot be reached from here ` +
    `(${reason}). Let the broker advertise an address that is known here (advertised.listeners in its settings), or make that one known.`
  );
}

/** The same of what librdkafka says in its log, as `sasl_ssl://host:9092/1: Failed to resolve 'host:9092': …`. */
export function misadvertisedIn(said: string, config: KafkaConfig): string | undefined {
  // Bootstrap addresses have no number of a broker behind them.
  const [, address, reason] = /^(?:[a-z_]+:\/\/)?([^/\s]+)\/\d+: (.+)$/s.exec(said) ?? [];
  return address === undefined ? undefined : misadvertised(address, reason!.replace(/\s*\(after .*$/s, ""), config);
}
