/**
 * Compares the topics of a cluster with the catalogue before anything is sent. It uses KafkaJS, because librdkafka's client for
 * Node cannot read the settings of topics.
 */
import { Kafka, logLevel, type Admin } from "kafkajs";
import { UserError } from "../../program/command.ts";
import type { Logger } from "../../program/logger.ts";
import type { Topic } from "../../schemas/catalog.ts";
import { onThisMachine } from "../../program/this-machine.ts";
import { misadvertised } from "./advertised.ts";
import { kafkaJsSettings, type KafkaConfig } from "./config.ts";

export interface TopicDemands {
  readonly topics: readonly Topic[];
  /** Creates missing topics on any cluster; on this machine they always are. */
  readonly create: boolean;
  /** Time of the oldest record (milliseconds since 1970) of a recording; undefined for what happens now. */
  readonly oldest: number | undefined;
}

const topicResource = 2;

/** Throws UserError with everything that is wrong with the topics, or with the login. */
export async function checkTopics(config: KafkaConfig, demands: TopicDemands, log: Logger): Promise<void> {
  const kafka = new Kafka({
    ...kafkaJsSettings(config),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5_000,
    authenticationTimeout: 5_000,
    requestTimeout: 10_000,
    retry: { retries: 2 },
  });
  const admin = kafka.admin();
  const speak = muteNegativeTimers();
  try {
    await admin.connect();
    await compare(admin, config, demands, log);
  } catch (error) {
    throw error instanceof UserError ? error : explain(error as Error, config);
  } finally {
    await admin.disconnect().catch(() => {});
    speak();
  }
}

/** KafkaJS sometimes sets a timer in the past, and Node 24 warns of it on stderr. Returns a function that restores warnings. */
function muteNegativeTimers(): () => void {
  const warn = process.emitWarning.bind(process) as (...warning: unknown[]) => void;
  process.emitWarning = (...warning: unknown[]) => {
    if (warning[1] !== "TimeoutNegativeWarning") warn(...warning);
  };
  return () => (process.emitWarning = warn);
}

async function compare(admin: Admin, config: KafkaConfig, demands: TopicDemands, log: Logger): Promise<void> {
  const { topics, create, oldest } = demands;
  const present = new Set(await admin.listTopics());
  const missing = topics.filter(({ name }) => !present.has(name));
  const faults: string[] = [];
  if (missing.length > 0) {
    if (create || onThisMachine(config.brokers)) await createTopics(admin, missing, oldest, log);
    else
      faults.push(
        `${missing.map(({ name }) => name).join(", ")}: no such topic, or no right to see it. Deploy the platform, or add --create-topics`,
      );
  }
  const known = topics.filter(({ name }) => present.has(name));
  if (known.length > 0) {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: known.map(({ name }) => name) });
    for (const { name, partitions } of known) {
      const count = found.find((topic) => topic.name === name)?.partitions.length;
      if (count !== partitions)
        faults.push(
          `${name} has ${count} partitions, but ${partitions} in the catalogue and the ksqlDB statements: recreate it, or change schemas/catalog.ts`,
        );
    }
    if (oldest !== undefined) faults.push(...(await tooShort(admin, known, oldest, log)));
  }
  if (faults.length > 0)
    throw new UserError(`the topics cannot be used:${faults.map((fault) => `\n  ${fault}`).join("")}`);
}

/** A topic for a recording keeps everything: retention goes by the records' time, which is long ago. */
async function createTopics(
  admin: Admin,
  missing: readonly Topic[],
  oldest: number | undefined,
  log: Logger,
): Promise<void> {
  await admin.createTopics({
    topics: missing.map(({ name, partitions, retentionMs }) => ({
      topic: name,
      numPartitions: partitions,
      configEntries: [{ name: "retention.ms", value: String(oldest === undefined ? retentionMs : -1) }],
    })),
  });
  const kept = oldest === undefined ? "the catalogue's retention" : "no time limit, as a recording needs";
  log("info", `created ${missing.map(({ name }) => name).join(", ")} with ${kept}`);
}

/** A fault for each topic that would delete records as old as `oldest` at its next check. */
async function tooShort(admin: Admin, topics: readonly Topic[], oldest: number, log: Logger): Promise<string[]> {
  const retention = await readRetention(admin, topics);
  if (retention === undefined)
    log("warn", "this key may not read the settings of topics: the retention of the catalogue is assumed");
  return topics.flatMap(({ name, retentionMs }) => {
    const kept = retention === undefined ? retentionMs : (retention.get(name) ?? -1);
    if (kept < 0 || oldest >= Date.now() - kept) return [];
    return [
      `${name} keeps ${days(kept)} (retention.ms), and the recording starts ${days(Date.now() - oldest)} ago: ` +
        "Kafka would delete it. Set retention.ms of the topic to -1",
    ];
  });
}

/** For how many milliseconds each topic keeps a record, -1 for ever; undefined without the right to ask. */
async function readRetention(admin: Admin, topics: readonly Topic[]): Promise<Map<string, number> | undefined> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map(({ name }) => ({
        type: topicResource,
        name,
        configNames: ["retention.ms", "cleanup.policy", "message.timestamp.type"],
      })),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => {
        const setting = (name: string) => configEntries.find((entry) => entry.configName === name)?.configValue ?? "";
        const deletes =
          setting("cleanup.policy").includes("delete") && setting("message.timestamp.type") !== "LogAppendTime";
        return [resourceName, deletes ? Number(setting("retention.ms")) : -1];
      }),
    );
  } catch (error) {
    if (/authoriz/i.test((error as Error).message)) return undefined;
    throw error;
  }
}

function days(ms: number): string {
  return ms < 2 * 86_400_000 ? `${Math.round(ms / 3_600_000)} hours` : `${Math.round(ms / 86_400_000)} days`;
}

function explain(error: Error, config: KafkaConfig): UserError {
  const { brokers, login } = config;
  const { broker, message } = connectionFault(error) ?? {};
  const advertised = broker === undefined ? undefined : misadvertised(broker, message!, config);
  if (advertised !== undefined) return new UserError(advertised, { cause: error });
  const where = `Kafka at ${brokers.join(",")}`;
  const text = /SASL/i.test(error.name + error.message)
    ? `${where} refuses the login (${login?.mechanism}): ${error.message}. Check KAFKA_API_KEY, KAFKA_API_SECRET and KAFKA_SASL_MECHANISM.`
    : `${where} refuses a request about its topics: ${reasonOf(error)}.`;
  return new UserError(text, { cause: error });
}

/** The broker whose connection failed, and the reason: KafkaJS wraps them into the error of its retries. */
function connectionFault(error: unknown): { broker: string; message: string } | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { broker, message } = cause as Error & { broker?: unknown };
    if (typeof broker === "string") return { broker, message: message.replace(/^Connection error: /, "") };
  }
  return undefined;
}

/** KafkaJS reports several topics in one error without words of its own. */
function reasonOf(error: Error): string {
  if (!("errors" in error) || !Array.isArray(error.errors)) return error.message;
  const parts = (error.errors as (Error & { topic?: string })[]).map((part) => `${part.topic ?? ""}: ${part.message}`);
  return parts.join("; ");
}
