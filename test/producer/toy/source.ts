/** A second source, as one folder: polls of prices, into a topic of the catalogue, with figures and faults of its own. */
import type { Decode, Health, Output, RawRecord, Session, Source, Verdict, Watch } from "../../../producer/source.ts";

export interface Poll {
  readonly poll: number;
  readonly asset: string;
  readonly price: string;
}

/** Leaves out a poll that came before, and publishes a record for every one that did not come. */
class Polls implements Watch {
  last = 0;
  missed = 0;

  judge(event: object): Verdict {
    const { poll, asset } = event as Poll;
    if (poll <= this.last) return { publish: false, records: [] };
    const records: RawRecord[] = [];
    for (let number = this.last + 1; number < poll; number++)
      records.push(recordOf({ poll: number, asset, price: "0" }, "missed"));
    this.missed += records.length;
    this.last = poll;
    return { publish: true, records };
  }

  hear(notice: object): readonly RawRecord[] {
    return [recordOf(notice as Poll, "limited")];
  }
}

function recordOf({ poll, asset, price }: Poll, type: string): RawRecord {
  const value = { type, product_id: asset, time: poll * 1e6, received_at: poll * 1e6, sequence: poll, price };
  return { topic: "coinbase_ticker", key: asset, timestamp: poll * 1000, value };
}

export function toy(polls: readonly (Poll | string)[]): Source {
  const watch = new Polls();
  const health: Health = {
    figures: [{ name: "polls_missed_total", help: "Polls that failed.", kind: "counter", read: () => watch.missed }],
    received: polls.length,
    status: () => ({ missed: watch.missed }),
    totals: () => ({ missed: watch.missed }),
    faults: () => (watch.missed > 0 ? [`${watch.missed} polls failed`] : []),
  };
  const session: Session = { id: "toy", live: true, startsAt: 0 };
  return {
    id: "toy",
    watch,
    health,
    async *batches() {
      const frames = polls.map((poll, i) => ({
        bytes: Buffer.from(typeof poll === "string" ? poll : JSON.stringify(poll)),
        number: i + 1,
        receivedAt: 1,
      }));
      yield { session, frames };
    },
    decoder: (_, output) => decoder(output),
  };
}

function decoder(output: Output): Decode {
  return ({ bytes }) => {
    output.counters.frames++;
    const text = bytes.toString();
    if (text === "slow down") {
      output.counters.control["limit"] = (output.counters.control["limit"] ?? 0) + 1;
      return output.notice({ poll: 99, asset: "bitcoin", price: "0" });
    }
    output.counters.events++;
    const poll = JSON.parse(text) as Poll;
    const { topic, key, timestamp, value } = recordOf(poll, "poll");
    output.record(topic, key, timestamp, value, poll);
  };
}
