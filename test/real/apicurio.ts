/**
 * Apicurio Registry for tests: a registry that no one here wrote, with the API of Confluent's, in memory. The newest
 * that the installed Java runs.
 */
import { join } from "node:path";
import { describeWith, javaVersion, JavaServer } from "./java.ts";
import { fetchOnce, type Fetched } from "./maven.ts";

const java = javaVersion();
const [version, jar] =
  java >= 21 ? ["3.3.3", "quarkus-run.jar"] : ["2.6.13.Final", "apicurio-registry-app-2.6.13.Final-runner.jar"];
const apicurio = await install();

async function install(): Promise<Fetched> {
  if (java < 17) return { missing: "Java 17 or newer is not installed" };
  const artifact = `-Dartifact=io.apicurio:apicurio-registry-app:${version}:tar.gz:all`;
  return fetchOnce(`apicurio-${version}`, "unpack", artifact);
}

/** A suite in which `startApicurio` works; skipped by name, with the reason, where it cannot. */
export function describeApicurio(name: string, suite: () => void): void {
  describeWith(apicurio.missing, `${name} ${version}`, suite);
}

export interface Apicurio {
  /** Base URL of the API that is Confluent's. */
  readonly url: string;
  /** Ends it for good. The end of its suite does the same. */
  stop(): Promise<void>;
}

/** Starts a registry; it takes 3 to 5 seconds. `compatibility` is what it demands where a subject says nothing else. */
export async function startApicurio(compatibility = "FULL_TRANSITIVE"): Promise<Apicurio> {
  const server = new JavaServer();
  // Without a host it would listen on every address.
  const options = ["http", "management"].flatMap((part) => [
    `-Dquarkus.${part}.host=127.0.0.1`,
    `-Dquarkus.${part}.port=0`,
  ]);
  const listening = /Listening on: (http:\/\/127\.0\.0\.1:\d+)/;
  const [, address] = await server.start(listening, ...options, "-jar", join(apicurio.folder!, jar));
  const url = `${address}/apis/ccompat/v7`;
  const body = JSON.stringify({ compatibility });
  const response = await fetch(`${url}/config`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body,
  });
  if (!response.ok) throw new Error(`Apicurio does not take ${body}: ${response.status} ${await response.text()}`);
  return { url, stop: () => server.stop() };
}
