/** Keeps processes from doing the same long work twice. A lock is an empty file; who holds it touches it every second. */
import { rmSync, statSync, writeFileSync } from "node:fs";
import { utimes } from "node:fs/promises";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { stopSignals } from "../../../program/command.ts";

/** A lock that was not touched for so long is of a process that was killed. */
const staleMs = 10_000;

/**
 * Runs `task` when no other process holds the lock; `waits` is called if one does. A signal meanwhile ends this process
 * with the signal's exit code, after its `exit` listeners have cleared up.
 */
export async function withLock(lock: string, waits: () => void, task: () => Promise<void>): Promise<void> {
  for (let first = true; !take(lock); first = false) {
    if (first) waits();
    await sleep(200);
  }
  // If the touch fails, somebody has removed the lock: the next one is not kept waiting, no more.
  const touch = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), 1000);
  const release = () => rmSync(lock, { force: true });
  const end = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal]);
  process.once("exit", release);
  for (const signal of stopSignals) process.on(signal, end);
  try {
    await task();
  } finally {
    for (const signal of stopSignals) process.off(signal, end);
    process.off("exit", release);
    clearInterval(touch);
    release();
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, "", { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (Date.now() - touched < staleMs) return false;
  rmSync(lock, { force: true });
  return take(lock);
}
