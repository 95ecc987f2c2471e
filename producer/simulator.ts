/** The simulated exchange, run as a process of its own: what it serves is read from its socket like any exchange's. */
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { UserError } from "../program/command.ts";
import type { Credentials } from "./coinbase/signature.ts";

export interface SimulatedExchange {
  /** WebSocket URL. */
  readonly url: string;
  readonly credentials: Credentials;
  /** Aborts when it has ended by itself; its reason is a UserError. */
  readonly gone: AbortSignal;
  stop(): void;
}

const program = fileURLToPath(new URL("../exchange/main.ts", import.meta.url));

/**
 * Starts it on a free port of this machine with the given options (`npm run exchange -- --help`). It ends with this
 * process, however that ends. Throws UserError when it does not start.
 */
export async function startSimulator(options: readonly string[]): Promise<SimulatedExchange> {
  const child = spawn(process.execPath, ["--import", "tsx", program, "--child", "--port", "0", ...options], {
    // Its stdin ends when this process does, and that ends it.
    stdio: ["pipe", "pipe", "inherit"],
    // Ctrl-C is for this process, which may still want to drain.
    detached: true,
  });
  for await (const line of createInterface(child.stdout)) {
    const ready = JSON.parse(line) as { url: string; credentials: Credentials };
    // It must not keep this process alive: neither it nor the ends of its pipes.
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) (pipe as Socket).unref();
    const gone = new AbortController();
    const fail = () => gone.abort(new UserError("the simulated exchange has ended by itself: what it said is above."));
    child.once("exit", fail);
    const stop = () => {
      child.off("exit", fail);
      child.kill();
    };
    return { ...ready, gone: gone.signal, stop };
  }
  throw new UserError("the simulated exchange did not start: its reason is above.");
}
