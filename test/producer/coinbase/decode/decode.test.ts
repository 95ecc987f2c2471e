import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { activate, l2update, match, received, snapshot, ticker } from "./frames.ts";
import { read, readOne, receivedAt } from "./read.ts";

const without = (frame: object, name: string) =>
  Object.fromEntries(Object.entries(frame).filter(([key]) => key !== name));

describe("an event", () => {
  it("becomes one record, keyed by its product and stamped with the exchange's time in milliseconds", () => {
    const { topic, key, timestamp, value } = readOne(received);
    expect({ topic, key, timestamp }).toEqual({ topic: "coinbase_full", key: "ETH-USD", timestamp: 1653485398006 });
    expect(value).toMatchObject({
      type: "received",
      product_id: "ETH-USD",
      sequence: 29892914014,
      time: 1653485398006556,
      received_at: receivedAt,
      order_id: "145110f7-362c-48d2-a7d0-a407918775dd",
      price: "1950.34",
      size: "1.06548906",
      trade_id: null,
      extra: null,
    });
  });

  it("keeps the text of decimals and takes null for absent", () => {
    expect(readOne({ ...received, size: "1.50000000", funds: null }).value).toMatchObject({
      size: "1.50000000",
      funds: null,
      extra: null,
    });
  });

  it.each([
    ["2016-03-12T05:08:36.24422Z", 1457759316244220],
    ["2016-03-12T05:08:36Z", 1457759316000000],
    ["2016-03-12T05:08:36.1Z", 1457759316100000],
    ["2016-03-12T05:08:36.123456789Z", 1457759316123456],
  ])("has its time to the microsecond from %s", (time, micros) => {
    expect(readOne({ ...match, time }).value["time"]).toBe(micros);
  });

  it("of an activation takes its time from `timestamp`", () => {
    expect(readOne(activate).value).toMatchObject({
      time: 1483736448299000,
      sequence: null,
      stop_price: "80",
      extra: null,
    });
  });

  it.each([
    ["match", match, "coinbase_full"],
    ["last_match", { ...match, type: "last_match" }, "coinbase_full"],
    ["ticker", ticker, "coinbase_ticker"],
    ["l2update", l2update, "coinbase_level2"],
    ["snapshot", snapshot, "coinbase_level2"],
  ])("of type %s goes to its topic", (_, frame, topic) => {
    expect(readOne(frame).topic).toBe(topic);
  });
});

describe("a member without a field", () => {
  it("travels in `extra`, digit by digit", () => {
    const text = JSON.stringify(match).replace("{", '{"fee":1.50,"big":9007199254740993,"nested":{"a":[1.0,"}"]},');
    const { records, counters } = read(text);
    expect(records[0]!.value["extra"]).toBe('{"fee":1.50,"big":9007199254740993,"nested":{"a":[1.0,"}"]}}');
    expect(counters.extra).toBe(1);
  });

  it("may hold hundreds of thousands of escapes", () => {
    const text = JSON.stringify({ ...match, note: "\n".repeat(400_000) });
    expect(readOne(text).value["extra"]).toBe(`{"note":"${"\\n".repeat(400_000)}"}`);
  });

  it("is any text with half a surrogate pair, which has no UTF-8", () => {
    const text = JSON.stringify(received).replace('"limit"', '"\\ud800"');
    expect(readOne(text).value).toMatchObject({ order_type: null, extra: '{"order_type":"\\ud800"}' });
    expect(readOne(text.replace("ETH-USD", "\\ud800"))).toMatchObject({ topic: "feed_quarantine", key: null });
  });

  it("is distinguished from a field of ours of the same name", () => {
    const { value } = readOne({ ...match, received_at: "yesterday", session: "mine" });
    expect(value["received_at"]).toBe(receivedAt);
    expect(JSON.parse(value["extra"] as string)).toEqual({ received_at: "yesterday", session: "mine" });
  });

  it("is any that is documented but not of the documented form and not required", () => {
    const { value } = readOne({ ...received, price: 1950.34, funds: "much" });
    expect(value).toMatchObject({ price: null, funds: null });
    expect(JSON.parse(value["extra"] as string)).toEqual({ price: 1950.34, funds: "much" });
  });
});

describe("the time of an event", () => {
  it.each([
    ["absent", without(ticker, "time"), "null"],
    ["null", { ...ticker, time: null }, "null"],
    ["before 1970", { ...l2update, time: "0001-01-01T00:00:00.000000Z" }, '"0001-01-01T00:00:00.000000Z"'],
    ["empty", { ...snapshot, time: "" }, '""'],
  ])("is the receive time where it is %s; the original is in `extra`", (_, frame, original) => {
    const { records, counters } = read(frame);
    expect(records[0]!.value).toMatchObject({ time: receivedAt, extra: `{"time":${original}}` });
    expect(records[0]!.timestamp).toBe(Math.floor(receivedAt / 1000));
    expect(counters.untimed).toBe(1);
  });

  it("before 1970 is the receive time in every type", () => {
    expect(readOne({ ...match, time: "1969-12-31T23:59:59.999999Z" }).value).toMatchObject({
      time: receivedAt,
      extra: '{"time":"1969-12-31T23:59:59.999999Z"}',
    });
  });

  it("is the receive time where a live frame is more than ten minutes ahead of it", () => {
    const ahead = (seconds: number) => ({ ...match, time: new Date(receivedAt / 1000 + seconds * 1000).toISOString() });
    expect(readOne(ahead(601), { live: true, stamp: receivedAt }).value["time"]).toBe(receivedAt);
    expect(readOne(ahead(599), { live: true, stamp: receivedAt }).value["extra"]).toBeNull();
    expect(readOne(ahead(601), { live: false, stamp: receivedAt }).value["extra"]).toBeNull();
  });

  it("is the receive time in a recording too where no long of microseconds can hold it exactly", () => {
    expect(readOne({ ...match, time: "9999-12-31T23:59:59.999999Z" }).value).toMatchObject({
      time: receivedAt,
      extra: '{"time":"9999-12-31T23:59:59.999999Z"}',
    });
  });

  it("is the receive time where there is no stamp: the latest time of the exchange so far", () => {
    const { value } = readOne(match, { stamp: undefined });
    expect(value["received_at"]).toBe(value["time"]);
    expect(readOne(without(ticker, "time"), { stamp: undefined }).value["time"]).toBe(42);
  });
});

describe("a book", () => {
  it("snapshot has its bids, then its asks, in parts of at most a thousand", () => {
    const levels = (price: number, count: number) => Array.from({ length: count }, (_, i) => [String(price + i), "1"]);
    const { records, counters } = read({ ...snapshot, bids: levels(1, 1500), asks: levels(5000, 700) });
    const parts = records.map(
      ({ value }) => value as { part: number; changes: string[][]; frame: number; session: string },
    );
    expect(parts.map(({ part, changes }) => [part, changes.length])).toEqual([
      [0, 1000],
      [1, 1000],
      [2, 200],
    ]);
    expect(parts.flatMap(({ changes }) => changes)).toEqual([
      ...levels(1, 1500).map((level) => ["buy", ...level]),
      ...levels(5000, 700).map((level) => ["sell", ...level]),
    ]);
    expect(parts.every(({ frame, session }) => frame === 3 && session === "s1")).toBe(true);
    expect(counters).toMatchObject({ events: 1 });
  });

  it("update or event that is longer than a record of Kafka may be is quarantined", () => {
    const long = "x".repeat(1_000_000);
    for (const frame of [
      { ...received, remark: long },
      { ...snapshot, remark: long },
    ]) {
      const { records } = read(frame);
      expect(records.map(({ topic }) => topic)).toEqual(["feed_quarantine"]);
      expect(records[0]!.value["reason"]).toContain("longer than a record may be");
    }
  });

  it("snapshot of an empty book is one part without changes", () => {
    expect(readOne({ ...snapshot, bids: [], asks: [] }).value).toMatchObject({ part: 0, changes: [] });
  });

  it("update is one record without a part", () => {
    expect(readOne(l2update).value).toMatchObject({
      part: null,
      changes: [["buy", "36944.35", "0.00000000"]],
      frame: 3,
    });
  });
});

describe("frames about the connection", () => {
  it.each(["subscriptions", "heartbeat", "error", "status"])(
    "of type %s are counted, neither record nor quarantine",
    (type) => {
      const { records, counters } = read({ type, product_id: "BTC-USD" });
      expect(records).toEqual([]);
      expect(counters).toMatchObject({ frames: 1, events: 0, quarantined: 0, control: { [type]: 1 } });
    },
  );
});

describe("quarantine", () => {
  const numbered = ["product_id", "sequence"];
  const ofOrders = [...numbered, "order_id", "time"];
  const ofMatches = [...numbered, "trade_id", "price", "size", "side", "time"];
  const required: [string, object, string[]][] = [
    ...["received", "open", "done", "change"].map((type) => [type, received, ofOrders] as [string, object, string[]]),
    ...["match", "last_match"].map((type) => [type, match, ofMatches] as [string, object, string[]]),
    ["activate", activate, ["product_id", "order_id", "timestamp"]],
    ["ticker", ticker, numbered],
    ["l2update", l2update, ["product_id", "changes"]],
    ["snapshot", snapshot, ["product_id", "bids", "asks"]],
  ];
  const cases = required.flatMap(([type, frame, members]) =>
    members.map((member) => ({ type, frame: { ...frame, type }, member })),
  );

  it.each(cases)("takes a $type without its $member", ({ frame, member }) => {
    for (const changed of [without(frame, member), { ...frame, [member]: null }]) {
      const { topic, value } = readOne(changed);
      expect(topic).toBe("feed_quarantine");
      expect(value["reason"]).toBe(`\`${member}\` is missing`);
    }
  });

  it.each(cases)("takes a $type whose $member is of another type", ({ frame, member }) => {
    expect(readOne({ ...frame, [member]: { odd: true } }).topic).toBe("feed_quarantine");
  });

  it.each([
    ["an unknown type", { ...match, type: "rfq_match" }, 'unknown type "rfq_match"'],
    ["a type that is no text", { ...match, type: 7 }, "`type` is not text"],
    ["no type", without(match, "type"), "`type` is missing"],
    ["a list", '["open","BTC-USD"]', "not a JSON object"],
    ["torn JSON", '{"type":"match","product_', "not a JSON object"],
    ["an empty product", { ...match, product_id: "" }, "`product_id` is missing"],
    ["a time that is none", { ...match, time: "noon" }, "`time` is not a time"],
    ["the 30th of February", { ...match, time: "2021-02-30T00:00:00Z" }, "`time` is not a time"],
    ["a time with an offset", { ...match, time: "2021-02-03T00:00:00+01:00" }, "`time` is not a time"],
    ["a price that is a number", { ...match, price: 413.02 }, "`price` is not a decimal"],
    ["a price of a point alone", { ...match, price: "." }, "`price` is not a decimal"],
    ["a malformed size", { ...match, size: "0.-10000" }, "`size` is not a decimal"],
    ["a side of its own", { ...match, side: "SELL" }, "`side` is not buy or sell"],
    ["a sequence as text", { ...match, sequence: "50" }, "`sequence` is not an integer from 0 to below 2^53"],
    [
      "a sequence at 2^53 - 1",
      { ...match, sequence: Number.MAX_SAFE_INTEGER },
      "`sequence` is not an integer from 0 to below 2^53",
    ],
    [
      "a trade id beyond 2^53",
      JSON.stringify(match).replace("1087540758", "9007199254740993"),
      "`trade_id` is not an integer from 0 to below 2^53",
    ],
    ["ten decimals", { ...match, price: "1.0000000001" }, "`price` has more digits than NUMERIC holds (29 and 9)"],
    ["thirty digits", { ...received, size: "1".repeat(30) }, "`size` has more digits than NUMERIC holds (29 and 9)"],
    [
      "one wrong level",
      {
        ...snapshot,
        asks: [
          ["1", "1"],
          ["2", "0.-10000"],
        ],
      },
      "`asks`[1]: size is not a decimal",
    ],
    ["a level of three", { ...snapshot, bids: [["1", "1", "4"]] }, "`bids`[0] is not [price, size]"],
    ["a change of two", { ...l2update, changes: [["buy", "1"]] }, "`changes`[0] is not [side, price, size]"],
    ["a change of no side", { ...l2update, changes: [["hold", "1", "1"]] }, "`changes`[0]: side is not buy or sell"],
  ])("takes a frame with %s, and says so", (_, frame, reason) => {
    const { records, counters } = read(frame);
    expect(records.map(({ topic, value }) => [topic, value["reason"]])).toEqual([["feed_quarantine", reason]]);
    expect(counters).toMatchObject({ frames: 1, events: 0, quarantined: 1 });
  });

  it("counts a frame there only, not among those with members in `extra`", () => {
    const { counters } = read({ ...l2update, changes: [["buy", "1"]], foo: 1 });
    expect(counters).toMatchObject({ quarantined: 1, extra: 0, events: 0 });
  });

  it("lets pass what NUMERIC just holds, a sign, and a point without digits on one side", () => {
    for (const size of [`${"9".repeat(29)}.${"9".repeat(9)}`, "+1", "-1", ".5", "1."])
      expect(readOne({ ...match, size }).value["size"]).toBe(size);
  });

  it("keeps the frame, its length and hash, its place, and what can be read of it", () => {
    const text = '{"type":"match","product_id":"BTC-USD"}';
    expect(readOne(text)).toEqual({
      topic: "feed_quarantine",
      key: "BTC-USD",
      timestamp: Math.floor(receivedAt / 1000),
      value: {
        time: receivedAt,
        product_id: "BTC-USD",
        session: "s1",
        frame: 3,
        type: "match",
        reason: "`time` is missing",
        raw: text,
        encoding: null,
        length: text.length,
        sha256: createHash("sha256").update(text).digest("hex"),
      },
    });
  });

  it("cuts a frame at 64 KiB, between characters", () => {
    const text = `{"ab":"${"é".repeat(40_000)}"}`;
    const { value } = readOne(text);
    const raw = value["raw"] as string;
    expect(text.startsWith(raw)).toBe(true);
    expect(Buffer.byteLength(raw)).toBe(65_535);
    expect(value["length"]).toBe(Buffer.byteLength(text));
  });

  it("keeps bytes that are not UTF-8 as base64", () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    expect(readOne(bytes).value).toMatchObject({
      raw: bytes.toString("base64"),
      encoding: "base64",
      reason: "not valid UTF-8",
    });
  });

  it("has no key where no product is readable", () => {
    expect(readOne("nonsense").key).toBeNull();
  });
});
