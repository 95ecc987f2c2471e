/** The scanner against the decoder, which is its reference: what it reads has the same bytes there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Random } from "../../../../exchange/random.ts";
import { simulatedFrames } from "../../../../exchange/simulator.ts";
import { EventScanner } from "../../../../producer/coinbase/decode/scan.ts";
import { encoder } from "../../../../topics/encode.ts";
import { readSchema } from "../../../../schemas/avro.ts";
import type { RawTopic } from "../../../../schemas/catalog.ts";
import { describeRecordings } from "../../../evidence.ts";
import { match, received } from "./frames.ts";
import { read, receivedAt } from "./read.ts";

const scanner = new EventScanner(readSchema("coinbase_full"), 7);
const encode = encoder(() => 7);

/** Whether the scanner reads a frame; throws if it reads it differently from the decoder. */
function reads(frame: string | Buffer): boolean {
  const bytes = Buffer.from(frame);
  if (!scanner.read(bytes, receivedAt)) return false;
  const { product, time, value } = scanner;
  const scanned = {
    topic: "coinbase_full",
    key: product,
    timestamp: Math.floor(time / 1000),
    value: value.toString("hex"),
  };
  const decoded = read(bytes, { live: true, stamp: receivedAt }).records.map((record) => ({
    ...record,
    value: encode(record.topic as RawTopic, record.value).toString("hex"),
  }));
  expect(decoded, bytes.toString()).toEqual([scanned]);
  return true;
}

function simulated(count: number): string[] {
  let micros = receivedAt - 1e9;
  const frames = simulatedFrames({ seed: 5, ends: new Map(), now: () => (micros += 977) });
  return Array.from({ length: count }, () => frames.next().value as string);
}

describe("the scanner", () => {
  it("reads every event of the full channel that the simulated exchange sends, as the decoder does", () => {
    const events = simulated(20_000).filter((text) => !/"type":"(snapshot|l2update|ticker)"/.test(text));
    expect(events.filter((text) => !reads(text))).toEqual([]);
  });

  it("gives the numbers that continuity needs", () => {
    expect(reads(JSON.stringify(match))).toBe(true);
    const { type, product_id: product, sequence, trade_id: trade } = match;
    expect(scanner).toMatchObject({ type, product, sequence, trade });
    reads(JSON.stringify(received));
    expect(scanner.trade).toBe(null);
  });

  it.each([
    ["an unknown member", { ...received, colour: "red" }],
    ["an escape", JSON.stringify(received).replace("limit", "li\\u006dit")],
    ["a letter beyond ASCII", { ...received, reason: "café" }],
    ["a decimal of ten digits behind the point", { ...received, price: "1.0123456789" }],
    ["a decimal that is none", { ...received, price: "1.5.5" }],
    ["a decimal with an exponent", { ...received, price: "1e5" }],
    ["a number with an exponent", JSON.stringify(received).replace('"1950.34"', "1e5")],
    ["a side that is none", { ...received, side: "both" }],
    ["a number where a text is documented", { ...received, price: 5 }],
    ["a text where a number is documented", { ...received, sequence: "5" }],
    ["a number with a fraction", JSON.stringify(received).replace(/"sequence":\d+/, '"sequence":5.0')],
    ["a number beyond 2^53", JSON.stringify(received).replace(/"sequence":\d+/, '"sequence":9007199254740993')],
    ["a member twice", JSON.stringify(received).replace("{", '{"side":"sell",')],
    ["white space", JSON.stringify(received).replace(",", ", ")],
    ["no order id", { ...received, order_id: undefined }],
    ["an empty product", { ...received, product_id: "" }],
    ["no time", { ...received, time: undefined }],
    ["a time of year 1", { ...received, time: "0001-01-01T00:00:00.000000Z" }],
    ["a time far ahead", { ...received, time: "2027-01-01T00:00:00.000000Z" }],
    ["the 30th of February", { ...received, time: "2026-02-30T00:00:00Z" }],
    ["a type of another topic", { ...received, type: "ticker" }],
    ["no object", "[]"],
    ["a torn frame", JSON.stringify(received).slice(0, -3)],
    ["something behind the frame", `${JSON.stringify(received)} `],
  ])("leaves a frame with %s to the decoder", (_, frame) => {
    expect(reads(typeof frame === "string" ? frame : JSON.stringify(frame))).toBe(false);
  });

  it("takes null as absent, as the decoder does", () => {
    expect(reads(JSON.stringify({ ...received, funds: null }))).toBe(true);
    expect(reads(JSON.stringify({ ...received, order_id: null }))).toBe(false);
  });

  it.each(["2026-11-20T23:59:59Z", "2026-11-20T23:59:59.1Z", "2026-11-20T23:59:59.123456789Z"])(
    "reads the time %s as the decoder does",
    (time) => expect(reads(JSON.stringify({ ...received, time }))).toBe(true),
  );

  it("reads nothing differently from the decoder, however a frame is changed", () => {
    const random = new Random(11, 22, 33);
    const marks = String.raw`" , : { } \ 0 9 . - null é "side":"buy" "x":1 00 e5 E-3`;
    const pieces = [...marks.split(" "), " ", "\u0000"];
    let count = 0;
    for (const text of simulated(2_000).filter((frame) => frame.length < 2_000))
      for (let i = 0; i < 10; i++) {
        const at = random.below(text.length + 1);
        const cut = random.below(3);
        const changed = text.slice(0, at) + pieces[random.below(pieces.length)] + text.slice(at + cut);
        if (reads(changed)) count++;
      }
    // Some changes leave an ordinary frame: another digit in a price, another letter in an id.
    expect(count).toBeGreaterThan(100);
  });
});

describeRecordings("recorded frames", (folder) => {
  it("are read as the decoder reads them", () => {
    const collected = readFileSync(join(folder, "frames/frames.ndjson"), "utf8").trim().split("\n");
    const frames = [
      ...collected.map((line) => (JSON.parse(line) as { frame: string }).frame),
      ...gunzipSync(readFileSync(join(folder, "full-2016/replay.in.gz")))
        .toString()
        .split("\n")
        .map((line) => line.slice(line.indexOf("{"))),
    ];
    expect(frames.filter((frame) => reads(frame)).length).toBeGreaterThan(2_000);
  });
});
