/** A server that answers exactly as a real ksqlDB did, to the requests that were made of that one. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { type Exchange, ksqlOf } from "./exchanges.ts";

interface Asked {
  readonly line: string;
  readonly streamsProperties: unknown;
}

const lineOf = (method: string, path: string, ksql: string) => `${method} ${path}${ksql && ` ${ksql}`}`;

/** Answers each request with the last of `exchanges` that was recorded for it; what was not recorded with 418. */
export async function startReplay(...exchanges: readonly Exchange[]): Promise<{ url: string; asked: Asked[] }> {
  const answers = new Map(exchanges.map((one) => [lineOf(one.method, one.path, ksqlOf(one)), one]));
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { ksql, streamsProperties } = (body === "" ? { ksql: "" } : JSON.parse(body)) as {
        ksql: string;
        streamsProperties?: unknown;
      };
      const line = lineOf(request.method!, request.url!, ksql);
      asked.push({ line, streamsProperties });
      const found = answers.get(line);
      if (found === undefined) return response.writeHead(418).end();
      const type = found.contentType === null ? {} : { "content-type": found.contentType };
      return response.writeHead(found.status, type).end(JSON.stringify(found.response));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
