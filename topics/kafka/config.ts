/** Which Kafka, and how to reach it: from the environment to the settings of the two clients. */
import { existsSync, readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import type { KafkaConfig as KafkaJsConfig, SASLOptions } from "kafkajs";
import type { Environment } from "../../program/environment.ts";
import { onThisMachine } from "../../program/this-machine.ts";
import { shown, shownPath } from "../../program/command.ts";

const protocols = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
const codecs = ["zstd", "lz4", "gzip", "none"] as const;
const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

export interface KafkaConfig {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[];
  readonly tls: boolean;
  /** The certificate authorities to trust, as PEM; undefined without TLS. */
  readonly authorities: string | undefined;
  readonly login:
    | { readonly mechanism: (typeof mechanisms)[number]; readonly key: string; readonly secret: string }
    | undefined;
  /** As KAFKA_COMPRESSION says; undefined: the best that the client was built with. */
  readonly compression: (typeof codecs)[number] | undefined;
  /** Bytes of records that may wait for their acknowledgement. */
  readonly bufferBytes: number;
}

/** Faults go into `environment`; the result is usable if it has none. */
export function readKafkaConfig(environment: Environment): KafkaConfig {
  const listed = environment.required("KAFKA_BOOTSTRAP_SERVERS", "the brokers, as host:9092, separated by commas");
  const brokers: string[] = [];
  let prefix: string | undefined;
  let wrong = false;
  for (const word of listed
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "")) {
    // Confluent Cloud shows its address as SASL_SSL://host:9092.
    const match = /^(?:([A-Z_]+):\/\/)?((?:\[[\da-fA-F:]+\]|[\w.-]+):(\d{1,5}))$/.exec(word);
    // Behind an @, since what stands before it may be a password.
    if (match === null || Number(match[3]) > 65_535) {
      wrong = true;
      environment.fault(
        `KAFKA_BOOTSTRAP_SERVERS has ${word.includes("@") ? word.replace(/^.*@/, "…@") : shown(word)}: host:port is expected`,
      );
    } else brokers.push(match[2]!);
    prefix ??= match?.[1];
  }
  if (listed !== "" && brokers.length === 0 && !wrong) environment.fault("KAFKA_BOOTSTRAP_SERVERS names no broker");
  const key = environment.text("KAFKA_API_KEY");
  const secret = environment.secret("KAFKA_API_SECRET");
  if ((key === undefined) !== (secret === undefined))
    environment.fault(
      `${key === undefined ? "KAFKA_API_KEY" : "KAFKA_API_SECRET"} is not set: key and secret go together`,
    );
  const mechanism = environment.choice("KAFKA_SASL_MECHANISM", mechanisms) ?? "PLAIN";
  const asked = environment.choice("KAFKA_SECURITY_PROTOCOL", protocols) ?? protocols.find((name) => name === prefix);
  const protocol = asked ?? (key === undefined ? "PLAINTEXT" : "SASL_SSL");
  const tls = protocol.endsWith("SSL");
  const login = protocol.startsWith("SASL") ? { mechanism, key: key ?? "", secret: secret ?? "" } : undefined;
  if (login !== undefined && key === undefined && secret === undefined)
    environment.fault(`KAFKA_API_KEY and KAFKA_API_SECRET are not set: ${protocol} needs them`);
  if (login === undefined && key !== undefined)
    environment.fault(`KAFKA_SECURITY_PROTOCOL is ${protocol}: with KAFKA_API_KEY it is SASL_SSL`);
  if (login !== undefined && !tls && !onThisMachine(brokers))
    environment.fault("KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT: it would send the secret unencrypted; use SASL_SSL");
  const trusted = tls ? authorities(environment) : undefined;
  const bufferBytes = environment.whole("KAFKA_BUFFER_MIB", 1, 2000) * 1024 * 1024;
  const compression = environment.choice("KAFKA_COMPRESSION", codecs);
  return { brokers, tls, compression, authorities: trusted, login, bufferBytes };
}

/** Settings of librdkafka: https://github.com/confluentinc/librdkafka/blob/v2.15.1/CONFIGURATION.md */
export function librdkafkaSettings({ brokers, tls, authorities: trusted, login }: KafkaConfig): Record<string, string> {
  return {
    "bootstrap.servers": brokers.join(","),
    "security.protocol": `${login === undefined ? "" : "sasl_"}${tls ? "ssl" : "plaintext"}`,
    ...(trusted === undefined ? {} : { "ssl.ca.pem": trusted }),
    ...(login === undefined
      ? {}
      : { "sasl.mechanisms": login.mechanism, "sasl.username": login.key, "sasl.password": login.secret }),
  };
}

/** Settings of KafkaJS, which asks for what librdkafka's client can not: the settings of topics. */
export function kafkaJsSettings({ brokers, tls, authorities: trusted, login }: KafkaConfig): KafkaJsConfig {
  const sasl = login && { mechanism: login.mechanism.toLowerCase(), username: login.key, password: login.secret };
  return {
    clientId: "tapeline",
    brokers: [...brokers],
    ssl: tls ? { ca: trusted! } : false,
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
  };
}

/** Where Linux distributions and macOS keep the authorities that they trust. */
const bundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** The named file, else the system's authorities, else (a slim container has none) those that come with Node. */
function authorities(environment: Environment): string {
  const named = environment.text("KAFKA_CA_FILE");
  const path =
    named ?? [process.env["SSL_CERT_FILE"], ...bundles].find((file) => file !== undefined && existsSync(file));
  if (path === undefined) return rootCertificates.join("\n");
  try {
    const text = readFileSync(path, "utf8");
    if (!text.includes("-----BEGIN CERTIFICATE-----"))
      environment.fault(`${path} (KAFKA_CA_FILE) has no certificate in PEM`);
    return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    environment.fault(`${shownPath(path)} (KAFKA_CA_FILE) cannot be read (${code}): the path of a file is expected`);
    return "";
  }
}
