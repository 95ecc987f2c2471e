/**
 * What must be there before the first statement is sent, since a server would find it out in the middle: the raw schemas
 * in the registry (without them ksqlDB registers its own, and the producer's are refused afterwards), and the topics.
 */
import { UserError } from "../../command.ts";
import { readSchema } from "../../schemas/avro.ts";
import { catalog, rawTopics } from "../../schemas/catalog.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import { changesOf, type Plan } from "./plan.ts";
import type { State } from "./state.ts";

export interface Checks {
  /** What was found missing or wrong: nothing can be sent. */
  readonly faults: readonly string[];
  /** What was not looked at, or can not be. */
  readonly notes: readonly string[];
}

/** Looks at what the plan's statements need. `registry` is undefined where the environment names none. */
export async function check(plan: Plan, state: State, registry: SchemaRegistry | undefined): Promise<Checks> {
  const faults: string[] = [];
  const notes: string[] = [];
  const sent = changesOf(plan).filter(({ action }) => action === "create" || action === "recreate");
  const declared = sent.filter(({ desired }) => desired?.ast.kind === "create");
  const derived = sent.filter(({ desired }) => desired?.ast.kind === "createAs");
  const raw = rawTopics.filter((topic) => declared.some((step) => step.topic === topic));

  if (raw.length > 0 && registry === undefined)
    notes.push(
      "raw schemas: not checked, SCHEMA_REGISTRY_URL is not set. They must be registered before the statements run",
    );
  for (const topic of registry === undefined ? [] : raw) {
    const subject = `${topic}-value`;
    try {
      const found = await registry!.idOf(subject, readSchema(topic));
      if (found.id !== undefined) continue;
      const what = found.differences.length === 0 ? ["nothing is registered"] : found.differences.slice(0, 8);
      faults.push(
        `${subject}: ${what.join("; ")}. Register it: deploy the infrastructure, or npm run producer -- --register`,
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      faults.push(`${subject}: ${error.message}`);
    }
  }

  const { topics } = state;
  if (typeof topics === "string") {
    if (sent.length > 0) notes.push(`topics: not checked (${topics})`);
    return { faults, notes };
  }
  for (const { topic, desired } of declared) {
    const asked = propertyOf(desired!.ast, "PARTITIONS");
    const wanted = asked ?? catalog.find(({ name }) => name === topic)?.partitions;
    const found = topics.get(topic);
    if (found === undefined) {
      // With PARTITIONS the server makes the topic itself.
      if (asked === undefined)
        faults.push(
          `topic ${topic}: there is none, or ksqlDB may not see it (the server would say: Topic '${topic}' does not exist). ` +
            "Deploy the infrastructure, or npm run producer -- --create-topics",
        );
    } else if (wanted !== undefined && found > 0 && found !== wanted)
      faults.push(
        `topic ${topic}: it has ${found} partitions, the catalogue ${wanted}. Create it anew, or change schemas/catalog.ts`,
      );
  }
  const kept: string[] = [];
  for (const { topic, desired } of derived) {
    const found = topics.get(topic);
    const wanted = propertyOf(desired!.ast, "PARTITIONS");
    const goes = plan.some(
      ({ action, topic: other, sql }) => action === "drop" && other === topic && /DELETE TOPIC/.test(sql!),
    );
    if (found === undefined || goes) continue;
    kept.push(topic);
    if (wanted !== undefined && found > 0 && found !== wanted)
      faults.push(
        `topic ${topic}: it has ${found} partitions, the statement asks for ${wanted} (the server would say: A Kafka topic with ` +
          `the name '${topic}' already exists, with different partition/replica/retention configuration than required). ` +
          "Create it anew, or change schemas/catalog.ts and the statement",
      );
  }
  if (kept.length > 0)
    notes.push(
      `retention of ${kept.join(", ")}: ksqlDB does not tell it. Where it is not the statement's RETENTION_MS, the server ` +
        "refuses the statement as one for a topic that exists with different retention",
    );
  return { faults, notes };
}

function propertyOf({ properties }: { properties: readonly { name: string; value: unknown }[] }, name: string) {
  const text = properties.find((property) => property.name === name)?.value;
  return text === undefined ? undefined : Number(text);
}
