/**
 * The producer for long: the simulated exchange, at its own rate and by its own protocol, into the mock cluster. Fails
 * when an event is missing or there twice; memory is read every second after the first minute.
 */
import { startSimulator } from "../producer/simulator.ts";
import { round } from "./producer/round.ts";

const rate = 20_000;
const minutes = 10;

export async function benchSoak(): Promise<object> {
  const count = rate * 60 * minutes;
  process.stdout.write(`${minutes} minutes at ${rate.toLocaleString("en-US")} frames/s\n`);
  const simulator = await startSimulator(["--wait", "--rate", String(rate)]);
  try {
    const { events, ...result } = await round("soak", simulator.url, count);
    process.stdout.write(
      `${events} events; memory ${Math.round(result.first_mb!)} MB in the second minute, ${Math.round(result.last_mb!)} MB in the last, peak ${Math.round(result.rss_mb)} MB\n`,
    );
    return { frames: events, ...result, lost: 0 };
  } finally {
    simulator.stop();
  }
}
