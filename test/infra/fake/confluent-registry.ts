/** The Schema Registry of an environment, as Confluent's provider meets it. */
import avsc from "avsc";
import type { Cloud } from "./cloud.ts";
import { registryType, type Access } from "./confluent-access.ts";
import { allAt, at, canonical, fill, textAt, unknown, type Attributes } from "./values.ts";
import { Refused, type Kind } from "./vendor.ts";

/** It comes with the environment's first Kafka cluster. */
export function ensureRegistry(
  cloud: Cloud,
  environment: Attributes,
  cluster: Attributes,
  url: string | undefined,
): void {
  if (findRegistry(cloud, textAt(environment, "id")) !== undefined) return;
  const id = `lsrc-${cloud.random(6)}`;
  const [region, provider] = [textAt(cluster, "region"), textAt(cluster, "cloud")];
  const rest_endpoint = url ?? `https://psrc-${cloud.random(5)}.${region}.${provider.toLowerCase()}.confluent.cloud`;
  cloud.put(registryType, {
    id,
    display_name: "Stream Governance Package",
    environment: [{ id: environment["id"]! }],
    package: at(environment, "stream_governance.package"),
    region,
    cloud: provider,
    rest_endpoint,
    catalog_endpoint: rest_endpoint,
    resource_name: `${textAt(environment, "resource_name")}/schema-registry=${id}`,
    api_version: "srcm/v3",
    kind: "Cluster",
  });
}

/** The registry of an environment. */
export function findRegistry(cloud: Cloud, environmentId: string): Attributes | undefined {
  return cloud.all(registryType).find((one) => textAt(one, "environment.id") === environmentId);
}

const filled = /./s;
export const credentials = { "credentials.key": filled, "credentials.secret": filled, rest_endpoint: /^http/ };

/** The types that live in a registry. */
export function registryKinds(cloud: Cloud, access: Access): Record<string, Kind> {
  /** The versions of a subject outlive the resource that registered them; the places of all texts are their ids. */
  const [versionsType, textType] = ["subject_versions", "schema_text"];
  const versionsOf = (subject: string) => (cloud.find(versionsType, subject)?.["versions"] ?? []) as readonly string[];
  const place = (pattern: string) => (object: Attributes) => ({
    id: `${textAt(access.registryOf(object), "id")}/${fill(pattern, object)}`,
  });
  const subjectOf = (object: Attributes) => place("{subject_name}")(object).id;

  function judge(object: Attributes): void {
    const config = cloud.find("confluent_subject_config", subjectOf(object));
    const level = textAt(config, "compatibility_level") || "BACKWARD";
    const before = textAt(object, "format") === "AVRO" ? versionsOf(subjectOf(object)) : [];
    const wrong = incompatibilities(level, before, textAt(object, "schema")).join(" ");
    if (wrong !== "") throw new Refused(`error validating a schema: [${wrong} {compatibility: '${level}'}]`);
  }

  function register(object: Attributes): Attributes {
    judge(object);
    const [schema, subject] = [textAt(object, "schema"), subjectOf(object)];
    const known = versionsOf(subject);
    const isNew = canonicalSchema(known.at(-1) ?? "") !== canonicalSchema(schema);
    const versions = isNew ? [...known, schema] : known;
    cloud.put(versionsType, { id: subject, versions });
    cloud.put(textType, { id: schema });
    const schema_identifier = 100_001 + cloud.all(textType).findIndex(({ id }) => id === schema);
    const id = `${subject}/${object["recreate_on_update"] === true ? schema_identifier : "latest"}`;
    return { id, schema_identifier, version: versions.length };
  }

  return {
    confluent_schema: {
      checks: { ...credentials, format: ["AVRO", "JSON", "PROTOBUF"], subject_name: filled },
      means: { schema: (a, b) => canonicalSchema(a) === canonicalSchema(b) },
      local: ["credentials", "hard_delete", "recreate_on_update", "skip_validation_during_plan"],
      authorise: access.inSubject,
      plan: (change) => {
        const { prior, config } = change;
        // Texts are compared by the registry, which is not queried before there is a key for it.
        const isAsked = !allAt(change.planned, "credentials.key").includes(unknown);
        if (!isAsked) change.planned = { ...change.planned, schema: config["schema"]! };
        const { planned } = change;
        if (prior === null || typeof planned["schema"] !== "string" || planned["schema"] === prior["schema"]) return;
        const how = "set recreate_on_update = false to evolve a schema using the same resource instance.";
        if (planned["recreate_on_update"] === true)
          throw new Refused(`reimport the current resource instance and ${how}`);
        const isValidated = isAsked && planned["skip_validation_during_plan"] !== true;
        if (!isValidated || !textAt(planned, "schema_registry_cluster.id")) return;
        try {
          judge(planned);
        } catch (error) {
          throw new Refused(`error validating Schema: ${(error as Error).message}`, { whole: true });
        }
      },
      read: (object) => ({ ...object, schema: keptText(textAt(object, "schema")) }),
      create: register,
      update: (wanted, prior) => (wanted["schema"] === prior["schema"] ? {} : register(wanted)),
      // Earlier versions stay.
      remove: (prior) => {
        const id = subjectOf(prior);
        cloud.put(versionsType, { id, versions: versionsOf(id).slice(0, -1) });
      },
    },

    confluent_subject_config: {
      checks: {
        ...credentials,
        compatibility_level: /^((BACKWARD|FORWARD|FULL)(_TRANSITIVE)?|NONE)$/,
        subject_name: filled,
      },
      local: ["credentials"],
      authorise: access.inSubject,
      create: (wanted) => ({ id: subjectOf(wanted), compatibility_level: "BACKWARD" }),
    },

    confluent_tag: {
      checks: { ...credentials, name: filled },
      local: ["credentials"],
      authorise: (tag) => void access.inRegistry(tag),
      create: (wanted) => ({ ...place("{name}")(wanted), version: 1, entity_types: ["cf_entity"] }),
    },

    confluent_tag_binding: {
      checks: { ...credentials, tag_name: filled, entity_name: filled, entity_type: filled },
      local: ["credentials", "disable_wait_for_ready"],
      authorise: (binding) => void access.inRegistry(binding),
      create: place("{tag_name}/{entity_name}/{entity_type}"),
    },
  };
}

/** The same for texts that differ in white space and in the order of names only. */
function canonicalSchema(text: string): string {
  try {
    return canonical(JSON.parse(text));
  } catch {
    return text.replace(/\s+/g, " ").trim();
  }
}

const attributes = "type name namespace doc fields symbols size items values".split(" ");
const attributesOfField = "name type doc default order aliases".split(" ");

/** The text under which the registry keeps an Avro schema: compact, in Avro's order, what Avro does not know last. */
export function keptText(text: string): string {
  return JSON.stringify(JSON.parse(text), (_, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    const isField = "name" in part && !["fields", "symbols", "size"].some((own) => own in part);
    const known = isField ? attributesOfField : attributes;
    const rank = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => rank(a) - rank(b)));
  });
}

/** Why an Avro schema is not compatible with the versions before it, in the registry's words. */
function incompatibilities(level: string, before: readonly string[], schema: string): string[] {
  const others = level.endsWith("_TRANSITIVE") ? before : before.slice(-1);
  const messages = others.flatMap((other) => [
    ...(/BACKWARD|FULL/.test(level) ? unreadable(schema, other) : []),
    ...(/FORWARD|FULL/.test(level) ? unreadable(other, schema) : []),
  ]);
  return [...new Set(messages)];
}

function unreadable(reader: string, writer: string): string[] {
  try {
    const [one, other] = [reader, writer].map((text) => avsc.Type.forSchema(JSON.parse(text) as avsc.Schema));
    one!.createResolver(other!);
    return [];
  } catch (error) {
    const { message } = error as Error;
    const kind = message.includes("default-less") ? "READER_FIELD_MISSING_DEFAULT_VALUE" : "TYPE_MISMATCH";
    return [`{errorType:'${kind}', description:'${message}'}`];
  }
}
