/** The producer's live half in this process: an exchange read by socket, and the records that come of it. */
import { EventEmitter, once } from "node:events";
import { onTestFinished } from "vitest";
import { publicCredentials } from "../../../exchange/credentials.ts";
import { CoinbaseFeed, type FeedPatience } from "../../../producer/coinbase/feed.ts";
import { keylessChannels, signedChannels } from "../../../producer/coinbase/subscription.ts";
import type { Credentials } from "../../../producer/coinbase/signature.ts";
import { Continuity, type Gap } from "../../../producer/coinbase/continuity.ts";
import { newCounters } from "../../../producer/counters.ts";
import { produce } from "../../../producer/pipeline.ts";
import type { Sink } from "../../../topics/sink.ts";
import avsc from "avsc";
import { readSchema } from "../../../schemas/avro.ts";
import { rawTopics, type RawTopic } from "../../../schemas/catalog.ts";
import { headerLength } from "../../../topics/wire.ts";

/** As patient as on the internet would be too slow for a test. */
const patience: FeedPatience = {
  answer: 500,
  silence: 200,
  spacing: 10,
  firstRetry: 20,
  lastRetry: 200,
  healthy: 300,
  firstTry: 100,
  lastTry: 400,
};

export interface Followed {
  readonly feed: CoinbaseFeed;
  readonly continuity: Continuity;
  readonly counters: ReturnType<typeof newCounters>;
  readonly gaps: Gap[];
  /** What the log was told. */
  readonly said: string[];
  /** Values of the records, in their order. */
  readonly records: { topic: string; key: string | null; value: Record<string, unknown> }[];
  /** Resolves when the condition holds; it is looked at whenever something comes. */
  until(condition: () => boolean): Promise<void>;
  /** Stops the feed; resolves when everything that came is a record. Throws what ended it. */
  stop(): Promise<void>;
  readonly ended: Promise<void>;
}

export interface FollowOptions {
  readonly keyless?: boolean;
  readonly credentials?: Credentials;
  readonly products?: readonly string[];
  readonly productsPerSocket?: number;
  readonly endpoints?: readonly string[];
  readonly patience?: Partial<FeedPatience>;
  /** The sink asks to wait after a record for which this is true. */
  readonly drained?: () => Promise<void>;
}

const types = new Map(rawTopics.map((topic) => [topic, avsc.Type.forSchema(readSchema(topic) as avsc.Schema)]));

export function follow(url: string, options: FollowOptions = {}): Followed {
  const { keyless = false, products = ["BTC-USD", "ETH-USD"], productsPerSocket = 10 } = options;
  const came = new EventEmitter().setMaxListeners(100);
  const said: string[] = [];
  const gaps: Gap[] = [];
  const records: Followed["records"] = [];
  const counters = newCounters();
  const continuity = new Continuity(!keyless, (gap) => gaps.push(gap));
  const feed = new CoinbaseFeed({
    endpoints: options.endpoints ?? [url],
    channels: keyless ? keylessChannels : signedChannels,
    products,
    productsPerSocket,
    continuity,
    ownFields: "drop",
    credentials: keyless ? undefined : (options.credentials ?? publicCredentials),
    log(_, message) {
      said.push(message);
      came.emit("something");
    },
    patience: { ...patience, ...options.patience },
  });
  const sink: Sink = {
    begin() {},
    frame() {},
    send(topic, key, _, value) {
      const decoded = types.get(topic as RawTopic)!.fromBuffer(Buffer.from(value.subarray(headerLength))) as object;
      records.push({ topic, key, value: { ...decoded } });
      came.emit("something");
      return options.drained === undefined;
    },
    drained: async () => options.drained?.(),
    flush: async () => {},
    close: async () => {},
  };
  const abort = new AbortController();
  const ended = produce({ source: feed, sink, idOf: () => 1, counters }, abort.signal);
  let over = false;
  const finish = () => {
    over = true;
    came.emit("something");
  };
  ended.then(finish, finish);
  onTestFinished(() => abort.abort());
  return {
    feed,
    continuity,
    counters,
    gaps,
    said,
    records,
    ended,
    async until(condition) {
      while (!condition()) {
        if (over) throw new Error(`the feed ended too early; it said: ${said.join("\n")}`);
        await once(came, "something");
      }
    },
    async stop() {
      abort.abort();
      await ended;
    },
  };
}

/** Sequences of the full channel's events of a product that became records. */
export function sequencesOf({ records }: Followed, product: string): number[] {
  return records
    .filter(({ topic, key }) => topic === "coinbase_full" && key === product)
    .map(({ value }) => value["sequence"] as number);
}

export function isContiguous(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number === numbers[i - 1]! + 1);
}
