import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Platform } from "../../local/platform.ts";
import { serve, type Service } from "../../local/server.ts";
import { Metrics } from "../../producer/metrics.ts";
import { openRecording } from "../../producer/coinbase/recording.ts";
import { ask, type Question } from "../../sql/ask.ts";
import { newFolder } from "../folder.ts";
import { makeTrades } from "../sql/made-trades.ts";
import { simulatedRecording } from "./simulated-recording.ts";

interface Served {
  readonly dir: string;
  readonly platform: Platform;
  readonly service: Service;
}

/** A platform with so many trades that a question about all of them takes many seconds. */
async function serveTrades(count: number): Promise<Served> {
  const dir = newFolder();
  const platform = await Platform.open(dir, "recording", () => {});
  const connection = await platform.warehouse.connect();
  await makeTrades(connection, count);
  platform.warehouse.disconnect(connection);
  const service = await serve(dir, platform.warehouse, undefined, new Metrics(platform.counters));
  onTestFinished(async () => {
    await service.close();
    await platform.close();
  });
  return { dir, platform, service };
}

const question = (name: string, timeoutMs = 60_000): Question => ({
  verb: "run",
  name,
  parameters: {},
  format: "csv",
  timeoutMs,
});

/** Asks, and reads nothing of the answer. */
function askOnly(
  { dir, service }: Served,
  asked: Question,
): { request: ClientRequest; answer: Promise<IncomingMessage> } {
  const { token } = JSON.parse(readFileSync(join(dir, "address.json"), "utf8")) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const asking = request(`${service.url}/sql`, { method: "POST", headers, agent: false });
  const answer = new Promise<IncomingMessage>((resolve) =>
    asking.on("response", (response) => resolve(response.pause())),
  );
  asking.on("error", () => {}).end(JSON.stringify(asked));
  return { request: asking, answer };
}

async function textOf({ dir }: Served, asked: Question): Promise<string> {
  let text = "";
  for await (const piece of (await ask(dir, asked, new AbortController().signal))!) text += piece;
  return text;
}

const secondsSince = (start: number) => (performance.now() - start) / 1000;

/** A recording of 2,000 frames is in the tables, and the platform ended, while its askers do what they do. */
async function expectUndisturbed({ platform, service }: Served): Promise<void> {
  let start = performance.now();
  await platform.run(await openRecording(simulatedRecording(2_000).file), new AbortController().signal);
  expect(secondsSince(start)).toBeLessThan(20);
  expect(platform.rows).toBeGreaterThan(2_000);
  start = performance.now();
  await service.close();
  await platform.close();
  expect(secondsSince(start)).toBeLessThan(5);
}

describe("the platform's tables fill, and it ends", () => {
  it("while twenty have asked for what takes long, and some of them have left", async () => {
    const served = await serveTrades(200_000);
    const askers = Array.from({ length: 20 }, () => askOnly(served, question("trades")).request);
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const asker of askers.slice(0, 10)) asker.destroy();
    await expectUndisturbed(served);
  });

  it("and a client is answered when all others have left", async () => {
    const served = await serveTrades(200_000);
    const askers = Array.from({ length: 20 }, () => askOnly(served, question("trades")).request);
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const asker of askers) asker.destroy();
    const start = performance.now();
    expect(await textOf(served, question("quarantine"))).toMatch(/^time,|^\w+,/);
    expect(secondsSince(start)).toBeLessThan(5);
  });

  it("while one has begun a question and never ends it", async () => {
    const served = await serveTrades(1);
    const { token } = JSON.parse(readFileSync(join(served.dir, "address.json"), "utf8")) as { token: string };
    const headers = { authorization: `Bearer ${token}`, expect: "100-continue" };
    const asking = request(`${served.service.url}/sql`, { method: "POST", headers, agent: false });
    asking.on("error", () => {}).flushHeaders();
    // The platform waits for the question now.
    await once(asking, "continue");
    await expectUndisturbed(served);
    asking.destroy();
  });

  it("while twenty ask for more than they read; each of them makes room for others after some seconds", async () => {
    const served = await serveTrades(200_000);
    const askers = Array.from({ length: 20 }, () => askOnly(served, question("coinbase_trades")));
    await Promise.all(askers.slice(0, 2).map(({ answer }) => answer));
    const start = performance.now();
    await Promise.all(askers.slice(2, 4).map(({ answer }) => answer));
    expect(secondsSince(start)).toBeGreaterThan(3);
    await expectUndisturbed(served);
    for (const asker of askers) asker.request.destroy();
  });
});

describe("an answer that takes longer than its asker allows", () => {
  it("is stopped, and the message explains how to get it", async () => {
    const served = await serveTrades(200_000);
    const start = performance.now();
    await expect(textOf(served, question("trades", 300))).rejects.toThrow(
      "trades was stopped after 0.3 s: ask for less, or give it longer with --timeout.",
    );
    expect(secondsSince(start)).toBeLessThan(5);
  });

  it("is stopped in the middle of its rows too, and does not look complete", async () => {
    const served = await serveTrades(200_000);
    const answer = (await ask(served.dir, question("coinbase_trades", 1_500), new AbortController().signal))!;
    let read = 0;
    const readSlowly = async () => {
      for await (const piece of answer) {
        read += piece.length;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await expect(readSlowly()).rejects.toThrow("coinbase_trades was stopped after 1.5 s");
    expect(read).toBeGreaterThan(100_000);
  });

  it("is reported as such if it has only waited for others", async () => {
    const served = await serveTrades(200_000);
    const askers = [1, 2].map(() => askOnly(served, question("trades")));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await expect(textOf(served, question("quarantine", 300))).rejects.toThrow(
      "other questions were still being answered after 0.3 s: ask again, or wait longer with --timeout.",
    );
    for (const asker of askers) asker.request.destroy();
  });
});
