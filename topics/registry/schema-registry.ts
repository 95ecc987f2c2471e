/**
 * A client of Confluent's Schema Registry API, as far as we need it: look schemas up, register them.
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 *
 * The vendor's package brings 280 others for it, and its serializer registers a schema guessed from the first record.
 * An id is taken only if the schema that the registry keeps under it is ours: a lookup may answer with an echo of the
 * question (Confluent) or with a schema of other descriptions (Apicurio).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../program/command.ts";
import { type Access, type Answer as HttpAnswer, mayPass, Service } from "../../program/http.ts";
import { type Json, parseJson } from "../../program/json.ts";
import { avroText } from "../../schemas/avro-text.ts";
import { readSchema } from "../../schemas/avro.ts";
import { differences, sameSchema } from "./canonical.ts";
import type { RawTopic } from "../../schemas/catalog.ts";

export interface RegistryAccess extends Access {
  /** How long a question may take in all its attempts; 10 s if not given. */
  readonly patienceMs?: number;
}

/** What the registry has of a schema. */
export type Lookup =
  /** It has it; `described` says whether descriptions and other attributes of no effect on the wire are ours too. */
  | { readonly id: number; readonly described: "as here" | "otherwise" }
  /** It has not: the differences from the subject's latest version, one a line; none if there is no version. */
  | { readonly id: undefined; readonly differences: readonly string[] };

interface Answer extends HttpAnswer {
  readonly body: Json;
}

const ofKey = "Check its key and secret, and what the key may do: read the subject, and to register write it.";

const fixes = {
  401: ofKey,
  403: ofKey,
  // The words behind a 409 differ from registry to registry: shown, not read.
  409: "The schema is not compatible: add fields only, with a default.",
  422: "Is the schema valid, and may the subject be written to?",
  keyless: "It wants a key and a secret, and none are given.",
  later: "Try again later.",
  other: "Check the URL: it is what stands before /subjects.",
};

export class SchemaRegistry {
  /** Its URL, as messages name it: without query and credentials. */
  readonly url: string;
  readonly #service: Service;
  readonly #patienceMs: number | undefined;

  /** Throws UserError on a URL or credentials that cannot be meant. */
  constructor(access: RegistryAccess) {
    this.#service = new Service("Schema Registry", access, fixes, "application/vnd.schemaregistry.v1+json");
    this.url = this.#service.url;
    this.#patienceMs = access.patienceMs;
  }

  /** The id of a schema in a subject. Throws UserError where the registry cannot be asked. */
  async idOf(subject: string, schema: object): Promise<Lookup> {
    const found = (await this.#find(subject, schema)) ?? (await this.#latest(subject));
    if (found === undefined) return { id: undefined, differences: [] };
    if (!sameSchema(found.schema, schema, "wire"))
      return { id: undefined, differences: differences(found.schema, schema) };
    return { id: found.id, described: sameSchema(found.schema, schema, "full") ? "as here" : "otherwise" };
  }

  /** Registers a schema as the latest version of a subject. Throws UserError where the registry does not take it. */
  async register(subject: string, schema: object): Promise<void> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await this.#ask("POST", path, { schema: avroText(schema) });
    this.#mustBe(typeof answer.body["id"] === "number", "POST", path, answer);
  }

  /** The schema that an id stands for. Throws UserError where the registry does not know it. */
  async byId(id: number): Promise<object> {
    const found = await this.#read(`/schemas/ids/${id}`, id);
    if (found === undefined) throw new UserError(`Schema Registry at ${this.url} has no schema ${id}.`);
    return found.schema as object;
  }

  /** What the registry calls the same schema. */
  async #find(subject: string, schema: object) {
    // Confluent's compares texts: what was registered as it stands is found as it stands, or normalised if it was.
    for (const normalize of [true, false]) {
      const path = `/subjects/${encodeURIComponent(subject)}?normalize=${normalize}`;
      const answer = await this.#ask("POST", path, { schema: avroText(schema) });
      if (isNotFound(answer)) continue;
      const { id } = answer.body;
      this.#mustBe(typeof id === "number", "POST", path, answer);
      return this.#read(`/schemas/ids/${id as number}?subject=${encodeURIComponent(subject)}`, id as number);
    }
    return undefined;
  }

  #latest(subject: string) {
    return this.#read(`/subjects/${encodeURIComponent(subject)}/versions/latest`);
  }

  async #read(path: string, knownId?: number): Promise<{ id: number; schema: unknown } | undefined> {
    const answer = await this.#ask("GET", path);
    if (isNotFound(answer)) return undefined;
    const { schema, id = knownId } = answer.body;
    this.#mustBe(typeof schema === "string" && typeof id === "number", "GET", path, answer);
    // A schema of another language is not JSON: its text differs from ours.
    return { id: id as number, schema: parseJson(schema as string) ?? schema };
  }

  async #ask(method: string, path: string, question?: object): Promise<Answer> {
    const answer = await this.#service.ask(method, path, question, this.#patienceMs);
    const { status, headers, text } = answer;
    if (status === 401 || status === 403 || mayPass(status)) throw this.#service.fault(answer, `${method} ${path}`);
    const body = parseJson(text);
    if (body !== undefined) return { ...answer, body };
    throw new UserError(
      `${this.url} does not answer as a Schema Registry (${method} ${path}: ${status}, ` +
        `${headers.get("content-type") ?? "no content type"}). ${fixes.other}`,
    );
  }

  #mustBe(fine: boolean, method: string, path: string, answer: Answer): void {
    if (answer.status !== 200 || !fine) throw this.#service.fault(answer, `${method} ${path}`);
  }
}

/**
 * The ids of the topics' schemas, by subject; with `register` those that are missing are registered. `talk` gets a line
 * on whatever is remarkable. Throws one UserError that names everything that is not registered.
 */
export async function resolveSchemas(
  registry: SchemaRegistry,
  topics: readonly RawTopic[],
  { register }: { readonly register: boolean },
  talk: (line: string) => void,
): Promise<(subject: string) => number> {
  const ids = new Map<string, number>();
  const missing: string[] = [];
  for (const topic of topics) {
    const subject = `${topic}-value`;
    const schema = readSchema(topic);
    let found = await registry.idOf(subject, schema);
    if (found.id === undefined && register) {
      await registry.register(subject, schema);
      // A registry of several nodes may answer from one that has not heard of it yet.
      for (let i = 0; i < 4 && found.id === undefined; i++) {
        await sleep(i * 250);
        found = await registry.idOf(subject, schema);
      }
      if (found.id !== undefined) talk(`${subject}: registered as schema ${found.id}`);
    }
    if (found.id !== undefined) {
      ids.set(subject, found.id);
      if (found.described === "otherwise") talk(`${subject}: schema ${found.id} has other descriptions than here`);
    } else {
      const lines = found.differences.length > 0 ? found.differences : ["nothing is registered"];
      const more = lines.length > 8 ? [`and ${lines.length - 8} more`] : [];
      missing.push(`\n  ${subject}`, ...[...lines.slice(0, 8), ...more].map((line) => `\n    ${line}`));
    }
  }
  if (missing.length > 0)
    throw new UserError(
      `Schema Registry at ${registry.url} does not have these schemas:${missing.join("")}\n` +
        "Register them: run with --register, or deploy the infrastructure.",
    );
  return (subject) => {
    const id = ids.get(subject);
    if (id === undefined) throw new Error(`no schema of ${subject} was asked for`);
    return id;
  };
}

/** Subject, version or schema not found. A server of another kind answers 404 with its own code or none, ksqlDB 40400. */
function isNotFound({ status, body }: Answer): boolean {
  const code = body["error_code"];
  return status === 404 && typeof code === "number" && code > 40400 && code < 40500;
}
