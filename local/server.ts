/** The platform's HTTP port on this machine. It answers `POST /sql` for `npm run sql`, and `GET /metrics` for Prometheus. */
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { UserError } from "../program/command.ts";
import type { Metrics } from "../producer/metrics.ts";
import { proofFor, proofHeader, publishAddress, withdrawAddress } from "../sql/address.ts";
import { Questions } from "../sql/serve.ts";
import type { Warehouse } from "../sql/duckdb/warehouse.ts";

const defaultPort = 8080;

export interface Service {
  readonly url: string;
  /** Ends every answer; resolves when none of them uses the warehouse any more. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1: on the port asked for, otherwise on 8080 or, if that is taken, on any free one. */
export async function serve(
  dir: string,
  warehouse: Warehouse,
  port: number | undefined,
  metrics: Metrics,
): Promise<Service> {
  const token = randomBytes(16).toString("hex");
  const questions = new Questions(warehouse, token);
  const server = createServer((request, response) => {
    response.setHeader(proofHeader, proofFor(token, request));
    if (request.method === "POST" && request.url === "/sql") void questions.handle(request, response);
    else if (request.method === "GET" && request.url === "/metrics") void metrics.answer(response);
    else response.writeHead(404).end("not found\n");
  });
  const close = async () => {
    withdrawAddress(dir, token);
    server.close();
    await questions.close();
    server.closeAllConnections();
  };
  await listen(server, port);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    publishAddress(dir, url, token);
  } catch (error) {
    // A process that listens does not end.
    await close();
    throw error;
  }
  return { url, close };
}

async function listen(server: Server, port: number | undefined): Promise<void> {
  try {
    await once(server.listen(port ?? defaultPort, "127.0.0.1"), "listening");
  } catch (error) {
    if (port !== undefined)
      throw new UserError(`cannot listen on port ${port}: ${(error as Error).message}. Choose another with --port.`, {
        cause: error,
      });
    await once(server.listen(0, "127.0.0.1"), "listening");
  }
}
