/** The port on which a producer tells how it is: /metrics for Prometheus, /healthz and /readyz for whoever restarts it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../program/command.ts";
import type { Form } from "../program/forms.ts";
import type { Metrics } from "./metrics.ts";

export interface Monitor {
  readonly url: string;
  close(): void;
}

const form = /^(.+):(\d{1,5})$/;

export const monitorVariables = {
  METRICS_ADDRESS: {
    form: {
      expected: "host:port, such as 127.0.0.1:9464,",
      parse: (text, wrong) => (Number(form.exec(text)?.[2] ?? NaN) <= 65_535 ? text : wrong(text)),
    } satisfies Form<string>,
    default: "127.0.0.1:9464",
    doc: "Where the producer answers /metrics, /healthz and /readyz, host:port; port 0 takes a free one.",
  },
} as const;

/**
 * Listens on `host:port`. `unready` gives the reasons why the producer does not stream now; none when it does. The
 * process is healthy as long as it answers: an unrecoverable error ends it.
 */
export async function serveMonitor(address: string, metrics: Metrics, unready: () => string[]): Promise<Monitor> {
  const [, host, port] = form.exec(address)!;
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/metrics") void metrics.answer(response);
    else if (path === "/healthz") response.end("ok\n");
    else if (path === "/readyz") {
      const reasons = unready();
      response.writeHead(reasons.length === 0 ? 200 : 503).end(`${reasons.join("\n") || "ok"}\n`);
    } else response.writeHead(404).end("there are /metrics, /healthz and /readyz\n");
  });
  try {
    await once(server.listen(Number(port), host!.replace(/^\[(.*)\]$/, "$1")), "listening");
  } catch (error) {
    throw new UserError(
      `cannot listen on ${address}: ${(error as Error).message}. Set METRICS_ADDRESS to another port, or to port 0 for any.`,
      { cause: error },
    );
  }
  return {
    url: `http://${host!}:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
