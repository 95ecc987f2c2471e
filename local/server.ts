/** The platform's HTTP port on this machine. It answers `POST /sql` for `npm run sql`, and `GET /metrics` for Prometheus. */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { UserError } from "../command.ts";
import type { Metrics } from "../producer/metrics.ts";
import { mark, publishAddress, withdrawAddress } from "../sql/ask.ts";
import { serveQuestion } from "../sql/serve.ts";
import type { Warehouse } from "../sql/duckdb/warehouse.ts";

const defaultPort = 8080;

export interface Service {
  readonly url: string;
  close(): void;
}

/** Listens on 127.0.0.1: on the port asked for, else on 8080 or, where that is taken, on any free one. */
export async function serve(
  dir: string,
  warehouse: Warehouse,
  port: number | undefined,
  metrics: Metrics,
): Promise<Service> {
  let token = "";
  const server = createServer((request, response) => {
    if (request.method === "POST" && request.url === "/sql") void serveQuestion(warehouse, token, request, response);
    else if (request.method === "GET" && request.url === "/metrics") void metrics.answer(response);
    else response.writeHead(404, { [mark]: "here" }).end("not found\n");
  });
  await listen(server, port);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  token = publishAddress(dir, url);
  return {
    url,
    close() {
      withdrawAddress(dir);
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server, port: number | undefined): Promise<void> {
  try {
    await once(server.listen(port ?? defaultPort, "127.0.0.1"), "listening");
  } catch (error) {
    if (port !== undefined)
      throw new UserError(`can not listen on port ${port}: ${(error as Error).message}. Choose another with --port.`, {
        cause: error,
      });
    await once(server.listen(0, "127.0.0.1"), "listening");
  }
}
