/** Which Kafka, and how to reach it: from the environment to the settings of the two clients. */
import { existsSync, readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import type { KafkaConfig as KafkaJsConfig, SASLOptions } from "kafkajs";
import type { Environment } from "../../program/environment.ts";
import { onThisMachine } from "../../program/this-machine.ts";
import { shownPath } from "../../program/command.ts";
import { anyText, choice, type Form, list, secretText, whole } from "../../program/forms.ts";

const protocols = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
const codecs = ["zstd", "lz4", "gzip", "none"] as const;
const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

/** Confluent Cloud shows its address as SASL_SSL://host:9092. */
const broker = /^(?:([A-Z_]+):\/\/)?((?:\[[\da-fA-F:]+\]|[\w.-]+):(\d{1,5}))$/;

const brokerForm: Form<string> = {
  expected: "host:port",
  // What stands before an @ may be a password, and the ellipsis keeps the rest from being shown as well.
  parse: (text, wrong) => (Number(broker.exec(text)?.[3] ?? NaN) <= 65_535 ? text : wrong(text.replace(/^.*@/, "…@"))),
};

export const kafkaVariables = {
  KAFKA_BOOTSTRAP_SERVERS: {
    form: list(brokerForm),
    doc: "The brokers as host:9092, separated by commas; 127.0.0.1:9092 for one on this machine.",
  },
  KAFKA_API_KEY: { form: anyText, doc: "Key and secret (or user and password) of SASL; without them: no login." },
  KAFKA_API_SECRET: { form: secretText, doc: "The key's secret." },
  KAFKA_SECURITY_PROTOCOL: {
    form: choice(...protocols),
    doc: "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. Default: SASL_SSL with a key, otherwise PLAINTEXT.",
  },
  KAFKA_SASL_MECHANISM: {
    form: choice(...mechanisms),
    default: "PLAIN",
    doc: "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
  },
  KAFKA_CA_FILE: { form: anyText, doc: "Certificate authorities to trust, PEM. Default: the system's." },
  KAFKA_COMPRESSION: {
    form: choice(...codecs),
    doc: "zstd, lz4 (less CPU), gzip or none. Default: zstd if the client has it, otherwise lz4.",
  },
  KAFKA_BUFFER_MIB: {
    form: whole(1, 2000),
    default: "32",
    doc: "Records that may wait for Kafka, in MiB; with more the producer stops reading from the exchange.",
  },
} as const;

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
  environment.required(kafkaVariables, "KAFKA_BOOTSTRAP_SERVERS");
  const values = environment.read(kafkaVariables);
  const { KAFKA_API_KEY: key, KAFKA_API_SECRET: secret, KAFKA_SASL_MECHANISM: mechanism } = values;
  const listed = (values.KAFKA_BOOTSTRAP_SERVERS ?? []).map((one) => broker.exec(one)!);
  const brokers = listed.map((match) => match[2]!);
  const prefix = listed.find((match) => match[1] !== undefined)?.[1];
  if ((key === undefined) !== (secret === undefined))
    environment.fault(
      `${key === undefined ? "KAFKA_API_KEY" : "KAFKA_API_SECRET"} is not set: key and secret go together`,
    );
  const asked = values.KAFKA_SECURITY_PROTOCOL ?? protocols.find((name) => name === prefix);
  const protocol = asked ?? (key === undefined ? "PLAINTEXT" : "SASL_SSL");
  const tls = protocol.endsWith("SSL");
  const login = protocol.startsWith("SASL") ? { mechanism, key: key ?? "", secret: secret ?? "" } : undefined;
  if (login !== undefined && key === undefined && secret === undefined)
    environment.fault(`KAFKA_API_KEY and KAFKA_API_SECRET are not set: ${protocol} needs them`);
  if (login === undefined && key !== undefined)
    environment.fault(`KAFKA_SECURITY_PROTOCOL is ${protocol}: with KAFKA_API_KEY it is SASL_SSL`);
  if (login !== undefined && !tls && !onThisMachine(brokers))
    environment.fault("KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT: it would send the secret unencrypted; use SASL_SSL");
  const trusted = tls ? authorities(environment, values.KAFKA_CA_FILE) : undefined;
  const bufferBytes = values.KAFKA_BUFFER_MIB * 1024 * 1024;
  return { brokers, tls, compression: values.KAFKA_COMPRESSION, authorities: trusted, login, bufferBytes };
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

/** Settings of KafkaJS, which reads the settings of topics; librdkafka's client cannot. */
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
function authorities(environment: Environment, named: string | undefined): string {
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
