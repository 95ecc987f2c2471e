/**
 * Which events came before. An event of the full channel and a ticker are known by product and sequence, a trade by product
 * and trade id, whatever sequence it has. What comes with a known number and other content is another event.
 */
import { Contents, type Verdict } from "./contents.ts";
import { readSchema } from "../../../schemas/avro.ts";
import type { RawTopic } from "../../../schemas/catalog.ts";
import type { Repeats } from "../../source.ts";
import { EventReader } from "./event-reader.ts";

/** The topics whose events have numbers. */
export const numberedTopics = ["coinbase_full", "coinbase_ticker"] as const;

class Product {
  readonly events = new Contents();
  readonly trades = new Contents();
  /** `last_match` repeats a trade and is none: it is known among its like only. */
  readonly anchors = new Contents();
  readonly tickers = new Contents();
}

export class KnownEvents implements Repeats {
  readonly #readers = new Map<string, EventReader>();
  readonly #products = new Map<string, Product>();

  /** Whether an encoded event came before. It is known from now on. */
  judge(topic: RawTopic, value: Buffer): Verdict {
    if (!(numberedTopics as readonly RawTopic[]).includes(topic)) return "new";
    let reader = this.#readers.get(topic);
    if (reader === undefined) this.#readers.set(topic, (reader = new EventReader(readSchema(topic))));
    reader.read(value);
    return this.put(topic, reader);
  }

  /**
   * Whether the event that a reader has read is new, came before (`same`), or has a number under which only others are
   * known (`other`). It is known from now on. An event without a number is always new.
   */
  put(topic: string, event: EventReader): Verdict {
    const { type, product: name, sequence, trade, content } = event;
    let product = this.#products.get(name);
    if (product === undefined) this.#products.set(name, (product = new Product()));
    if (topic === "coinbase_ticker") return product.tickers.put(sequence, content);
    if (type === "last_match") return product.anchors.put(trade, content);
    if (type !== "match") return sequence === -1 ? "new" : product.events.put(sequence, content);
    const asTrade = product.trades.put(trade, content);
    if (asTrade === "same") return "same";
    const asEvent = product.events.put(sequence, content);
    return asTrade === "other" || asEvent === "other" ? "other" : "new";
  }
}
