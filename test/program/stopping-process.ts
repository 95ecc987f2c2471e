/** A command as ours are: works until it is to stop, then stores for as long as told, and says so in a file. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { stopSignal } from "../../program/command.ts";
import { runCommand } from "../../program/command-line.ts";

const [, , file = "", storing = "0"] = process.argv;

await runCommand(async () => {
  const stop = stopSignal(undefined, (again) => process.stderr.write(again ? "ended\n" : "stopping\n"));
  const work = setInterval(() => process.stdout.write("."), 20);
  process.stdout.write("ready");
  await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  clearInterval(work);
  await sleep(Number(storing));
  process.stdout.write("summary\n");
  writeFileSync(file, "stored");
});
