/**
 * What must be there before the first statement is sent, since a server would find it out in the middle: the raw schemas
 * in the registry (without them ksqlDB registers its own, and the producer's are refused afterwards), and the topics.
 */
import { UserError } from "../../command.ts";
import { readSchema } from "../../schemas/avro.ts";
import { catalog, rawTopics } from "../../schemas/catalog.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import type { Desired } from "./desired.ts";
import type { Step } from "./plan.ts";
import type { State } from "./state.ts";

export interface Checks {
  /** What is missing or wrong: nothing can be sent. */
  readonly faults: readonly string[];
  /** What was not looked at, or can not be. */
  readonly notes: readonly string[];
}

/** Looks at what the plan's new sources need. `registry` is undefined where the environment names none. */
export async function check(
  plan: readonly Step[],
  { topics }: State,
  registry: SchemaRegistry | undefined,
): Promise<Checks> {
  const made = plan.flatMap(({ action, desired }) => (action === "create" || action === "recreate" ? desired! : []));
  const gone = plan.flatMap(({ sql, topic }) => (sql?.endsWith(" DELETE TOPIC;") ? topic : []));
  const found = await checkSchemas(made, registry);
  if (typeof topics === "string") {
    const notes = made.length === 0 ? [] : [`topics: not checked, since ksqlDB does not tell them: ${topics}`];
    return { faults: found.faults, notes: [...found.notes, ...notes] };
  }
  const kept = made.filter(({ topic, reads }) => reads !== undefined && topics.has(topic) && !gone.includes(topic));
  const retention =
    `retention of ${kept.map(({ topic }) => topic).join(", ")}: ksqlDB does not tell it. Where it is not the statement's ` +
    'RETENTION_MS, the server refuses the statement: a topic that "already exists, with different … retention"';
  return {
    faults: [
      ...found.faults,
      ...made.filter(({ topic }) => !gone.includes(topic)).flatMap((one) => topicFault(one, topics)),
    ],
    notes: [...found.notes, ...(kept.length > 0 ? [retention] : [])],
  };
}

async function checkSchemas(made: readonly Desired[], registry: SchemaRegistry | undefined) {
  const raw = rawTopics.filter((name) => made.some(({ topic, reads }) => reads === undefined && topic === name));
  const faults: string[] = [];
  const notes = [
    "raw schemas: not checked, since SCHEMA_REGISTRY_URL is not set. They must be there before the statements",
  ];
  if (registry === undefined) return { faults, notes: raw.length === 0 ? [] : notes };
  for (const topic of raw) {
    try {
      const { id, ...rest } = await registry.idOf(`${topic}-value`, readSchema(topic));
      if (id !== undefined || !("differences" in rest)) continue;
      const why = rest.differences.length === 0 ? "nothing is registered" : rest.differences.slice(0, 8).join("; ");
      faults.push(`${topic}-value: ${why}. Deploy the infrastructure, or npm run producer -- --register.`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      faults.push(`${topic}-value: ${error.message}`);
    }
  }
  return { faults, notes: [] };
}

function topicFault({ topic, ast, reads }: Desired, topics: ReadonlyMap<string, number>): string[] {
  const asked = ast.properties.find(({ name }) => name === "PARTITIONS")?.value;
  const wanted = asked === undefined ? catalog.find(({ name }) => name === topic)?.partitions : Number(asked);
  const found = topics.get(topic);
  // With PARTITIONS, and for what a query writes, the server makes the topic itself.
  if (found === undefined)
    return reads !== undefined || asked !== undefined
      ? []
      : [
          `topic ${topic}: there is none, or ksqlDB may not see it (the server would say: Topic '${topic}' does not exist). ` +
            "Deploy the infrastructure, or npm run producer -- --create-topics.",
        ];
  if (found === 0 || wanted === undefined || found === wanted) return [];
  return [
    `topic ${topic}: it has ${found} partitions, and ${wanted} are wanted (the server would say: A Kafka topic with the name ` +
      `'${topic}' already exists, with different partition/replica/retention configuration than required). ` +
      "Create it anew, or change schemas/catalog.ts and the statements.",
  ];
}
