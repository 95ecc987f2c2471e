/** What the exchange tells the account alone: nothing of it is passed on. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { wireMembers } from "../../../../producer/coinbase/decode/members.ts";
import { EventScanner } from "../../../../producer/coinbase/decode/scan.ts";
import { readSchema } from "../../../../schemas/avro.ts";
import { activate, match, received, ticker } from "./frames.ts";
import { read, readOne, receivedAt } from "./read.ts";

// As documented: https://docs.cdp.coinbase.com/exchange/websocket-feed/channels#full-channel
const [user, profile, rate] = ["5844eceecf7e803e259d0365", "765d1549-9660-4be2-97d4-fa2d65fa3352", "0.00517"];
const owner = { user_id: user, profile_id: profile };
const taken = { ...owner, taker_user_id: user, taker_profile_id: profile, taker_fee_rate: rate };
const made = { ...owner, maker_user_id: user, maker_profile_id: profile, maker_fee_rate: rate };
const placed = { ...owner, client_oid: "d50ec984-77a8-460a-b958-66f114b0de9b" };
const told = /user_id|profile_id|fee_rate|client_oid|5844ecee|765d1549|0\.00517|d50ec984/;

const frames: [string, object, object][] = [
  ["a match that the account took", match, taken],
  ["a match that the account made", match, made],
  ["an order that the account placed", received, placed],
  ["a stop order that was activated", { ...activate, private: true }, owner],
  ["a ticker", ticker, { user_id: placed.user_id }],
];

describe("members of the account's own orders", () => {
  it.each(frames)("are left out of %s, and counted: the rest is as it is sent to everyone", (_, frame, own) => {
    for (const whole of [
      { ...frame, ...own },
      { ...own, ...frame },
    ]) {
      const { records, counters } = read(whole);
      expect(records).toEqual(read(frame).records);
      expect(counters.own).toBe(Object.keys(own).length);
    }
  });

  it("are kept by choice", () => {
    const { records, counters } = read({ ...received, ...placed }, { stamp: receivedAt, ownFields: "keep" });
    expect(records[0]!.value).toMatchObject({ client_oid: placed.client_oid, extra: JSON.stringify(owner) });
    expect(counters.own).toBe(0);
  });

  it("do not take along what everyone is sent: a client_oid alone, an unknown member, a text that names them", () => {
    expect(readOne({ ...received, client_oid: placed.client_oid }).value["client_oid"]).toBe(placed.client_oid);
    const { value } = readOne({ ...match, ...made, note: "user_id", private: true });
    expect(value["extra"]).toBe('{"note":"user_id","private":true}');
  });

  it("are found however they are written: escaped, twice, between spaces, deep, with any value", () => {
    for (const member of [
      '"user\\u005fid":"5844ecee"',
      '"user_id" : "5844ecee" , "user_id":"5844ecee"',
      '"profile_id":{"a":["}",{"b":"5844ecee"}]}',
      '"note":{"user_id":"5844ecee","list":[{"maker_fee_rate":"0.00517"}]}',
      '"user_id":null',
    ])
      for (const text of [
        JSON.stringify(match).replace("{", `{${member},`),
        JSON.stringify(match).replace('"side"', `${member},"side"`),
        JSON.stringify(match).replace(/}$/, `,${member}}`),
      ]) {
        const { records, counters } = read(text);
        const extra = member.startsWith('"note"') ? '{"note":{"list":[{}]}}' : null;
        expect(records, text).toEqual([{ ...readOne(match), value: { ...readOne(match).value, extra } }]);
        expect(counters.own).toBeGreaterThan(0);
      }
  });

  it("are in no quarantined frame, whose length and hash are those of what is kept", () => {
    for (const [, frame, own] of frames) {
      const { type, ...rest } = frame as { type: string };
      const whole = JSON.stringify({ type: `${type}_of_tomorrow`, ...own, ...rest });
      const { records, counters } = read(whole);
      const kept = JSON.stringify({ type: `${type}_of_tomorrow`, ...rest });
      expect(records[0]!.value).toMatchObject({
        raw: kept,
        length: kept.length,
        sha256: createHash("sha256").update(kept).digest("hex"),
      });
      expect(counters).toMatchObject({ own: Object.keys(own).length, quarantined: 1 });
    }
  });

  it("are not in what is left of a frame that was torn, wherever it was", () => {
    for (const [, frame, own] of frames) {
      const text = JSON.stringify({ ...own, ...frame });
      const other = JSON.stringify({ ...frame, ...own });
      for (const whole of [text, other])
        for (let at = 1; at < whole.length; at++) {
          const [first] = read(whole.slice(0, at)).records;
          expect(first!.value["raw"], whole.slice(0, at)).not.toMatch(/:"(5844|765d|0\.005|d50e)/);
        }
    }
  });

  it("are not in a frame without its beginning, unless nothing tells them apart any more", () => {
    const text = JSON.stringify({ ...taken, ...match });
    for (let at = 1; at < text.indexOf('"type"'); at++) {
      const rest = text.slice(at);
      // Of the last of them, with its name gone, nothing says what it was.
      if (/^"?[\d.]*",/.test(rest)) continue;
      expect(readOne(rest).value["raw"], rest).not.toMatch(/5844|ecee|765d|0\.005/);
    }
  });

  it("are not in a frame with one letter changed, or gone", () => {
    const whole = JSON.stringify({ ...match, ...taken, end: 1 });
    for (const piece of ['"', ",", ":", "{", "}", "[", "\\", "9", " ", "\u0000", ""])
      for (let at = 1; at < whole.length; at++) {
        const changed = whole.slice(0, at) + piece + whole.slice(at + 1);
        // A name that was changed is another name.
        if (!Object.keys(taken).every((name) => new RegExp(`(?<!\\w)${name}(?!\\w)`).test(changed))) continue;
        for (const { topic, value } of read(changed).records)
          expect(JSON.stringify(value), `${topic}: ${changed}`).not.toMatch(/5844ecee|97d4-fa2d65fa3352|0\.00517/);
      }
  });

  it("are not in bytes that are no UTF-8, nor in a list, nor in two frames on a line", () => {
    const text = JSON.stringify({ ...match, ...taken });
    const odd = Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"a":"\xff"}', "latin1")]);
    const { value } = readOne(odd);
    const raw = Buffer.from(value["raw"] as string, "base64").toString("latin1");
    expect(raw).not.toMatch(told);
    expect(raw).toContain(JSON.stringify(match).slice(0, -1));
    expect(raw).toContain('"a":"\xff"}');
    expect(value["length"]).toBe(raw.length);
    expect(readOne(`[${text}]`).value["raw"]).toBe(`[${JSON.stringify(match).slice(0, -1)}}]`);
    const two = readOne(text + JSON.stringify(ticker)).value["raw"];
    expect(two).toBe(`${JSON.stringify(match).slice(0, -1)}}${JSON.stringify(ticker)}`);
  });

  it("do not change a frame that is broken and has none", () => {
    const broken = [
      "nonsense",
      'invalid (un)subscribe msg", "a":',
      '{"type":"match","product_',
      '["a","b"]',
      '{"price":"1',
    ];
    for (const text of broken) expect(readOne(text).value["raw"]).toBe(text);
  });

  it("keep frames out of the scanner, so that both ways agree", () => {
    const scanner = new EventScanner(readSchema("coinbase_full"), 1);
    for (const [, frame, own] of frames)
      expect(scanner.read(Buffer.from(JSON.stringify({ ...frame, ...own })), receivedAt)).toBe(false);
  });

  it("are not read into a field of their name, where the schema has one, unless they are kept", () => {
    const schema = readSchema("coinbase_full");
    const field = { name: "user_id", type: ["null", "string"], default: null, doc: "" } as const;
    const appended = { ...schema, fields: [...schema.fields, field] };
    const frame = Buffer.from(JSON.stringify({ ...match, user_id: made.user_id }));
    for (const dropsOwn of [true, false]) {
      expect(wireMembers(appended, dropsOwn).has("user_id")).toBe(!dropsOwn);
      expect(new EventScanner(appended, 1, dropsOwn).read(frame, receivedAt)).toBe(!dropsOwn);
    }
  });

  it("cost no recursion: a frame may nest as deeply as it is long", () => {
    const deep = `{"user_id":"5844ecee","type":"x","a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    expect(read(deep).counters).toMatchObject({ own: 1, quarantined: 1 });
  });
});
