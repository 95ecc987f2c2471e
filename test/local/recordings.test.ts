import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { describeRecordings } from "../evidence.ts";
import { newFolder } from "../folder.ts";
import { query, replay, type Rows } from "./replay.ts";

const linesOf = (file: string) => gunzipSync(readFileSync(file)).toString().trimEnd().split("\n");

type Frame = Record<string, unknown> & { type: string; product_id: string };

describeRecordings("a replay gives rows for all that was recorded", (folder) => {
  it("full channel of 2016: its one trade, its 2,376 live events, and each of the 7,109 lines without a time in quarantine", async () => {
    const file = join(folder, "full-2016/replay.in.gz");
    const dir = newFolder();
    await replay(file, dir);
    const [trades, events, quarantine] = await query(dir, ["trades"], ["coinbase_full"], ["quarantine"]);

    const lines = linesOf(file).map((line) => ({
      stamp: line.slice(0, 23),
      text: line.slice(24),
      frame: JSON.parse(line.slice(24)) as Frame,
    }));
    const live = lines.filter(({ frame }) => frame["time"] !== "");
    expect(live).toHaveLength(2376);
    const stampOf = (stamp: string) => `${stamp.replace(" ", "T").replace(",", ".")}000Z`;
    const timeOf = (time: unknown) =>
      String(time).replace(/\.?(\d*)Z$/, (_, digits: string) => `.${digits.padEnd(6, "0")}Z`);
    const expected = live.map(({ stamp, frame }) => ({
      ...frame,
      time: timeOf(frame["time"]),
      received_at: stampOf(stamp),
    }));
    const given = events!.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
    expect(given).toEqual(
      expected.map((frame) => Object.fromEntries(Object.entries(frame).filter(([, value]) => value !== null))),
    );

    const match = live.find(({ frame }) => frame.type === "match")!.frame;
    expect(trades).toMatchObject([
      {
        trade_id: match["trade_id"],
        price: match["price"],
        size: match["size"],
        side: match["side"] === "buy" ? "sell" : "buy",
        sequence: match["sequence"],
      },
    ]);

    const byLine = quarantine!.toSorted((a, b) => Number(a["frame"]) - Number(b["frame"]));
    expect(byLine.map(({ raw, time }) => [raw, time])).toEqual(
      lines.slice(0, 7109).map(({ text, stamp }) => [text, stampOf(stamp)]),
    );
  });

  it("level 2 of 2021: its 31 trades, and every book change in number and content", async () => {
    const file = join(folder, "level2-2021/frames.txt.gz");
    const dir = newFolder();
    await replay(file, dir);
    const [trades, changes, quarantine] = await query(dir, ["trades"], ["book_changes"], ["quarantine"]);
    const frames = linesOf(file).map((line) => JSON.parse(line.slice(line.indexOf(" ") + 1)) as Frame);

    const matches = frames.filter(({ type }) => type === "match");
    expect(matches).toHaveLength(31);
    const identity = (rows: readonly Record<string, unknown>[]) =>
      rows.map((row) => `${String(row["product_id"])} ${String(row["trade_id"])}`).toSorted();
    expect(identity(trades!)).toEqual(identity(matches));

    const plain = (text: unknown) =>
      String(text).replace(/\.?0+$/, (zeros) => (String(text).includes(".") ? "" : zeros));
    const expected = frames.flatMap((frame, i) => {
      const { type, product_id: product } = frame;
      const line = (side: unknown, price: unknown, size: unknown) =>
        `${i + 1} ${type} ${product} ${String(side)} ${plain(price)} ${plain(size)}`;
      if (type === "l2update")
        return (frame["changes"] as string[][]).map(([side, price, size]) => line(side, price, size));
      if (type !== "snapshot") return [];
      return [
        ...(frame["bids"] as string[][]).map(([price, size]) => line("buy", price, size)),
        ...(frame["asks"] as string[][]).map(([price, size]) => line("sell", price, size)),
      ];
    });
    expect([
      expected.filter((text) => text.includes("l2update")).length,
      expected.filter((text) => text.includes("snapshot")).length,
    ]).toEqual([4659, 8362]);
    const given = changes!.toSorted(
      (a, b) =>
        Number(a["frame"]) - Number(b["frame"]) ||
        Number(a["part"]) - Number(b["part"]) ||
        Number(a["index"]) - Number(b["index"]),
    );
    expect(
      given.map((row) =>
        [row["frame"], row["type"], row["product_id"], row["side"], row["price"], row["size"]].join(" "),
      ),
    ).toEqual(expected);
    expect(quarantine).toEqual([]);
  });
});

describeRecordings("1,411 trades of 2016, sent as match frames, give what Python's decimals give", (folder) => {
  /** The trades as frames of the exchange, a sequence made up; `late`: in the last half second of their bucket. */
  function asRecording(seconds: number, late: boolean): string {
    const pages = linesOf(join(folder, "trades-2016/pages.ndjson.gz")).map(
      (line) => JSON.parse(line) as { body: (Frame & { trade_id: number; time: string })[] },
    );
    const trades = new Map(pages.flatMap(({ body }) => body.map((trade) => [trade.trade_id, trade] as const)));
    const frames = [...trades.values()]
      .toSorted((a, b) => a.trade_id - b.trade_id)
      .map((trade, i) => ({
        ...trade,
        time: late ? moved(trade.time, seconds) : trade.time,
        type: "match",
        product_id: "BTC-USD",
        sequence: 1000 + i,
      }));
    const file = join(newFolder(), "trades.ndjson");
    writeFileSync(file, frames.map((frame) => JSON.stringify(frame)).join("\n"));
    return file;
  }

  function moved(time: string, seconds: number): string {
    const [, second, digits] = /^(.*?)\.?(\d*)Z$/.exec(time)!;
    const micros = BigInt(Date.parse(`${second}Z`)) * 1000n + BigInt(digits!.padEnd(6, "0"));
    const width = BigInt(seconds) * 1_000_000n;
    const late = micros - (micros % width) + width - 500_000n + (micros % 500_000n);
    return `${new Date(Number(late / 1_000_000n) * 1000).toISOString().slice(0, 19)}.${String(late % 1_000_000n).padStart(6, "0")}Z`;
  }

  const digest = (rows: Rows) => {
    const text = rows
      .toSorted((a, b) => (`${a["time"]}${a["side"]}` < `${b["time"]}${b["side"]}` ? -1 : 1))
      .map((row) => `${Object.values(row).join(",")}\n`);
    return [rows.length, createHash("sha256").update(text.join("")).digest("hex")];
  };

  // test/independent/candles.py RECORDINGS SECONDS [late] prints these: number and SHA-256 of the rows as CSV.
  const minutes = {
    candles: [60, "e17e9d7cbb2f03b6159e2db5b980cb2c21b045cee4fa36c622c371585b5672a2"],
    volumes: [89, "b6562c2c31cce733db1fb7d91b52d49cf35926b40b9b252d91fb7501012fb6b4"],
  };
  const seconds = {
    candles: [160, "2a56206be98fb47d5a3d0db481343e3598da98043c988a04c33fba2b4b90671e"],
    volumes: [160, "f507d0fb3c3f2510b10c4d4157f1d07e8c00f4794f2da4a60e200b06959c7eef"],
  };
  it.each([
    ["in buckets of a minute", 60, false, minutes],
    ["in buckets of a second", 1, false, seconds],
    ["in the last half second of a minute", 60, true, minutes],
    ["in the last half second of a second", 1, true, seconds],
  ])("%s", async (_, width, late, figures) => {
    const dir = newFolder();
    await replay(asRecording(width, late), dir);
    const parameters = { in_seconds: String(width) };
    const [trades, candles, volumes] = await query(
      dir,
      ["trades"],
      ["candles", parameters],
      ["volume_by_side", parameters],
    );
    expect(trades).toHaveLength(1411);
    expect({ candles: digest(candles!), volumes: digest(volumes!) }).toEqual(figures);
  });
});
