/**
 * What must be there before the first statement is sent, since a server would find it out in the middle: the raw schemas
 * in the registry (without them ksqlDB registers its own, and the producer's are refused afterwards), and the topics.
 */
import { UserError } from "../../command.ts";
import { readSchema } from "../../schemas/avro.ts";
import { catalog, type RawTopic, rawTopics } from "../../schemas/catalog.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import { cureOf } from "./cures.ts";
import type { Desired } from "./desired.ts";
import { changesOf, type Step } from "./plan.ts";
import type { Topics } from "./state.ts";

export interface Checks {
  /** What is missing or wrong: nothing can be sent. */
  readonly faults: readonly string[];
  /** What was not looked at, or can not be. */
  readonly notes: readonly string[];
}

/** Looks at what the plan's statements need. `registry` is undefined where the environment names none. */
export async function check(
  plan: readonly Step[],
  topics: Topics,
  registry: SchemaRegistry | undefined,
): Promise<Checks> {
  const sent = changesOf(plan).flatMap(({ action, desired }) => (action === "drop" ? [] : desired!));
  if (sent.length === 0) return { faults: [], notes: [] };
  const raw = rawTopics.filter((name) => sent.some(({ topic, reads }) => topic === name && reads === undefined));
  const faults: string[] = [];
  const notes: string[] = [];
  if (registry !== undefined) for (const topic of raw) faults.push(...(await schemaFault(topic, registry)));
  else if (raw.length > 0)
    notes.push(
      "raw schemas: not checked, since SCHEMA_REGISTRY_URL is not set. They must be there before the statements",
    );
  if (typeof topics === "string") {
    notes.push(`topics: not checked, since ksqlDB does not tell them: ${topics}`);
    return { faults, notes };
  }
  const deleted = plan.flatMap(({ sql, topic }) => (sql?.endsWith(" DELETE TOPIC;") ? topic : []));
  const kept = sent.filter(({ topic }) => !deleted.includes(topic));
  faults.push(...kept.flatMap((one) => topicFault(one, topics)));
  const written = kept.filter(({ topic, reads }) => reads !== undefined && topics.has(topic));
  if (written.length > 0)
    notes.push(
      `retention of ${written.map(({ topic }) => topic).join(", ")}: ksqlDB does not tell it; where it is not the statement's ` +
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

function topicFault({ topic, ast, reads }: Desired, topics: ReadonlyMap<string, number>): string[] {
  const asked = ast.properties.find(({ name }) => name === "PARTITIONS")?.value;
  const wanted = asked === undefined ? catalog.find(({ name }) => name === topic)?.partitions : Number(asked);
  const found = topics.get(topic);
  // With PARTITIONS, and for what a query writes, the server makes the topic itself.
  if (found === undefined && (reads !== undefined || asked !== undefined)) return [];
  if (found === undefined)
    return [`topic ${topic}: there is none, or ksqlDB may not see it. ${cureOf("Topic does not exist")}`];
  // Of a topic that it may not look into it tells none.
  if (found === 0 || wanted === undefined || found === wanted) return [];
  return [
    `topic ${topic}: it has ${found} partitions, and ${wanted} are wanted. Create it anew, or change schemas/catalog.ts and the statements.`,
  ];
}
