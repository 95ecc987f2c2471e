import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newFolder } from "../folder.ts";
import { bytesOf } from "./calculated.ts";
import { run, start, startLimited } from "./command.ts";
import { query, replay, type Rows } from "./replay.ts";
import { simulatedRecording, writeRecording } from "./simulated-recording.ts";

const views = [
  ["trades"],
  ["book_changes"],
  ["quarantine"],
  ["candles", { in_seconds: "1" }],
  ["volume_by_side"],
  // Tables: a recording that is sent again is not stored again.
  ["coinbase_full"],
  ["coinbase_ticker"],
  ["coinbase_book_changes"],
] as const satisfies [string, object?][];
/** All rows of a data directory. Tables have no order: their rows are compared as sets. */
async function rowsOf(dir: string): Promise<Rows[]> {
  const answers = await query(
    dir,
    ...views.map(([name, parameters]): [string, Record<string, string>] => [name, parameters ?? {}]),
  );
  return answers.map((rows, i) =>
    i < 5 ? rows : rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  );
}

describe("a replay", () => {
  it("gives trades, candles and volumes as the frames have them, calculated here in whole numbers", async () => {
    const { file, lines } = simulatedRecording(20_000);
    const dir = newFolder();
    const { counters } = await replay(file, dir);
    const [trades, changes, quarantine, candles, volumes] = await rowsOf(dir);

    const frames = lines.map(
      (line) => JSON.parse(line.slice(line.indexOf(" ") + 1)) as Record<string, string & string[][]>,
    );
    const matches = frames.filter(({ type }) => type === "match") as unknown as {
      product_id: string;
      trade_id: number;
      price: string;
      size: string;
      side: string;
      time: string;
    }[];
    expect(counters).toMatchObject({ frames: 20_000, quarantined: 40, events: 19_960 });
    expect(trades).toHaveLength(matches.length);
    expect(quarantine).toHaveLength(40);
    const changesSent = frames.reduce(
      (sum, { type, changes: list, bids, asks }) =>
        sum + (type === "l2update" ? list!.length : type === "snapshot" ? bids!.length + asks!.length : 0),
      0,
    );
    expect(changes).toHaveLength(changesSent);

    const units = (text: string) =>
      BigInt(text.replace(/^(\d+)\.?(\d*)$/, (_, whole: string, fraction: string) => whole + fraction.padEnd(9, "0")));
    const text = (value: bigint, scale: number) => {
      const digits = String(value).padStart(scale + 1, "0");
      return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, "");
    };
    const grouped = (keyOf: (trade: (typeof matches)[number]) => string) => {
      const groups = new Map<string, typeof matches>();
      for (const trade of matches) groups.set(keyOf(trade), [...(groups.get(keyOf(trade)) ?? []), trade]);
      return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
    };
    const total = (list: typeof matches, of: (trade: (typeof matches)[number]) => bigint) =>
      list.reduce((sum, trade) => sum + of(trade), 0n);
    const sums = (list: typeof matches) => ({
      volume: text(
        total(list, ({ size }) => units(size)),
        9,
      ),
      value: text(
        total(list, ({ price, size }) => units(price) * units(size)),
        18,
      ),
      trades: list.length,
    });
    const seconds = grouped(({ product_id, time }) => `${product_id} ${time.slice(0, 19)}.000000Z`);
    expect(candles).toEqual(
      seconds.map(([key, list]) => {
        const prices = list.map(({ price }) => units(price)).toSorted((a, b) => (a < b ? -1 : 1));
        const byId = list.toSorted((a, b) => a.trade_id - b.trade_id);
        const [open, high, low, close] = [units(byId[0]!.price), prices.at(-1)!, prices[0]!, units(byId.at(-1)!.price)];
        const [product_id, time] = key.split(" ");
        return {
          product_id,
          time,
          open: text(open, 9),
          high: text(high, 9),
          low: text(low, 9),
          close: text(close, 9),
          ...sums(list),
        };
      }),
    );
    const sides = grouped(
      ({ product_id, time, side }) => `${product_id} ${time.slice(0, 17)}00.000000Z ${side === "buy" ? "sell" : "buy"}`,
    );
    expect(volumes).toEqual(
      sides.map(([key, list]) => {
        const [product_id, time, side] = key.split(" ");
        return { product_id, time, side, ...sums(list) };
      }),
    );
  });

  it("of the same recording a second time changes nothing, in the views or in the tables", async () => {
    const { file } = simulatedRecording(6_000);
    const dir = newFolder();
    await replay(file, dir);
    const once = await rowsOf(dir);
    await replay(file, dir);
    expect(await rowsOf(dir)).toEqual(once);
    expect(once[0]!.length).toBeGreaterThan(100);
  });
});

describe("a table function", () => {
  it("takes a product and a stretch of time: start aligned down, stop up and exclusive", async () => {
    const { file } = simulatedRecording(20_000);
    const dir = newFolder();
    await replay(file, dir);
    const all = (await query(dir, ["candles", { in_seconds: "1" }]))[0]!.filter(
      (row) => row["product_id"] === "BTC-USD",
    );
    const third = String(all[2]!["time"]);
    const later = (time: string, micros: number) =>
      new Date(Date.parse(time) + 1000).toISOString().replace(/\.\d+Z/, `.${String(micros).padStart(6, "0")}Z`);
    const of = async (from: string, to: string) => {
      const [rows] = await query(dir, [
        "candles",
        { in_product: "BTC-USD", in_seconds: "1", in_start: from, in_stop: to },
      ]);
      return rows!.map((row) => row["time"]);
    };
    const second = third.slice(0, 19);
    expect(await of(`${second}.999998Z`, `${second}.999999Z`)).toEqual([third]);
    expect(await of(`${second}.999999Z`, `${second}.999999Z`)).toEqual([]);
    expect(await of(`${second}Z`, later(third, 0))).toEqual([third]);
    expect(await of(`${second}Z`, `${second}Z`)).toEqual([]);
    expect((await of(`${second}Z`, later(third, 1))).slice(0, 1)).toEqual([third]);
  });
});

describe("npm start", () => {
  it("runs the simulated exchange for as long as it is asked to, answers npm run sql meanwhile and after, and continues the same tape", async () => {
    const dir = join(newFolder(), "data");
    const platform = start("local", "--source", "simulator", "--for", "8s", "--data", dir);
    await platform.said("frames ");
    const during = await run("sql", "run", "candles", "--data", dir, "--format", "json");
    expect(during).toMatchObject({ code: 0, err: "" });
    expect((JSON.parse(during.out) as object[]).length).toBeGreaterThan(0);
    expect(await platform.ended).toMatchObject({ code: 0 });
    await expectNothingMissed(dir);
  });

  /** Another run continues the tape: what is stored has no hole, and nothing is said to be missing. */
  async function expectNothingMissed(dir: string): Promise<void> {
    const { code, out, err } = await run("local", "--source", "simulator", "--for", "1s", "--data", dir);
    expect(code).toBe(0);
    expect(err).not.toContain("missed sequence");
    expect(out).toMatch(/^missed +0  events; 0 are missing since the tape began$/m);
    await expectContiguous(dir);
  }

  /** Every product's events are in the table once each, from the first on. */
  async function expectContiguous(dir: string): Promise<void> {
    const [events] = await query(dir, ["coinbase_full"]);
    const sequences = new Map<string, number[]>();
    for (const { product_id: product, sequence } of events!)
      sequences.set(String(product), [...(sequences.get(String(product)) ?? []), Number(sequence)]);
    for (const list of sequences.values()) expect(list).toEqual(list.map((_, i) => i + 1));
  }

  it("ends with one message when the disk is full, and continues the same tape when there is room", async () => {
    const dir = newFolder();
    // A limit on the size of files stands for the disk: writes fail in the same places, the log's or DuckDB's.
    for (const kilobytes of [150, 2000]) {
      const limited = `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$@"`;
      const { code, err } = await startLimited(limited, "--source", "simulator", "--rate", "20000", "--data", dir)
        .ended;
      expect(code).toBe(1);
      expect(err).toMatch(/can ?not (write|prepare) .*File too large|can ?not write .*EFBIG/i);
      expect(err).not.toContain("    at ");
    }
    expect((await run("local", "--source", "simulator", "--for", "1s", "--data", dir)).code).toBe(0);
    await expectContiguous(dir);
  });

  /** Resolves when more bytes of the tape than these are in the log. */
  const stored = (dir: string, bytes: number) =>
    expect.poll(() => bytesOf(join(dir, "log")), { timeout: 60_000 }).toBeGreaterThan(bytes);

  it("stops at Ctrl-C with everything stored", async () => {
    const dir = newFolder();
    const platform = start("local", "--source", "simulator", "--data", dir);
    await stored(dir, 100_000);
    platform.process.kill("SIGINT");
    const { code, out } = await platform.ended;
    expect(code).toBe(0);
    const events = Number(/events +([\d,]+)/.exec(out)![1]!.replaceAll(",", ""));
    const tables = await query(dir, ["coinbase_full"], ["coinbase_ticker"], ["coinbase_book_changes"]);
    // A frame of level 2 is a row for each of its changes; only the snapshot of each product's empty book has none.
    const level2 = new Set(tables[2]!.map((row) => row["frame"])).size;
    const products = new Set(tables[0]!.map((row) => row["product_id"])).size;
    expect(tables[0]!.length + tables[1]!.length + level2 + products).toBe(events);
  });

  it("that is killed continues the same tape: no id twice, none skipped", async () => {
    const dir = newFolder();
    for (const delay of [0, 150, 700]) {
      const platform = start("local", "--source", "simulator", "--rate", "20000", "--data", dir);
      await platform.said("next, in another terminal");
      await new Promise((resolve) => setTimeout(resolve, delay));
      platform.process.kill("SIGKILL");
      await platform.ended;
    }
    await expectNothingMissed(dir);
  });

  it("takes its simulated exchange with it, even when it is killed", async () => {
    const platform = start("local", "--source", "simulator", "--data", newFolder());
    await platform.said("products of 127.0.0.1:");
    const [, port] = /products of 127\.0\.0\.1:(\d+)/.exec(platform.soFar())!;
    const listens = () =>
      fetch(`http://127.0.0.1:${port}/time`).then(
        () => true,
        () => false,
      );
    expect(await listens()).toBe(true);
    platform.process.kill("SIGKILL");
    await expect.poll(listens, { timeout: 5_000 }).toBe(false);
  });

  it("ends with one message when its simulated exchange does, and keeps what has come", async () => {
    const dir = newFolder();
    const platform = start("local", "--source", "simulator", "--data", dir);
    await stored(dir, 100_000);
    const [exchange] = execFileSync("pgrep", ["-P", String(platform.process.pid), "-f", "exchange/main.ts"], {
      encoding: "utf8",
    }).split("\n");
    process.kill(Number(exchange), "SIGKILL");
    const { code, err } = await platform.ended;
    expect(code).toBe(1);
    expect(err).toMatch(/the simulated exchange has ended by itself: what it said is above\.\n$/);
    await expectContiguous(dir);
  });

  it("continues with what its data directory has, and accepts no other source", async () => {
    const dir = newFolder();
    expect((await run("local", "--source", "simulator", "--for", "1s", "--data", dir)).code).toBe(0);
    const again = await run("local", "--for", "1s", "--data", dir);
    expect(again.err).toContain("simulated exchange → ");
    const live = await run("local", "--source", "live", "--data", dir);
    expect(live.code).toBe(1);
    expect(live.err).toContain(
      `the data directory ${dir} holds data of a simulator, which do not mix with those of a live`,
    );
  });

  it("answers no one without its token, and continues when a client leaves in the middle", async () => {
    const dir = newFolder();
    const platform = start("local", "--source", "simulator", "--rate", "20000", "--data", dir);
    await stored(dir, 5_000_000);
    const { url, token } = JSON.parse(readFileSync(join(dir, "address.json"), "utf8")) as {
      url: string;
      token: string;
    };
    const body = JSON.stringify({
      verb: "run",
      name: "coinbase_full",
      parameters: {},
      format: "json",
      timeoutMs: 60_000,
    });
    const ask = (authorization: string, signal?: AbortSignal) =>
      fetch(`${url}/sql`, { method: "POST", headers: { authorization }, body, signal: signal ?? null });
    expect((await ask("Bearer wrong")).status).toBe(401);
    expect(statSync(join(dir, "address.json")).mode & 0o777).toBe(0o600);
    for (let i = 0; i < 3; i++) {
      const leave = new AbortController();
      const reader = (await ask(`Bearer ${token}`, leave.signal)).body!.getReader();
      await reader.read();
      leave.abort();
    }
    platform.process.kill("SIGINT");
    // DuckDB gives its file free only when every query has ended.
    expect(await platform.ended).toMatchObject({ code: 0, err: expect.not.stringContaining("Warning") as string });
  });
});

/** The usage that ends a refusal. */
function usageOf(command: string, err: string): string {
  return `\n${command} ${err.split(`\n\n${command} `)[1]}`;
}

describe("a mistake is refused with one message and a code", () => {
  it.each([
    [["--bogus"], 2, "Unknown option '--bogus'. Try --help.\n"],
    [
      ["--source", "AKIA5ea5"],
      1,
      "--source a text of 8 letters (not shown): neither auto, live nor simulator, and there is no such file.\n",
    ],
    [
      ["--source", "/nowhere/frames.txt"],
      1,
      "--source /nowhere/frames.txt: neither auto, live nor simulator, and there is no such file.\n",
    ],
  ])("npm start -- %j", async (args, code, err) => {
    const refused = await run("local", ...args, "--data", newFolder());
    expect(refused).toEqual({
      code,
      out: "",
      err: err + (err.endsWith("--help.\n") ? usageOf("npm start", refused.err) : ""),
    });
  });

  const filled = mkdtempSync(join(tmpdir(), "tapeline-filled-"));
  beforeAll(async () => void (await replay(writeRecording(filled, 10).file, join(filled, "data"))));
  afterAll(() => rmSync(filled, { recursive: true, force: true }));

  it.each([
    [["run", "candle"], 1, "there is no view, function or table named candle: npm run sql -- list\n"],
    [["run", "trades", "--param", "in_product=A"], 1, "trades has no parameter in_product: it takes none\n"],
    [
      ["run", "candles", "--param", "product=A"],
      1,
      "candles has no parameter product: it takes in_product, in_start, in_stop, in_seconds\n",
    ],
    [
      ["run", "candles", "--param", "in_seconds=0"],
      1,
      "--param in_seconds=0: a whole number of at least 1 is expected\n",
    ],
    [
      ["run", "candles", "--param", "in_start=noon"],
      1,
      "--param in_start=noon: a time in UTC is expected, such as 2026-11-21 or 2026-11-21T12:30:00.000001Z\n",
    ],
    [
      ["run", "candles", "--param", "in_stop=2026-02-30T12:00:00Z"],
      1,
      "--param in_stop=2026-02-30T12:00:00Z: a time in UTC is expected, such as 2026-11-21 or 2026-11-21T12:30:00.000001Z\n",
    ],
    [["run", "candles", "--param", "in_seconds"], 2, "--param in_seconds: NAME=VALUE is expected\n"],
    [
      ["run", "candles", "--param", "in_product="],
      2,
      "--param in_product is empty: leave it out, or give it a value\n",
    ],
    [
      ["run", "candles", "--param", "in_seconds=1", "--param", "in_seconds=1"],
      2,
      "--param in_seconds is given twice, and only one could count\n",
    ],
    [
      ["run", "candles", "--param", "in_product=btc-uds"],
      1,
      "--param in_product=btc-uds: there is no such product in the data; did you mean BTC-USD?\n",
    ],
    [
      ["run", "candles", "--param", "in_start=2026-11-21T12:00", "--param", "in_stop=2026-11-21 12:00:00.000000Z"],
      1,
      "--param in_start=2026-11-21T12:00 is not before in_stop=2026-11-21 12:00:00.000000Z: nothing lies between them\n",
    ],
  ])("npm run sql -- %j", async (args, code, err) => {
    const refused = await run("sql", ...args, "--data", join(filled, "data"));
    expect(refused).toEqual({
      code,
      out: "",
      err: err + (err.endsWith("--help.\n") ? usageOf("npm run sql", refused.err) : ""),
    });
  });

  it("a data directory that does not exist", async () => {
    const { code, err } = await run("sql", "run", "trades", "--data", "/nowhere");
    expect([code, err]).toEqual([
      1,
      "there is no data in /nowhere: run npm start first, or name its directory with --data.\n",
    ]);
  });

  it("a second process on the same data directory, and a directory that another kind of source has filled", async () => {
    const dir = newFolder();
    const platform = start("local", "--source", "simulator", "--data", dir);
    await platform.said("next, in another terminal");
    const second = await run("local", "--source", "simulator", "--data", dir);
    expect(second).toMatchObject({
      code: 1,
      err: `the data directory ${dir} is in use by another process (${platform.process.pid}): wait until it ends, stop it, or choose another with --data.\n`,
    });
    platform.process.kill("SIGINT");
    await platform.ended;
    const other = await run("local", "--source", simulatedRecording(10).file, "--data", dir);
    expect(other).toMatchObject({
      code: 1,
      err: `the data directory ${dir} holds data of a simulator, which do not mix with those of a recording: choose another with --data.\n`,
    });
  });
});
