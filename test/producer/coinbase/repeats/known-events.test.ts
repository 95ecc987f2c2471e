import avsc from "avsc";
import { describe, expect, it } from "vitest";
import { newCounters } from "../../../../producer/counters.ts";
import { decoder } from "../../../../producer/coinbase/decode/decode.ts";
import { EventReader } from "../../../../producer/coinbase/repeats/event-reader.ts";
import { KnownEvents } from "../../../../producer/coinbase/repeats/known-events.ts";
import { readSchema, type AvroRecord } from "../../../../schemas/avro.ts";
import type { RawTopic } from "../../../../schemas/catalog.ts";
import { wireEncoder } from "../../../../topics/wire.ts";
import { activate, l2update, match, received, ticker } from "../decode/frames.ts";

/** What a recording's frames are to those before them; each may come at a time of its own, in microseconds. */
function verdicts(...frames: readonly (readonly [frame: object, receivedAt?: number])[]): string[] {
  const known = new KnownEvents();
  const given: string[] = [];
  const session = { id: "one", live: false, startsAt: 0 };
  const decode = decoder(session, newCounters(), (topic, _key, _time, value) => given.push(put(known, topic, value)));
  for (const [i, [frame, receivedAt]] of frames.entries())
    decode({ bytes: Buffer.from(JSON.stringify(frame)), number: i + 1, receivedAt });
  return given;
}

function put(known: KnownEvents, topic: RawTopic, value: object, schema: AvroRecord = readSchema(topic)): string {
  if (topic !== "coinbase_full" && topic !== "coinbase_ticker") return "without a number";
  const reader = new EventReader(schema);
  reader.read(wireEncoder(avsc.Type.forSchema(schema as avsc.Schema), 7)(value));
  return known.put(topic, reader);
}

describe("an event is known", () => {
  it("by product and sequence, whenever it was received", () => {
    expect(
      verdicts(
        [received, 1_700_000_000_000_000],
        [received, 1_800_000_000_000_001],
        [received],
        [{ ...received, product_id: "BTC-USD" }],
        [{ ...received, sequence: received.sequence + 1 }],
        [{ ...received, sequence: received.sequence + 2 ** 32 }],
        [received],
      ),
    ).toEqual(["new", "same", "same", "new", "new", "new", "same"]);
  });

  it("as a trade by product and trade id, whatever its sequence", () => {
    expect(
      verdicts(
        [match],
        [{ ...match, sequence: match.sequence + 1 }],
        [{ ...match, trade_id: match.trade_id + 1, sequence: match.sequence + 1 }],
        [{ ...match, product_id: "ETH-USD" }],
      ),
    ).toEqual(["new", "same", "new", "new"]);
  });

  it("as a ticker among tickers only", () => {
    const { sequence } = ticker;
    expect(verdicts([ticker], [{ ...received, product_id: "BTC-USD", sequence }], [ticker])).toEqual([
      "new",
      "new",
      "same",
    ]);
  });

  it("without a usable time as with one: the receive time that it has then is no part of it", () => {
    const untimed = { ...ticker, time: undefined };
    const old = { ...received, time: "0001-01-01T00:00:00Z" };
    expect(
      verdicts([untimed, 1_700_000_000_000_000], [old, 1_700_000_000_000_000], [untimed, 1_800_000_000_000_000], [old]),
    ).toEqual(["new", "new", "same", "same"]);
  });

  it("not where it has no number", () => {
    expect(verdicts([activate], [activate], [l2update], [l2update])).toEqual([
      "new",
      "new",
      "without a number",
      "without a number",
    ]);
  });

  it("when a field was appended to the schema since, unless it has a value", () => {
    const schema = readSchema("coinbase_full");
    const later: AvroRecord = { ...schema, fields: [...schema.fields, { name: "source", type: ["null", "string"] }] };
    const blank = Object.fromEntries(later.fields.map(({ name }) => [name, null]));
    const value = { ...blank, type: "open", product_id: "BTC-USD", sequence: 5, time: 0, received_at: 1 };
    const known = new KnownEvents();
    expect([
      put(known, "coinbase_full", value),
      put(known, "coinbase_full", value, later),
      put(known, "coinbase_full", { ...value, source: "rest" }, later),
      put(known, "coinbase_full", value, later),
    ]).toEqual(["new", "same", "other", "same"]);
  });
});

describe("the same number with other content is another event", () => {
  it.each([
    ["price", { price: "1950.35" }],
    ["digits", { price: "1950.340" }],
    ["time", { time: "2022-05-25T13:29:58.006557Z" }],
    ["type", { type: "open" }],
    ["a member less", { size: undefined }],
    ["a member without a field", { odd: 1 }],
  ])("with another %s; it is known from then on, and the first still is", (_, change) => {
    const changed = { ...received, ...change };
    expect(verdicts([received], [changed], [changed], [received])).toEqual(["new", "other", "same", "same"]);
  });

  it("be it the number of a trade or the sequence of one", () => {
    const [price, next] = ["77572.88", { ...match, trade_id: match.trade_id + 1 }];
    expect(
      verdicts([match], [{ ...match, price }], [next], [{ ...match, sequence: match.sequence + 9, price }], [next]),
    ).toEqual(["new", "other", "other", "same", "same"]);
  });
});

it("a last_match is no trade: a match that follows it stays, and it is known among its like only", () => {
  const last = { ...match, type: "last_match" };
  expect(verdicts([last], [match], [last], [match], [{ ...last, sequence: 1 }])).toEqual([
    "new",
    "new",
    "same",
    "same",
    "same",
  ]);
});
