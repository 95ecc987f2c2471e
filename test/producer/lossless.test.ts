import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import avsc from "avsc";
import { describe, expect, it } from "vitest";
import { encoder } from "../../topics/encode.ts";
import { readSchema } from "../../schemas/avro.ts";
import { rawTopics, type RawTopic } from "../../schemas/catalog.ts";
import { headerLength } from "../../topics/wire.ts";
import { describeRecordings } from "../evidence.ts";
import { comparable, frameOf } from "./coinbase/decode/frame-of.ts";
import { activate, l2update, match, received, snapshot, ticker } from "./coinbase/decode/frames.ts";
import { read, type Emitted } from "./coinbase/decode/read.ts";

const control = new Set(["subscriptions", "heartbeat", "error", "status"]);
const types = new Map(rawTopics.map((topic) => [topic, avsc.Type.forSchema(readSchema(topic) as avsc.Schema)]));
const encode = encoder(() => 1);

/** A record after a journey through Avro bytes. */
function throughAvro(record: Emitted): Emitted {
  const bytes = encode(record.topic as RawTopic, record.value);
  const value: unknown = types.get(record.topic as RawTopic)!.fromBuffer(Buffer.from(bytes.subarray(headerLength)));
  return { ...record, value: { ...(value as object) } };
}

/** Checks one frame: it comes back, or is quarantined with its text, or is about the connection. */
function expectLossless(text: string): "event" | "control" | "quarantined" {
  const { records, counters } = read(text);
  // What the exchange tells an order's owner alone is kept by choice only.
  const shared = text.replace(/,"((maker_|taker_)?(user|profile)_id|(maker|taker)_fee_rate)":"[^"]*"/g, "");
  const [first] = records;
  if (first === undefined) {
    expect(control.has((JSON.parse(text) as { type: string }).type)).toBe(true);
    return "control";
  }
  if (first.topic === "feed_quarantine") {
    expect(records.map(throughAvro)[0]!.value["raw"]).toBe(shared);
    return "quarantined";
  }
  expect(counters.events).toBe(1);
  expect(comparable(frameOf(records.map(throughAvro)))).toEqual(
    comparable(JSON.parse(shared) as Record<string, unknown>),
  );
  return "event";
}

describe("frame → Avro → frame is the identity", () => {
  it.each([received, match, { ...match, type: "last_match" }, activate, ticker, l2update, snapshot])(
    "for a $type",
    (frame) => {
      expect(expectLossless(JSON.stringify(frame))).toBe("event");
    },
  );

  it("for members that have no field, of any JSON", () => {
    const odd = { a: null, b: [1, { c: '\n"}{' }], d: { e: [] }, f: true, "g:h": "," };
    for (const frame of [received, match, activate, ticker, l2update, snapshot]) {
      const { a: _, ...kept } = odd;
      expect(expectLossless(JSON.stringify({ ...frame, ...kept }))).toBe("event");
    }
  });

  it("for decimals with an exponent, as text and as numbers", () => {
    const text = (frame: object, ...changes: [string, string][]) =>
      changes.reduce((all, [from, to]) => all.replace(from, to), JSON.stringify(frame));
    for (const frame of [
      text(match, ['"0.00000009"', '"9e-8"'], ['"77572.87"', "7.757287E4"]),
      text(ticker, ['"29940.91"', '"2.994091e+4"']),
      text({ ...l2update, note: 1 }, ['"36944.35"', '"3.694435e4"'], ['"0.00000000"', "0e-8"]),
      text({ ...snapshot, time: null }, ['"0.45054140"', '"4.5e-1"'], ['"10102.55"', "1.010255e4"]),
    ])
      expect(expectLossless(frame)).toBe("event");
  });

  it("for a snapshot of several parts", () => {
    const bids = Array.from({ length: 2500 }, (_, i) => [`${i}.10`, "0.00"]);
    expect(expectLossless(JSON.stringify({ ...snapshot, bids }))).toBe("event");
  });
});

describeRecordings("every recorded frame comes back, or is quarantined with its text", (folder) => {
  const tally = (texts: readonly string[]) => {
    const counts = { event: 0, control: 0, quarantined: 0 };
    for (const text of texts) counts[expectLossless(text)]++;
    return counts;
  };
  const linesOf = (file: string) =>
    gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .trimEnd()
      .split("\n");

  it("full channel of 2016: 2,376 live events; 7,109 lines without a time before them", () => {
    const texts = linesOf("full-2016/replay.in.gz").map((line) => line.slice("2016-03-12 00:08:37,352 ".length));
    expect(tally(texts)).toEqual({ event: 2376, control: 0, quarantined: 7109 });
  });

  it("level 2 of 2021", () => {
    const texts = linesOf("level2-2021/frames.txt.gz").map((line) => line.slice(line.indexOf(" ") + 1));
    expect(tally(texts)).toEqual({ event: texts.length - 3, control: 3, quarantined: 0 });
  });

  it("single frames of rare kinds", () => {
    const texts = readFileSync(join(folder, "frames/frames.ndjson"), "utf8").trimEnd().split("\n");
    const counts = tally(texts.map((line) => (JSON.parse(line) as { frame: string }).frame));
    expect(counts.event + counts.control + counts.quarantined).toBe(texts.length);
    // Five frames that a client sends, and a `done` of the user channel without a sequence.
    expect(counts.quarantined).toBe(6);
  });
});
