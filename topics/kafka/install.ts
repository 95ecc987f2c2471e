/** Makes the Kafka client loadable ahead of time: for an image, or before a machine leaves the network. */
import { command } from "../../program/command-line.ts";
import { ensureBinding } from "./native.ts";

const usage = `
npm run kafka-client

Builds the Kafka client ahead of time: for an image, or before a machine leaves the network.`;

await command({ usage, options: {} }, () => ensureBinding((line) => process.stderr.write(`${line}\n`)));
