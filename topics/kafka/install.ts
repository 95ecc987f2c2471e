/** Makes the Kafka client loadable ahead of time: for an image, or before a machine leaves the network. */
import { runCommand } from "../../program/command.ts";
import { ensureBinding } from "./native.ts";

await runCommand(() => ensureBinding((line) => process.stderr.write(`${line}\n`)));
