/** The simulated exchange on a port of this machine: the feed, REST, and its own `POST /_/faults`. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { WebSocketServer } from "ws";
import { UserError } from "../program/command.ts";
import { expiredTimestamp, refuseSignature } from "./credentials.ts";
import { Connection, type House } from "./connection.ts";
import { Faults, readFault } from "./faults.ts";
import { Floor } from "./floor.ts";
import { Buckets } from "./limits.ts";
import type { Rules } from "./protocol.ts";
import { answer, refuse, type Answer } from "./rest.ts";
import { usual, type Settings } from "./settings.ts";
import { exchangeTime } from "./tape.ts";
import { Truth } from "./truth.ts";

export interface Exchange {
  /** The URL of the feed. With `/direct` appended, every subscribe must be signed. */
  readonly url: string;
  readonly rest: string;
  readonly faults: Faults;
  /** Ends every connection and flushes the truth log. */
  close(): Promise<void>;
}

const noFault = refuse(404, "Route not found");

/** Starts an exchange and its markets. Throws UserError if the port is taken. */
export async function startExchange(options: Partial<Settings> = {}): Promise<Exchange> {
  const settings = { ...usual, ...options };
  const { credentials, limits, longestMessage, signatureWindow } = settings;
  const server = createServer();
  const now = exchangeTime();
  const truth = new Truth(settings.truth, now);
  const connections = new Set<Connection>();
  const faults = new Faults(connections, truth);
  const floor = new Floor(settings, connections, truth, now);
  const house: House = { settings, floor, faults, truth, messages: new Buckets(limits.messages) };
  const handshakes = new Buckets(limits.handshakes);
  const requests = new Buckets(limits.requests);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: longestMessage });
  let accepted = 0;

  server.on("upgrade", (request: IncomingMessage, stream, head: Buffer) => {
    const socket = stream as Socket;
    const { path } = split(request);
    const refusal = path !== "/" && path !== "/direct" ? "404 Not Found" : admit(socket);
    socket.on("error", () => socket.destroy());
    if (refusal !== undefined) {
      return void socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const id = ++accepted;
      const rules: Rules = {
        isProduct: (product) => floor.listings.has(product),
        refuse: (signature) =>
          faults.take("expired-signature", { connection: id })
            ? expiredTimestamp
            : refuseSignature(signature, credentials, Date.now() / 1000, signatureWindow),
        signedOnly: path === "/direct",
      };
      truth.note("connect", { connection: id, path });
      const connection = new Connection(id, house, rules, ws, socket, () => connections.delete(connection));
      connections.add(connection);
      faults.connected(connection);
    });
  });

  /** Returns the status that refuses a handshake, or undefined to accept it. */
  function admit(socket: Socket): string | undefined {
    const isFaulty = faults.take("handshake-429") !== undefined;
    if (!isFaulty && handshakes.take(socket.remoteAddress ?? "")) return undefined;
    if (!isFaulty) truth.note("limit", { of: "handshakes" });
    return "429 Too Many Requests";
  }

  function get(request: IncomingMessage): Answer {
    const fault = faults.take("rest");
    if (fault !== undefined) return refuse(fault.code ?? 503, "A fault on demand");
    if (!requests.take(request.socket.remoteAddress ?? "")) {
      truth.note("limit", { of: "requests" });
      return refuse(429, "Too Many Requests");
    }
    const { path, query } = split(request);
    return answer(path, query, floor, now());
  }

  async function inject(request: IncomingMessage): Promise<Answer> {
    if (split(request).path !== "/_/faults") return noFault;
    try {
      faults.inject(readFault(JSON.parse(await text(request))));
      return { status: 200, body: {} };
    } catch (error) {
      return refuse(400, (error as Error).message);
    }
  }

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === "GET") reply(response, get(request));
    else if (request.method === "POST") void inject(request).then((done) => reply(response, done));
    else reply(response, noFault);
  });

  await listen(server, settings.port);
  for (const fault of settings.faults) faults.inject(fault);
  floor.start();

  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    rest: `http://127.0.0.1:${port}`,
    faults,
    async close() {
      floor.stop();
      faults.close();
      for (const connection of [...connections]) connection.terminate();
      server.close();
      server.closeAllConnections();
      truth.close();
      await once(server, "close");
    },
  };
}

function split({ url = "/" }: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = "/", query] = url.split("?", 2);
  return { path, query: new URLSearchParams(query) };
}

function reply(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "public, max-age=1",
    "Access-Control-Expose-Headers": "cb-before, cb-after",
    ...headers,
  });
  response.end(JSON.stringify(body));
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch (error) {
    throw new UserError(
      `the simulated exchange cannot listen on port ${port}: ${(error as Error).message}. Choose another with --port.`,
      { cause: error },
    );
  }
}
