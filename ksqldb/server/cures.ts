/** What helps where a server refuses a statement, by its words. */
const cures: readonly [RegExp, string][] = [
  [
    /processing\.guarantee/,
    "Every query must run exactly once, and this server lets nobody say so: set ksql.streams.processing.guarantee=exactly_once_v2 " +
      "in its configuration (in Confluent Cloud ALTER SYSTEM 'processing.guarantee'='exactly_once_v2' in the ksql command line). " +
      "Then statements are sent without it.",
  ],
  [/exists, with different/, "Give the topic the PARTITIONS and RETENTION_MS of the statement, in the infrastructure."],
  [/opic .* does not exist/, "Create the topic: deploy the infrastructure, or npm run producer -- --create-topics."],
  [/already exists|does not exist|this source/, "The server has changed meanwhile: look at what plan says now."],
  [/not upgradeable|not yet supported/, "DROP it by hand, which keeps its topic: apply makes it anew."],
  [/exceed|limit/i, "The cluster runs as many queries as it may: terminate others, or take a larger one."],
  [/uthoriz|denied/, "ksqlDB's own account lacks a right: to the topic, its group, or the subject of its schema."],
  [/ncompatible|NAME_MISMATCH|chema Registry/, "Look who registered the topic's subject, and its compatibility."],
];

export function cureOf(message: string): string {
  return cures.find(([pattern]) => pattern.test(message))?.[1] ?? "Mend the statement, or what it needs.";
}
