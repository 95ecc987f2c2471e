/**
 * Apache Kafka itself for tests: one node, on ports of 127.0.0.1, with and without TLS and passwords. It is what no mock
 * is: it has administration, retention, authentication, and a death with everything that follows.
 */
import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeWith, javaVersion, JavaServer } from "./java.ts";
import { fetchOnce, type Fetched } from "./maven.ts";

const run = promisify(execFile);
const kafka = await install();

async function install(): Promise<Fetched> {
  if (javaVersion() < 17) return { missing: "Java 17 or newer is not installed" };
  const openssl = await run("openssl", ["version"]).catch(() => undefined);
  if (openssl === undefined) return { missing: "openssl is not installed" };
  const pom = join(import.meta.dirname, "kafka.pom.xml");
  return fetchOnce("kafka-4.3.1", "copy-dependencies", "-f", pom, "-DincludeScope=runtime");
}

/** A suite in which `startKafka` works; skipped by name, with the reason, where it cannot. */
export function describeKafka(name: string, suite: () => void): void {
  describeWith(kafka.missing, name, suite);
}

export interface Kafka {
  /** Address of the listener without authentication. */
  readonly bootstrap: string;
  /** The listener for SASL_SSL with PLAIN; the certificate is for 127.0.0.1 and localhost. */
  readonly secure: {
    readonly bootstrap: string;
    readonly caFile: string;
    readonly user: string;
    readonly password: string;
  };
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again after a kill: the same addresses, and what it had stored. */
  restart(): Promise<void>;
  /** Ends it for good. The end of its suite does the same. */
  stop(): Promise<void>;
}

const user = "tapeline";
const password = "tapeline-secret";
const clusterId = "AAAAAAAAQACAAAAAAAAAAQ";

type Properties = Readonly<Record<string, string | number | boolean>>;

/**
 * Starts a broker; it takes 3 to 7 seconds. `properties` are more of server.properties, or others; where they are made, of
 * the address of the listener with passwords.
 */
export async function startKafka(properties: Properties | ((secure: string) => Properties) = {}): Promise<Kafka> {
  const server = new JavaServer();
  const { folder } = server;
  const [plain, secure, controller] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`);
  const caFile = await makeCertificates(folder);
  const config = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.bootstrap.servers": controller!,
    listeners: `PLAINTEXT://${plain},SASL_SSL://${secure},CONTROLLER://${controller}`,
    "advertised.listeners": `PLAINTEXT://${plain},SASL_SSL://${secure}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl_ssl.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required user_${user}="${password}";`,
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": join(folder, "broker.pem"),
    "log.dirs": join(folder, "data"),
    "auto.create.topics.enable": false,
    // One node holds everything that the cluster keeps for itself.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    // Consumers start at once; a killed broker is forgotten, and so let in again, sooner than after 9 s.
    "group.initial.rebalance.delay.ms": 0,
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    ...(typeof properties === "function" ? properties(secure!) : properties),
  };
  const file = join(folder, "server.properties");
  const lines = Object.entries(config).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(""));

  const log = "-Dorg.slf4j.simpleLogger";
  const java = [`${log}.defaultLogLevel=warn`, `${log}.log.kafka.server.KafkaRaftServer=info`];
  java.push("-cp", `${kafka.folder}/*`);
  const start = () => server.start(/Kafka Server started/, ...java, "kafka.Kafka", file);
  const format = ["format", "--standalone", "-t", clusterId, "-c", file];
  await server.run(...java, "kafka.tools.StorageTool", ...format);
  await start();
  return {
    bootstrap: plain!,
    secure: { bootstrap: secure!, caFile, user, password },
    kill: () => server.kill(),
    restart: async () => void (await start()),
    stop: () => server.stop(),
  };
}

/** An authority of its own; the broker's key and certificate in one PEM file, as a broker takes it. */
async function makeCertificates(folder: string): Promise<string> {
  const openssl = (line: string) => run("openssl", line.split(" "), { cwd: folder });
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  await openssl(`req -x509 ${key} -days 2 -subj /CN=tapeline-tests -keyout ca.key -out ca.pem`);
  await openssl(`req ${key} -subj /CN=localhost -keyout broker.key -out broker.csr`);
  writeFileSync(join(folder, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
  const signed = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names";
  await openssl(`x509 -req -in broker.csr ${signed} -out broker.crt`);
  const parts = ["broker.key", "broker.crt", "ca.pem"].map((name) => readFileSync(join(folder, name), "utf8"));
  writeFileSync(join(folder, "broker.pem"), parts.join(""));
  return join(folder, "ca.pem");
}

/**
 * A broker must know its ports, because it advertises them to its clients. They are below those that systems give to
 * clients, or one could be taken while the broker is down, even by a client that tries to reach it.
 */
async function freePorts(count: number): Promise<number[]> {
  for (;;) {
    const first = randomInt(10_000, 30_000);
    const ports = Array.from({ length: count }, (_, i) => first + i);
    const probes = ports.map((port) => createServer().listen(port, "127.0.0.1"));
    const free = await Promise.allSettled(probes.map((probe) => once(probe, "listening")));
    await Promise.all(probes.filter((probe) => probe.listening).map((probe) => once(probe.close(), "close")));
    if (free.every(({ status }) => status === "fulfilled")) return ports;
  }
}
