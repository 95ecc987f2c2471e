import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { newCounters } from "../../producer/counters.ts";
import { Metrics } from "../../producer/metrics.ts";
import { serve } from "../../local/server.ts";
import { findPlatform } from "../../sql/address.ts";
import { ask } from "../../sql/ask.ts";
import { openWarehouse } from "../../sql/duckdb/warehouse.ts";
import { newFolder } from "../folder.ts";

const question = { verb: "run", name: "quarantine", parameters: {}, format: "csv", timeoutMs: 10_000 } as const;
const signal = new AbortController().signal;

/** A data directory on which a platform answers. */
async function served(): Promise<string> {
  const dir = newFolder();
  const warehouse = await openWarehouse(join(dir, "warehouse.duckdb"));
  const service = await serve(dir, warehouse, undefined, new Metrics(newCounters()));
  onTestFinished(async () => {
    await service.close();
    warehouse.close();
  });
  return dir;
}

it("a platform that runs on a directory is found there", async () => {
  const dir = await served();
  expect(await findPlatform(dir)).toMatchObject({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) as string });
});

it("the platform of a directory is not taken for one of its copy", async () => {
  const [dir, copy] = [await served(), newFolder()];
  for (const file of ["address.json", "warehouse.duckdb"])
    writeFileSync(join(copy, file), readFileSync(join(dir, file)));
  expect(await ask(copy, question, signal)).toBeUndefined();
});

it("a program that has the port of a killed platform is neither asked nor shown the token", async () => {
  const dir = await served();
  const path = join(dir, "address.json");
  const address = JSON.parse(readFileSync(path, "utf8")) as { token: string };
  const seen: [string | undefined, IncomingHttpHeaders][] = [];
  // It repeats whatever it receives, as a proxy for debugging does.
  const stranger = createServer((request, response) => {
    seen.push([request.method, request.headers]);
    const told = Object.entries(request.headers).filter(([name]) => name.startsWith("x-"));
    for (const [name, value] of told) response.setHeader(name.replace("-challenge", ""), value!);
    response.end("rows");
  });
  await once(stranger.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void stranger.close());
  writeFileSync(
    path,
    JSON.stringify({ ...address, url: `http://127.0.0.1:${(stranger.address() as AddressInfo).port}` }),
  );
  expect(await ask(dir, question, signal)).toBeUndefined();
  expect(seen.map(([method]) => method)).toEqual(["GET"]);
  expect(JSON.stringify(seen)).not.toContain(address.token);
});

it.each([
  ["", "is empty."],
  ['{"url":', "is damaged (it is not a JSON object or list)."],
  ['{"url":"http://127.0.0.1:8080"}', "is damaged (it does not have the expected content)."],
])("an address file of %j is reported with the fix", async (text, fault) => {
  const dir = await served();
  const path = join(dir, "address.json");
  writeFileSync(path, text);
  await expect(ask(dir, question, signal)).rejects.toThrow(
    `${path} ${fault} Stop the platform, if one runs there, and start it again: it writes the file.`,
  );
});
