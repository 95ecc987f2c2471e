/**
 * What must be there before the first statement is sent, since a server would find it out in the middle: the raw schemas
 * in the registry (without them ksqlDB registers its own, and the producer's are refused afterwards), and the topics.
 */
import { UserError } from "../../program/command.ts";
import { readSchema } from "../../schemas/avro.ts";
import { catalog, type RawTopic, rawTopics } from "../../schemas/catalog.ts";
import type { SchemaRegistry } from "../../topics/registry/schema-registry.ts";
import { changesOf, type Step } from "./plan.ts";
import type { Topics } from "./state.ts";
import { topicCure } from "./trouble.ts";

export interface Checks {
  /** What is missing or wrong: nothing can be sent. */
  readonly faults: readonly string[];
  /** What was not looked at, or cannot be. */
  readonly notes: readonly string[];
}

/**
 * Looks at what the plan's statements need, and at the topics of those that run: ksqlDB does not miss one that is gone.
 * `registry` is undefined where the environment names none.
 */
export async function check(
  plan: readonly Step[],
  topics: Topics,
  registry: SchemaRegistry | undefined,
): Promise<Checks> {
  const steps = plan.filter(({ desired, action }) => desired !== undefined && action !== "drop");
  const sent = changesOf(steps).map(({ desired }) => desired!);
  const raw = rawTopics.filter((name) => sent.some(({ topic, reads }) => topic === name && reads === undefined));
  const faults: string[] = [];
  const notes: string[] = [];
  if (registry !== undefined) for (const topic of raw) faults.push(...(await schemaFault(topic, registry)));
  else if (raw.length > 0)
    notes.push("raw schemas: not checked, since SCHEMA_REGISTRY_URL is not set. They must exist before the statements");
  if (typeof topics === "string") {
    if (steps.length > 0) notes.push(`topics: not checked, since ksqlDB does not show them: ${topics}`);
    return { faults, notes };
  }
  const deleted = plan.flatMap(({ sql, topic }) => (sql?.endsWith(" DELETE TOPIC;") ? topic : []));
  const kept = steps.filter(({ topic }) => !deleted.includes(topic));
  faults.push(...kept.flatMap((step) => topicFault(step, topics)));
  const written = sent.filter(
    ({ topic, reads }) => reads !== undefined && topics.has(topic) && !deleted.includes(topic),
  );
  if (written.length > 0)
    notes.push(
      `retention of ${written.map(({ topic }) => topic).join(", ")}: ksqlDB does not show it; where it is not the statement's ` +
        "RETENTION_MS, the server refuses that",
    );
  return { faults, notes };
}

async function schemaFault(topic: RawTopic, registry: SchemaRegistry): Promise<string[]> {
  try {
    const found = await registry.idOf(`${topic}-value`, readSchema(topic));
    if (found.id !== undefined) return [];
    const why = found.differences.slice(0, 8).join("; ") || "nothing is registered";
    return [`${topic}-value: ${why}. Deploy the infrastructure, or npm run producer -- --register.`];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [`${topic}-value: ${error.message}`];
  }
}

function topicFault({ action, desired }: Step, topics: ReadonlyMap<string, number>): string[] {
  const { topic, ast, reads, name } = desired!;
  const asked = ast.properties.find((property) => property.name === "PARTITIONS")?.value;
  const wanted = asked === undefined ? catalog.find((one) => one.name === topic)?.partitions : Number(asked);
  const found = topics.get(topic);
  if (found === undefined) {
    // With PARTITIONS, and for what a query writes, the server makes the topic when it makes the query.
    if ((reads !== undefined || asked !== undefined) && (action === "create" || action === "recreate")) return [];
    const runs = reads === undefined ? "" : `, and the query of ${name} writes it`;
    return [`topic ${topic}: it does not exist, or ksqlDB may not see it${runs}. ${topicCure(topic)}`];
  }
  // Of a topic that it may not look into it shows none.
  if (found === 0 || wanted === undefined || found === wanted) return [];
  return [
    `topic ${topic}: it has ${found} partitions, and ${wanted} are expected. Recreate it, or change schemas/catalog.ts and the statements.`,
  ];
}
