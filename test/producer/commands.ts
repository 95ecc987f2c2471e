/** `npm run producer` as its tests run it, and what it reads. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { newFolder } from "../folder.ts";
import { startWith } from "../local/command.ts";
import { match } from "./coinbase/decode/frames.ts";

/** Nothing of this machine's own configuration. */
export const nothing = {
  COINBASE_KEY: "",
  COINBASE_SECRET: "",
  COINBASE_PASSPHRASE: "",
  KAFKA_BOOTSTRAP_SERVERS: "",
  SCHEMA_REGISTRY_URL: "",
  METRICS_ADDRESS: "127.0.0.1:0",
};

export function run(env: NodeJS.ProcessEnv, ...args: string[]) {
  return startWith({ ...nothing, ...env }, "producer", ...args);
}

export function recording(...frames: object[]): string {
  const path = join(newFolder(), "frames.txt");
  writeFileSync(path, `${frames.map((frame) => JSON.stringify(frame)).join("\n")}\n`);
  return path;
}

/** A recent event: topics delete what is older than their retention. */
export const recent = () => ({ ...match, time: new Date(Date.now() - 60_000).toISOString() });

/** A port on which nothing listens. */
export async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}
