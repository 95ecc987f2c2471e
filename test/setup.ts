/** Before any test: the Kafka client that some of them load. */
import { ensureBinding } from "../topics/kafka/native.ts";

export default function setup(): Promise<void> {
  return ensureBinding((line) => void process.stderr.write(`${line}\n`));
}
