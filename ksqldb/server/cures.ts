/** What helps where a server refuses a statement, by its words. */
import { catalog } from "../../schemas/catalog.ts";

const cures: readonly [RegExp, string | ((topic: string) => string)][] = [
  [
    /processing\.guarantee/,
    "Every query must run exactly once, and this server does not let a request say so: set ksql.streams.processing.guarantee=exactly_once_v2 " +
      "in its configuration (in Confluent Cloud ALTER SYSTEM 'processing.guarantee'='exactly_once_v2' in the ksql command line). " +
      "Then statements are sent without it.",
  ],
  [/Not recognizable as .* property/, "This version of ksqlDB does not know the property: 0.28 or later is needed."],
  [/exists, with different/, "Give the topic the PARTITIONS and RETENTION_MS of the statement, in the infrastructure."],
  [/Non-windowed tables do not support retention/, "Take RETENTION_MS out of the statement: only windows have one."],
  [/Refusing to delete topic/, "Drop without --delete-topics: others use the topic."],
  [
    /soft deleted|clean up the schema registry/i,
    "Its subject was deleted halfway: DROP it without DELETE TOPIC, and delete the subject for good (permanent=true).",
  ],
  [/command topic/, "The server cannot use its own topic of commands: look at its log, and whether it reaches Kafka."],
  [/opic '?([\w.-]+)'? does not exist/, topicCure],
  [/already exists|does not exist|this source/, "The server has changed meanwhile: look at what plan says now."],
  [/not upgradeable|not yet supported/, "DROP it by hand, which keeps its topic: apply makes it again."],
  [/exceed|limit/i, "The cluster runs as many queries as it may: terminate others, or take a larger one."],
  [/uthoriz|denied/, "ksqlDB's own account lacks a right: to the topic, its group, or the subject of its schema."],
  [/ncompatible|NAME_MISMATCH|chema Registry/, "Look who registered the topic's subject, and its compatibility."],
];

/** What is known to help; undefined where nothing is. */
export function knownCure(message: string): string | undefined {
  for (const [pattern, cure] of cures) {
    const match = pattern.exec(message);
    if (match !== null) return typeof cure === "string" ? cure : cure(match[1] ?? "");
  }
  return undefined;
}

export function cureOf(message: string): string {
  return knownCure(message) ?? "Fix the statement, or what it needs.";
}

/** How a topic that is missing comes to be: whoever writes it makes it. */
export function topicCure(topic: string): string {
  const writer = catalog.find(({ name }) => name === topic)?.writtenBy;
  if (writer === "producer")
    return "Create the topic: deploy the infrastructure, or npm run producer -- --create-topics.";
  if (writer === undefined) return "Create the topic, or give the statement PARTITIONS: then ksqlDB makes it.";
  return (
    "Deploy the infrastructure, which makes the topic. On a Kafka of your own ksqlDB makes it with the statement: " +
    "drop what writes it, and what reads that (npm run ksqldb -- destroy), then apply."
  );
}
