/**
 * A Schema Registry over real HTTP, in memory: as Confluent's by its documentation and source (statuses, error codes,
 * content type, ids global per schema, versions per subject, a lookup that answers with the text it was asked), and
 * with faults on demand. Compatibility is FULL_TRANSITIVE, as avsc judges it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import avsc from "avsc";
import { serve } from "./serve.ts";

/** `none` lets a request pass. */
type Fault = "none" | "hang" | "drop" | FaultyAnswer;

interface FaultyAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeRegistry {
  readonly url: string;
  /** What it was asked: method and path, in order. */
  readonly requests: readonly string[];
  /** Answers the next requests with these, one each. */
  fail(...faults: readonly Fault[]): void;
}

interface Options {
  /** Wanted as basic authentication. */
  readonly credentials?: { readonly key: string; readonly secret: string };
  /** Whether `doc` makes another schema, as with Confluent's; without it as with Apicurio's. */
  readonly docCounts?: boolean;
}

/** Starts one for the test that is running. */
export async function startFakeRegistry({ credentials, docCounts = true }: Options = {}): Promise<FakeRegistry> {
  const requests: string[] = [];
  const faults: Fault[] = [];
  const subjects = new Map<string, { id: number; schema: string }[]>();
  /** The texts under which ids were given; the id is the place, from 1. */
  const texts: string[] = [];

  const host = await serve(handle);
  return {
    url: `http://${host}`,
    requests,
    fail: (...more) => void faults.push(...more),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    requests.push(`${request.method} ${request.url}`);
    const fault = faults.shift();
    if (fault === "hang") return;
    if (fault === "drop") return void request.socket.destroy();
    const send = (status: number, answer: unknown, headers = {}) =>
      response
        .writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json", ...headers })
        .end(typeof answer === "string" ? answer : JSON.stringify(answer));
    if (fault !== undefined && fault !== "none")
      return void send(fault.status, fault.body ?? { error_code: fault.status, message: "on demand" }, fault.headers);
    const basic = credentials && Buffer.from(`${credentials.key}:${credentials.secret}`).toString("base64");
    if (basic !== undefined && request.headers.authorization !== `Basic ${basic}`)
      return void send(401, { error_code: 401, message: "Unauthorized" });
    const [status, answer] = answerTo(request.method!, new URL(request.url!, "http://fake"), body);
    send(status, answer);
  }

  function answerTo(method: string, url: URL, body: string): [number, unknown] {
    const path = decodeURIComponent(url.pathname);
    const [, id] = /^\/schemas\/ids\/(\d+)$/.exec(path) ?? [];
    if (method === "GET" && id !== undefined) {
      const schema = texts[Number(id) - 1];
      return schema === undefined ? error(404, 40403, `Schema ${id} not found`) : [200, { schema }];
    }
    const [, subject, what, number] = /^\/subjects\/([^/]+)(\/versions)?(?:\/(\w+))?$/.exec(path) ?? [];
    if (subject === undefined || method !== (number === undefined ? "POST" : "GET"))
      return error(404, 404, "HTTP 404 Not Found");
    const versions = subjects.get(subject) ?? [];
    const describe = (version: number) => ({ subject, version, ...versions[version - 1]! });
    const noSubject = error(404, 40401, `Subject '${subject}' not found.`);
    if (number !== undefined) {
      if (versions.length === 0) return noSubject;
      const version = number === "latest" ? versions.length : Number(number);
      return version <= versions.length ? [200, describe(version)] : error(404, 40402, `Version ${number} not found.`);
    }

    const asked = parse((JSON.parse(body) as { schema: string }).schema);
    if (asked === undefined) return error(422, 42201, "Invalid schema");
    const schema = JSON.stringify(url.searchParams.get("normalize") === "true" ? normalise(asked) : asked);
    const isSame = (other: string) => other === schema || (!docCounts && withoutDoc(other) === withoutDoc(schema));
    const known = versions.findIndex((version) => isSame(version.schema)) + 1;
    if (what === undefined) {
      if (versions.length === 0) return noSubject;
      return known === 0 ? error(404, 40403, "Schema not found") : [200, { ...describe(known), schema }];
    }
    if (known > 0) return [200, { id: versions[known - 1]!.id }];
    if (!versions.every((version) => compatible(version.schema, schema)))
      return error(409, 40901, `Schema being registered is incompatible with an earlier schema for "${subject}"`);
    const given = texts.findIndex(isSame) + 1 || texts.push(schema);
    subjects.set(subject, [...versions, { id: given, schema }]);
    return [200, { id: given }];
  }
}

function error(status: number, code: number, message: string): [number, unknown] {
  return [status, { error_code: code, message }];
}

function parse(schema: string): unknown {
  try {
    const parsed = JSON.parse(schema) as avsc.Schema;
    avsc.Type.forSchema(parsed);
    return parsed;
  } catch {
    return undefined;
  }
}

/** Each can read what the other wrote. */
function compatible(one: string, other: string): boolean {
  const [a, b] = [one, other].map((schema) => avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema));
  try {
    a!.createResolver(b!);
    b!.createResolver(a!);
    return true;
  } catch {
    return false;
  }
}

/** Attributes in one order, the namespace by itself, `{"type": "string"}` as "string". */
function normalise(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(normalise);
  if (typeof part !== "object" || part === null) return part;
  const { namespace, ...rest } = part as Record<string, unknown>;
  const [, space, name] = /^(?:(.*)\.)?([^.]*)$/.exec(String(rest["name"])) ?? [];
  const named: Record<string, unknown> = "fields" in rest ? { ...rest, name, namespace: space ?? namespace } : rest;
  const entries = Object.entries(named)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 1 && typeof named["type"] === "string") return named["type"];
  return Object.fromEntries(entries.map(([key, value]) => [key, normalise(value)]));
}

function withoutDoc(schema: string): string {
  return JSON.stringify(normalise(JSON.parse(schema)), (key, value: unknown) => (key === "doc" ? undefined : value));
}
