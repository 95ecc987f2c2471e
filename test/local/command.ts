/** The project's commands as a user runs them: in a process of their own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when what it has said on stderr contains `text`. */
  said(text: string): Promise<void>;
}

/** Starts `npm start` (local) or `npm run sql` (sql), without npm around it. */
export function start(command: "local" | "sql" | "ksqldb", ...args: string[]): Running {
  const child = spawn(process.execPath, ["--import", "tsx", join(root, command, "main.ts"), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => (err += String(chunk)));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  const said = async (text: string) => {
    while (!err.includes(text)) {
      if (child.exitCode !== null) throw new Error(`it ended before it said ${text}: ${err}`);
      await Promise.race([once(child.stderr, "data"), ended]);
    }
  };
  return { process: child, ended, said };
}

export function run(command: "local" | "sql" | "ksqldb", ...args: string[]): Promise<Ended> {
  return start(command, ...args).ended;
}
