/** The project's commands as a user runs them: in a process of their own. */
import {
  spawn,
  type ChildProcess,
  type ChildProcessByStdio,
  type SpawnOptionsWithStdioTuple,
  type StdioNull,
  type StdioPipe,
} from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { inject, onTestFinished } from "vitest";
import { bundleOf } from "../commands.ts";

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
  /** Resolves when what it has printed on stdout contains `text`. */
  printed(text: string): Promise<void>;
  /** What it has said on stderr so far. */
  soFar(): string;
}

type Command = "local" | "sql" | "ksqldb" | "producer" | "tail";

/** Starts `npm start` (local) or `npm run …` with the others, without npm around it. */
export function start(command: Command, ...args: string[]): Running {
  return follow(spawn(process.execPath, commandLine(command, args), options));
}

/** Starts a command with more variables in its environment. */
export function startWith(env: NodeJS.ProcessEnv, command: Command, ...args: string[]): Running {
  return follow(spawn(process.execPath, commandLine(command, args), { ...options, env: { ...process.env, ...env } }));
}

/** Starts the platform from a shell script that ends in `exec "$@"`. */
export function startLimited(script: string, ...args: string[]): Running {
  return startFrom(script, "local", ...args);
}

/** Starts a command from a shell script that ends in `exec "$@"`. */
export function startFrom(script: string, command: Command, ...args: string[]): Running {
  return follow(spawn("bash", ["-c", script, "bash", process.execPath, ...commandLine(command, args)], options));
}

const options: SpawnOptionsWithStdioTuple<StdioNull, StdioPipe, StdioPipe> = {
  cwd: root,
  stdio: ["ignore", "pipe", "pipe"],
};

function commandLine(command: Command, args: string[]): string[] {
  return [bundleOf(inject("commands"), command === "tail" ? "topics/tail.ts" : `${command}/main.ts`), ...args];
}

export function follow(child: ChildProcessByStdio<null, Readable, Readable>): Running {
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => (err += String(chunk)));
  let over = false;
  const ended = once(child, "close").then(([code]) => {
    over = true;
    return { code: code as number | null, out, err };
  });
  const until = async (text: string, pipe: Readable, soFar: () => string) => {
    while (!soFar().includes(text)) {
      if (over) throw new Error(`it ended before ${text}: ${out}${err}`);
      await Promise.race([once(pipe, "data"), ended]);
    }
  };
  const said = (text: string) => until(text, child.stderr, () => err);
  const printed = (text: string) => until(text, child.stdout, () => out);
  return { process: child, ended, said, printed, soFar: () => err };
}

export function run(command: Command, ...args: string[]): Promise<Ended> {
  return start(command, ...args).ended;
}
