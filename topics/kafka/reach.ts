/**
 * Connects to a broker before a client does. A client that meets a wrong port or an unknown certificate authority retries for
 * half a minute and then names only the transport: here each of these faults has its own message within seconds.
 */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { UserError } from "../../program/command.ts";
import type { KafkaConfig } from "./config.ts";

const patience = 5_000;

/** An ApiVersions request, version 0, without a client id: every broker answers it, before any login. */
const greeting = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

/** Resolves when one of the brokers answers as a Kafka broker. Throws UserError with what is wrong with each. */
export async function reachBroker({ brokers, tls, authorities }: KafkaConfig): Promise<void> {
  const faults: string[] = [];
  for (const broker of brokers) {
    const fault = await faultOf(broker, tls, authorities);
    if (fault === undefined) return;
    faults.push(`${broker}: ${fault}`);
  }
  throw new UserError(`cannot connect to Kafka. ${faults.join(" ")}`);
}

/** What is wrong with a broker; undefined if it answers. */
function faultOf(broker: string, tls: boolean, authorities: string | undefined): Promise<string | undefined> {
  const colon = broker.lastIndexOf(":");
  const host = broker.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  const port = Number(broker.slice(colon + 1));
  return new Promise((resolve) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const secure: ConnectionOptions = { host, port, ca: authorities, ...name };
    const socket: Socket = tls ? connectTls(secure) : connect({ host, port });
    const end = (fault: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(fault);
    };
    const timer = setTimeout(
      () => end(`no answer in ${patience / 1000} s. Check the address and the firewall.`),
      patience,
    );
    socket.once(tls ? "secureConnect" : "connect", () => socket.write(greeting));
    socket.once("data", (bytes) => end(tls || !isTlsAlert(bytes) ? undefined : wantsTls));
    socket.once("error", (error: NodeJS.ErrnoException) => end(explain(error, tls)));
    // A TLS listener closes a connection without TLS, with or without an alert, and the other way round.
    socket.once("close", () => end(tls ? wantsNone : wantsTls));
  });
}

const wantsTls = "it closed the connection, as a port for TLS does. Set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SSL.";

const wantsNone =
  "it closed the connection, as a port without TLS does. Set KAFKA_SECURITY_PROTOCOL to PLAINTEXT or SASL_PLAINTEXT, or use its port for TLS.";

function isTlsAlert(bytes: Buffer): boolean {
  return bytes[0] === 0x15 && bytes[1] === 0x03;
}

function explain({ code = "", message }: NodeJS.ErrnoException, tls: boolean): string {
  if (code === "ECONNREFUSED") return "nothing listens there (ECONNREFUSED). Is the broker running?";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `there is no such host (${code}). Check KAFKA_BOOTSTRAP_SERVERS.`;
  if (code === "ECONNRESET") return tls ? wantsNone : wantsTls;
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|INVALID_RECORD/.test(code)) return wantsNone;
  if (/CERT|UNABLE_TO|SIGNED|ALTNAME/.test(code))
    return `its certificate is not trusted: ${message} (${code}). Set KAFKA_CA_FILE to the file of its authority.`;
  return `${message}.`;
}
