/** What a command does when it is asked to stop, in processes of their own. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it, onTestFinished } from "vitest";
import { bundleOf } from "../commands.ts";
import { newFolder } from "../folder.ts";

const commandLine = [bundleOf(inject("commands"), "test/program/stopping-process.ts")];

/** The command at work. */
async function start(...args: string[]) {
  const child = spawn(process.execPath, [...commandLine, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("stores what it has at %s, and ends with 0", async (signal) => {
  const file = join(newFolder(), "file");
  const child = await start(file);
  child.kill(signal);
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(readFileSync(file, "utf8")).toBe("stored");
});

it("ends at once at the second signal, of whatever kind, with 130", async () => {
  const file = join(newFolder(), "file");
  const child = await start(file, "60000");
  child.kill("SIGHUP");
  await once(child.stderr, "data");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([130, null]);
  expect(existsSync(file)).toBe(false);
});

it("takes the two hang-ups of one closed terminal for one", async () => {
  const file = join(newFolder(), "file");
  const child = await start(file, "500");
  child.kill("SIGHUP");
  await once(child.stderr, "data");
  child.kill("SIGHUP");
  expect(await once(child, "exit")).toEqual([0, null]);
});

/** Runs a command on a terminal of its own, and closes that when the command is at work; prints how the command ended. */
const closeTerminal = `
import os, pty, sys
child, terminal = pty.fork()
if child == 0: os.execvp(sys.argv[1], sys.argv[1:])
while b"ready" not in os.read(terminal, 4096): pass
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

const hasPython = spawnSync("python3", ["--version"]).status === 0;

it.skipIf(!hasPython)("stores what it has when its terminal is closed, and ends with 0", async () => {
  const file = join(newFolder(), "file");
  const child = spawn("python3", ["-c", closeTerminal, process.execPath, ...commandLine, file]);
  let out = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  await once(child, "close");
  expect(out).toBe("0\n");
  expect(readFileSync(file, "utf8")).toBe("stored");
});
