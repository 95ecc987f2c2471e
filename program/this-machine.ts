/** What stays on this machine: made-up data may go there, and what is missing is created unasked. */
import { isIP } from "node:net";

/** Whether every broker is reached without leaving this machine. */
export function onThisMachine(brokers: readonly string[]): boolean {
  return brokers.every((broker) => isLoopback(broker.slice(0, broker.lastIndexOf(":"))));
}

/** Whether a host name or address, as a URL or a broker list has it, is this machine's own. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}
