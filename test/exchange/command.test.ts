import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, inject, it, onTestFinished } from "vitest";
import type { Credentials } from "../../exchange/credentials.ts";
import { bundleOf } from "../commands.ts";
import { newFolder } from "../folder.ts";
import type { Message } from "../local/tape-checker.ts";
import { Client, exchange, signature } from "./client.ts";

const command = [bundleOf(inject("commands"), "exchange/main.ts")];

function start(...args: string[]) {
  const child = spawn(process.execPath, [...command, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** The line that a running exchange prints. */
async function ready({ stdout }: { readonly stdout: NonNullable<ChildProcess["stdout"]> }) {
  const [line] = (await once(stdout, "data")) as [Buffer];
  return JSON.parse(line.toString()) as { url: string; rest: string; credentials: Credentials };
}

async function run(...args: string[]) {
  const child = start(...args);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code: child.exitCode, out, err };
}

it("prints its address on stdout, and ends at a signal with everything sent in the truth log", async () => {
  const file = join(newFolder(), "truth.jsonl");
  const child = start("--child", "--port", "0", "--truth", file, "--products", "6", "--seed", "7");
  const { url, rest, credentials } = await ready(child);
  expect([url, rest]).toEqual([expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+$/), url.replace("ws", "http")]);
  const client = await Client.connect(url);
  client.subscribe(["full"], ["BTC-USD", "SIM006-USD"], signature(Date.now() / 1000, credentials));
  await client.take(500);
  child.kill("SIGHUP");
  expect(await once(child, "exit")).toEqual([0, null]);
  await client.closed;
  const lines = new Set(readFileSync(file, "utf8").split("\n"));
  const missing = client.frames.slice(1).filter((frame: Message) => !lines.has(JSON.stringify(frame)));
  expect(missing).toEqual([]);
});

it("accepts faults and the ends of tapes on its command line", async () => {
  const ends = JSON.stringify({ "BTC-USD": { sequence: 1237, tradeId: 66 } });
  const { url } = await ready(start("--port", "0", "--wait", "--ends", ends, "--fault", "drop=2/full/BTC-USD"));
  const client = await Client.connect(url);
  client.subscribe(["full"]);
  await client.next("subscriptions");
  expect((await client.next())["sequence"]).toBe(1240);
  expect((await client.next("match"))["trade_id"]).toBe(67);
});

it("ends with its standard input when it is a child", async () => {
  const child = start("--port", "0", "--child");
  await ready(child);
  child.stdin.end();
  expect(await once(child, "exit")).toEqual([0, null]);
});

it("ends with a parent that is killed when it is a child", async () => {
  const script = `require("node:child_process").spawn(process.execPath, ${JSON.stringify([...command, "--port", "0", "--child"])}, { stdio: ["pipe", "inherit", "ignore"] })`;
  const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const { rest } = await ready(parent);
  expect((await fetch(`${rest}/time`)).status).toBe(200);
  parent.kill("SIGKILL");
  // The exchange holds the pipe open until it ends.
  await once(parent, "close");
  await expect(fetch(`${rest}/time`)).rejects.toThrow("fetch failed");
});

it("explains itself", async () => {
  const { code, out } = await run("--help");
  expect([code, out]).toEqual([0, expect.stringContaining("--fault")]);
});

it.each([
  [
    2,
    ["extra"],
    "unexpected argument, number 1 (not shown, in case it is a key); put -- before options. Try --help.\n\nnpm run exchange",
  ],
  [
    2,
    ["--rate", "fast"],
    "--rate is fast: a whole number from 1 to 1000000 is expected. Try --help.\n\nnpm run exchange",
  ],
  [2, ["--nonsense"], "Unknown option '--nonsense'. Try --help.\n\nnpm run exchange"],
  [2, ["--fault", "burn"], "kind must be one of drop"],
  [2, ["--ends", '{"BTC-USD":{"sequence":-1,"tradeId":0}}'], '{"BTC-USD":{"sequence":1237,"tradeId":66}} is expected.'],
  [2, ["--ends", "BTC"], "is expected."],
  [1, ["--port", "0", "--truth", "/nowhere/truth"], "/nowhere/truth"],
])("ends with %i and one clear message: %j", async (expected, args, message) => {
  const { code, out, err } = await run(...args);
  expect([code, out]).toEqual([expected, ""]);
  expect(err).toContain(message);
  expect(err).not.toContain("    at ");
});

it("names the fix if its port is taken", async () => {
  const { rest } = await exchange();
  const { code, err } = await run("--port", new URL(rest).port);
  expect(code).toBe(1);
  expect(err).toMatch(
    /^the simulated exchange cannot listen on port \d+: .*EADDRINUSE.*Choose another with --port\.\n$/,
  );
});
