/**
 * Google Cloud Storage, as far as Terraform's state needs it: objects by name, listed, read, written as multipart and deleted,
 * with the condition that a lock is written under: https://cloud.google.com/storage/docs/json_api/v1/objects
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { serve } from "../serve.ts";

export interface FakeGcs {
  /** For STORAGE_EMULATOR_HOST, which Google's clients read. */
  readonly host: string;
  /** Contents by name. */
  readonly objects: ReadonlyMap<string, Buffer>;
}

/** Starts one for the test that is running. */
export async function startFakeGcs(isBucketThere: () => boolean): Promise<FakeGcs> {
  const objects = new Map<string, Buffer>();
  const host = await serve(handle);
  return { host, objects };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { pathname, searchParams } = new URL(request.url!, "http://localhost");
    const [, listed] = /^\/storage\/v1\/b\/[^/]+\/o(\/?)$/.exec(pathname) ?? [];
    const [, described] = /^\/storage\/v1\/b\/[^/]+\/o\/(.+)$/.exec(pathname) ?? [];
    const [, media] = /^\/[^/]+\/(.+)$/.exec(pathname) ?? [];
    const answer = (status: number, content: unknown = "") => {
      const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
      const generation = { "x-goog-generation": "1", "x-goog-metageneration": "1" };
      response.writeHead(status, { "content-length": bytes.length, ...generation }).end(bytes);
    };
    const describe = (name: string) => ({
      name,
      bucket: "states",
      generation: "1",
      size: String(objects.get(name)?.length),
    });
    const missing = { error: { code: 404, message: "No such object" } };
    if (!isBucketThere()) return answer(404, { error: { code: 404, message: "The specified bucket does not exist." } });
    if (request.method === "POST") {
      const name = searchParams.get("name")!;
      if (searchParams.get("ifGenerationMatch") === "0" && objects.has(name))
        return answer(412, { error: { code: 412, message: "conditionNotMet" } });
      objects.set(name, contentOf(body, request.headers["content-type"]!));
      return answer(200, describe(name));
    }
    if (listed !== undefined) {
      const names = [...objects.keys()].filter((name) => name.startsWith(searchParams.get("prefix") ?? ""));
      return answer(200, { kind: "storage#objects", items: names.map(describe) });
    }
    const name = decodeURIComponent(described ?? media ?? "");
    if (request.method === "DELETE") return answer(objects.delete(name) ? 204 : 404);
    if (!objects.has(name)) return answer(404, missing);
    const isMedia = described === undefined || searchParams.get("alt") === "media";
    return answer(200, isMedia ? objects.get(name) : describe(name));
  }
}

/** The second part of a multipart body; the first is its description. */
function contentOf(body: Buffer, type: string): Buffer {
  const boundary = `--${/boundary="?([^";]+)/.exec(type)![1]!}`;
  const second = body.indexOf(boundary, boundary.length);
  const start = body.indexOf("\r\n\r\n", second) + 4;
  return body.subarray(start, body.indexOf(`\r\n${boundary}`, start));
}
