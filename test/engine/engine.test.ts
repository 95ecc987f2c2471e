import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../program/command.ts";
import { Dropped, type Counts } from "../../topics/dropped.ts";
import { analyse } from "../../engine/analysis/analyse.ts";
import type { Plan } from "../../engine/analysis/plan.ts";
import { Engine, type EngineOptions } from "../../engine/execution/engine.ts";
import { avroReader } from "../../engine/formats/avro-decoder.ts";
import { avroWriter } from "../../engine/formats/avro-encoder.ts";
import { avroSchema } from "../../engine/formats/avro-schema.ts";
import { rootOf } from "../../engine/formats/sides.ts";
import { readStatements } from "../../ksqldb/statements.ts";
import type { Value } from "../../engine/language/types.ts";
import { MemoryTopics } from "../../ksqldb/testing/memory.ts";
import { encoder } from "../../topics/encode.ts";
import { Log } from "../../topics/log/log.ts";
import { catalog } from "../../schemas/catalog.ts";
import { newFolder } from "../folder.ts";
import { runStatements, type PlainRecord } from "../ksqldb/run-case.ts";

const complain = (query: string, message: string): void => {
  throw new Error(`${query}: ${message}`);
};

const event = {
  sequence: null,
  received_at: 2,
  side: "sell",
  order_id: null,
  order_type: null,
  price: "1",
  size: "1",
  remaining_size: null,
  funds: null,
  client_oid: null,
  reason: null,
  cancel_reason: null,
  trade_id: null,
  maker_order_id: null,
  taker_order_id: null,
  old_size: null,
  new_size: null,
  old_price: null,
  new_price: null,
  old_funds: null,
  new_funds: null,
  stop_type: null,
  stop_price: null,
  extra: null,
};

it("continues after a restart where its stored rows end: no row twice, none missing, whenever it was stopped", async () => {
  const dir = join(newFolder(), "log");
  const { executed: plans } = readStatements();
  let log = new Log(dir, catalog);
  log.begin("one");
  const newEngine = () => new Engine(plans, log, complain, { commitMs: 0 });
  const encode = encoder((subject, schema) => log.schemas.idOf(subject, schema));
  for (let trade = 1; trade <= 40; trade++) {
    // Every third event is no trade, so that positions and rows differ.
    const value = {
      ...event,
      type: trade % 3 === 0 ? "received" : "match",
      product_id: "BTC-USD",
      time: trade,
      trade_id: trade,
    };
    log.frame(trade);
    log.send("coinbase_full", "BTC-USD", trade, encode("coinbase_full", value));
    await log.flush();
    if (trade % 4 === 0) newEngine().step();
    if (trade % 10 === 0) {
      await log.close();
      log = new Log(dir, catalog);
      log.begin("one");
    }
  }
  for (let step = 0; step < 10; step++) newEngine().step();
  expect(newEngine().step()).toBe(false);
  const partitions = (topic: string) => log.partitions(topic).map((_, i) => log.read(topic, i, 0, 1e9));
  expect(
    partitions("coinbase_trades")
      .flat()
      .map(({ timestamp }) => timestamp),
  ).toEqual(Array.from({ length: 40 }, (_, i) => i + 1).filter((trade) => trade % 3 !== 0));
  // All are in one second of one product, so each row of the bars is a later state of one window.
  const bars = partitions("coinbase_bars_1s").flat();
  expect(bars.at(-1)!.timestamp).toBe(40);
  expect(new Set(bars.map(({ timestamp }) => timestamp)).size).toBe(bars.length);
  await log.close();
});

/** A count, a sum and a maximum per key in windows of a second; late is what comes ten seconds after a window's end. */
const counted = `CREATE STREAM s (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');
CREATE TABLE t WITH (KAFKA_TOPIC = 't') AS SELECT k, WINDOWSTART AS w, COUNT(*) AS c, SUM(n) AS n, MAX(n) AS l FROM s
WINDOW TUMBLING (SIZE 1 SECOND, RETENTION 1 HOUR, GRACE PERIOD 10 SECONDS) WHERE n IS NOT NULL GROUP BY k EMIT CHANGES;`;

/** One record: time, key, number. */
type Input = readonly [timestamp: number, key: string, n: number];
/** A row: window, key, count, sum, largest: the numbers of a window grow. */
type Row = readonly [window: number, key: string, count: number, sum: number, largest: number];

/** The rule of the windows, written down again. */
function windowRows(inputs: readonly Input[]): Row[] {
  const sums = new Map<string, [number, number]>();
  let now = Number.NEGATIVE_INFINITY;
  return inputs.flatMap(([timestamp, key, n]): Row[] => {
    now = Math.max(now, timestamp);
    const window = Math.floor(timestamp / 1000) * 1000;
    if (window + 1000 + 10_000 <= now) return [];
    const [count, sum] = sums.get(`${window} ${key}`) ?? [0, 0];
    sums.set(`${window} ${key}`, [count + 1, sum + n]);
    return [[window, key, count + 1, sum + n, n]];
  });
}

/** The last row of each window and key, by both. */
function lastRows(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [`${row[0]} ${row[1]}`, row])).values()].toSorted(
    (a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1),
  );
}

/** Two topics of one partition in a log on disk, and what a statement reads and writes there. */
class Bench {
  readonly #dir = join(newFolder(), "log");
  readonly #plans: readonly Plan[];
  readonly #write: (values: readonly (number | null)[]) => Buffer;
  log: Log;

  constructor(statements = counted) {
    this.#plans = analyse([{ file: "t.sql", text: statements }]).plans;
    this.log = this.#open();
    const { value } = this.#plans[0]!.source;
    this.#write = avroWriter(rootOf(value), this.log.schemas.idOf("s-value", avroSchema(value)));
  }

  /** The stored rows, a value by the names of its columns. */
  #rows(): { key: Buffer | null; value: Readonly<Record<string, unknown>> | undefined }[] {
    const side = this.#plans[0]!.sink.value;
    const read = avroReader(rootOf(side), this.log.schemas);
    return this.log.read("t", 0, 0, 1e9).map(({ key, value }) => {
      const values = value === null ? undefined : (read(value) as unknown[]);
      return { key, value: values && Object.fromEntries(side.columns.map(({ name }, i) => [name, values[i]])) };
    });
  }

  #open(): Log {
    const topic = { writtenBy: "producer", partitions: 1, retentionMs: 0 } as const;
    return new Log(this.#dir, [
      { name: "s", ...topic },
      { name: "t", ...topic },
    ]);
  }

  /** Stores the records as one batch; without a number a record has no value. */
  put(...inputs: readonly (readonly [timestamp: number, key: string | null, n?: number | null])[]): void {
    const [partition] = this.log.writers("s", "a test");
    for (const [timestamp, key, n] of inputs) {
      const value = n === undefined ? null : this.#write([n]);
      partition!.add(timestamp, key === null ? null : Buffer.from(key), value);
    }
    partition!.store(-1);
  }

  engine(commitMs: EngineOptions["commitMs"] = "each", log = complain, dropped = new Dropped()): Engine {
    return new Engine(this.#plans, this.log, log, { commitMs, dropped });
  }

  /** Starts again and reads to the end. */
  run(): void {
    const engine = this.engine();
    for (let step = 0; step < 100; step++) if (!engine.step()) return;
    throw new Error("it does not come to an end");
  }

  /** Ends the process that wrote the log, as it were, and opens it again. */
  async reopen(): Promise<void> {
    await this.log.close();
    this.log = this.#open();
  }

  get texts(): string[] {
    return this.#rows().map(
      ({ key, value }) =>
        `${key?.toString("latin1")} ${JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one))}`,
    );
  }

  get rows(): Row[] {
    return this.#rows().map(({ key, value }) => {
      const row = value as Record<"W" | "C" | "N" | "L", number>;
      expect(Number(key!.readBigInt64BE(key!.length - 8))).toBe(row.W);
      return [row.W, key!.subarray(0, -8).toString(), row.C, row.N, row.L];
    });
  }
}

const never = 1e9;

/** Two keys, late and too late trades, jumps: the same for each seed. */
function mixture(seed: number, length: number): Input[] {
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let now = 1_700_000_000_000;
  return Array.from({ length }, (_, i): Input => {
    now += [0, 50, 400, 1000, 15_000][random(5)]!;
    const late = [0, 0, 200, 3000, 10_500, 20_000][random(6)]!;
    return [now - late, random(2) === 0 ? "A" : "B", i];
  });
}

describe("windows", () => {
  it("without a record cache a row a record, with one the last state of each window a commit", () => {
    const inputs: Input[] = [
      [100, "A", 1],
      [200, "A", 2],
      [300, "B", 3],
      [1000, "A", 4],
      [999, "A", 5],
    ];
    const each = new Bench();
    each.put(...inputs);
    each.run();
    expect(each.rows).toEqual([
      [0, "A", 1, 1, 1],
      [0, "A", 2, 3, 2],
      [0, "B", 1, 3, 3],
      [1000, "A", 1, 4, 4],
      [0, "A", 3, 8, 5],
    ]);

    const cached = new Bench();
    const engine = cached.engine(never);
    cached.put(...inputs.slice(0, 3));
    expect(engine.step()).toBe(true);
    expect([cached.rows, engine.uncommitted, engine.lag]).toEqual([[], true, 2]);
    expect(engine.commit()).toBe(true);
    expect([engine.uncommitted, engine.lag, engine.commit()]).toEqual([false, 0, false]);
    cached.put(...inputs.slice(3));
    engine.step();
    engine.commit();
    expect(cached.rows).toEqual([
      [0, "A", 2, 3, 2],
      [0, "B", 1, 3, 3],
      [1000, "A", 1, 4, 4],
      [0, "A", 3, 8, 5],
    ]);
  });

  it.each(["each", 0] as const)("rows come without asking with commitMs %s", (commitMs) => {
    const bench = new Bench();
    const engine = bench.engine(commitMs);
    bench.put([100, "A", 1], [200, "A", 2]);
    for (let step = 0; step < 3; step++) engine.step();
    expect(bench.rows.at(-1)).toEqual([0, "A", 2, 3, 2]);
    expect(bench.rows).toHaveLength(commitMs === 0 ? 1 : 2);
  });

  it.each([1, 2, 3])("a restart after any record leaves the rows of one run, none twice (mixture %i)", async (seed) => {
    const inputs = mixture(seed, 60);
    const expected = windowRows(inputs);
    expect(expected.length).toBeLessThan(inputs.length);
    for (let cut = 0; cut <= inputs.length; cut += 3) {
      const bench = new Bench();
      for (const input of inputs.slice(0, cut)) bench.put(input);
      bench.run();
      const before = bench.rows.length;
      await bench.reopen();
      expect(bench.engine().step()).toBe(false);
      expect(bench.rows).toHaveLength(before);
      for (const input of inputs.slice(cut)) bench.put(input);
      bench.run();
      expect(bench.rows).toEqual(expected);
    }
  });

  it.each([4, 5, 6])(
    "nor does one at any moment between commits change what a window ends with (mixture %i)",
    (seed) => {
      const inputs = mixture(seed, 60);
      const expected = lastRows(windowRows(inputs));
      // Every restart falls elsewhere between the batches and the commits.
      for (let turn = 1; turn <= 7; turn++) {
        const bench = new Bench();
        let engine = bench.engine(never);
        for (let i = 0; i < inputs.length; i += 3) {
          bench.put(...inputs.slice(i, i + 3));
          engine.step();
          if (i % 5 === 0) engine.commit();
          if (i % 7 === turn - 1) engine = bench.engine(never);
        }
        engine.step();
        engine.commit();
        expect(lastRows(bench.rows)).toEqual(expected);
        const counts = new Set(bench.rows.map(([window, key, count]) => `${window} ${key} ${count}`));
        expect(counts.size).toBe(bench.rows.length);
      }
    },
  );

  it("a window is closed when the time reaches its end and grace, and stays closed after a restart", async () => {
    const open = new Bench();
    open.put([500, "A", 1], [10_999, "B", 2]);
    open.run();
    await open.reopen();
    open.put([600, "A", 3]);
    open.run();
    expect(open.rows.at(-1)).toEqual([0, "A", 2, 4, 3]);

    const closed = new Bench();
    closed.put([500, "A", 1], [11_000, "B", 2]);
    closed.run();
    await closed.reopen();
    closed.put([600, "A", 3], [1000, "A", 4]);
    closed.run();
    expect(closed.rows.slice(2)).toEqual([[1000, "A", 1, 4, 4]]);
  });

  it("what the filter drops and what has no key moves no time", () => {
    const bench = new Bench();
    bench.put([500, "A", 1], [60_000, "B", null], [60_000, null, 1], [60_000, "B"], [600, "A", 2]);
    bench.run();
    expect(bench.rows).toEqual([
      [0, "A", 1, 1, 1],
      [0, "A", 2, 3, 2],
    ]);
  });

  it("however many there are, none is forgotten before it is closed", () => {
    const bench = new Bench();
    // Each second a trade, and one that is ten seconds late: the oldest window that is still open.
    const inputs = Array.from({ length: 50_000 }, (_, i): Input => {
      const time = Math.floor(i / 2) * 1000;
      return i % 2 === 0 ? [time, "A", 1] : [time - 10_000 + 999, "A", 2];
    }).filter(([timestamp]) => timestamp >= 0);
    bench.put(...inputs);
    bench.run();
    const expected = windowRows(inputs);
    expect(expected).toHaveLength(inputs.length);
    expect(bench.rows).toEqual(expected);
  });
});

it("a statement that reads another topic than before counts what is there from its beginning", async () => {
  const dir = join(newFolder(), "log");
  const topic = { writtenBy: "producer", partitions: 1, retentionMs: 0 } as const;
  const log = new Log(
    dir,
    ["s", "other", "t"].map((name) => ({ name, ...topic })),
  );
  const [{ source, sink }] = analyse([{ file: "t.sql", text: counted }]).plans as [Plan];
  const write = avroWriter(rootOf(source.value), log.schemas.idOf("s-value", avroSchema(source.value)));
  const put = (name: string, n: number) => {
    const [partition] = log.writers(name, "a test");
    partition!.add(100, Buffer.from("A"), write([n]));
    partition!.store(-1);
  };
  const rows = (statements: string) => {
    const { plans } = analyse([{ file: "t.sql", text: statements }]);
    const engine = new Engine(plans, log, complain, { commitMs: "each" });
    while (engine.step());
    const read = avroReader(rootOf(sink.value), log.schemas);
    const n = sink.value.columns.findIndex(({ name }) => name === "N");
    return log.read("t", 0, 0, 1e9).map(({ value }) => (read(value!) as number[])[n]);
  };
  for (const n of [1, 2, 4]) put("s", n);
  expect(rows(counted)).toEqual([1, 3, 7]);
  for (const n of [8, 16, 32, 64]) put("other", n);
  const moved = counted.replace("KAFKA_TOPIC = 's'", "KAFKA_TOPIC = 'other'");
  expect(rows(moved)).toEqual([1, 3, 7, 8, 24, 56, 120]);
  expect(rows(moved)).toHaveLength(7);
  await log.close();
});

it("an aggregation without windows continues after a restart where it was", async () => {
  const bench = new Bench(`CREATE STREAM s (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');
CREATE TABLE t WITH (KAFKA_TOPIC = 't') AS SELECT k, COUNT(*) AS c, SUM(n) AS n FROM s GROUP BY k;`);
  for (const input of [
    [1, "A", 1],
    [2, "A", 2],
    [3, "B", 5],
    [4, "A"],
    [5, "A", 3],
  ] as const) {
    bench.put(input);
    bench.run();
    await bench.reopen();
  }
  expect(bench.texts).toEqual(['A {"C":1,"N":1}', 'A {"C":2,"N":3}', 'B {"C":1,"N":5}', 'A {"C":3,"N":6}']);
});

describe("a query that dies", () => {
  const dying = `CREATE STREAM s (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');
CREATE STREAM t WITH (KAFKA_TOPIC = 't') AS SELECT k, n FROM s WHERE CASE WHEN n > 0 THEN true END;`;
  const windowed = counted.replace("WHERE n IS NOT NULL ", "");

  function failureOf(engine: Engine): UserError {
    try {
      for (let step = 0; step < 10; step++) if (!engine.step()) engine.commit();
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return error as UserError;
    }
    throw new Error("it did not fail");
  }

  it("leaves the rows before it, and names the file, the query, the offset and the cause; again after a restart", async () => {
    const bench = new Bench(dying);
    bench.put([1, "A", 1], [2, "A", 2], [3, "A", -3], [4, "A", 4]);
    for (let start = 0; start < 2; start++) {
      const { message } = failureOf(bench.engine(never));
      for (const part of ["t.sql: ", "T: ", "(s, offset 2)", "the condition of WHERE is NULL", "ends the query"])
        expect(message).toContain(part);
      expect(bench.texts).toEqual(['A {"N":1}', 'A {"N":2}']);
      await bench.reopen();
    }
  });

  it.each(["each", never] as const)("leaves the windows before it too, with commitMs %s", (commitMs) => {
    const bench = new Bench(windowed);
    bench.put([1, "A", 1], [2, "A", 2], [3, "A"], [4, "A", 4]);
    for (let start = 0; start < 2; start++) {
      const { message } = failureOf(bench.engine(commitMs));
      expect(message).toContain("(s, offset 2)");
      expect(message).toContain("a record without value reached a windowed aggregation");
      expect(lastRows(bench.rows)).toEqual([[0, "A", 2, 3, 2]]);
      expect(bench.rows).toHaveLength(commitMs === "each" ? 2 : 1);
    }
  });

  it("leaves a group without the record that failed, in every aggregate of it", () => {
    const bench = new Bench(`CREATE STREAM s (k STRING KEY, n BIGINT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');
CREATE TABLE t WITH (KAFKA_TOPIC = 't') AS
SELECT k, COUNT(*) AS c, CAST(SUM(CAST(n AS DECIMAL(3, 1))) AS STRING) AS n FROM s GROUP BY k;`);
    bench.put([1, "A", 40], [2, "A", 50], [3, "A", 60]);
    expect(failureOf(bench.engine(never)).message).toContain("(s, offset 2)");
    expect(bench.texts).toEqual(['A {"C":2,"N":"90.0"}']);
  });

  it("a topic with other partitions than its source is reported before anything runs", () => {
    const log = new Log(join(newFolder(), "log"), [
      { name: "s", writtenBy: "producer", partitions: 2, retentionMs: 0 },
      { name: "t", writtenBy: "ksqldb", partitions: 1, retentionMs: 0 },
    ]);
    const { plans } = analyse([{ file: "t.sql", text: counted }]);
    expect(() => new Engine(plans, log, complain, { commitMs: 0 })).toThrow("t has 1 partitions, its source s 2");
  });
});

describe("a partition of the log knows the times of its records", () => {
  it("the newest, and from where on there are younger ones than a time, also when it is opened again", async () => {
    const bench = new Bench();
    const partition = () => bench.log.partitions("s")[0]!;
    expect([partition().newest, partition().offsetSince(0)]).toEqual([Number.NEGATIVE_INFINITY, 0]);
    bench.put([100, "A", 1], [300, "A", 1]);
    bench.put([200, "A", 1]);
    bench.put([50, "A", 1], [400, "A", 1]);
    bench.put([60, "A", 1]);
    for (let start = 0; start < 2; start++) {
      expect(partition().newest).toBe(400);
      const since = [-1, 50, 99, 100, 199, 299, 300, 399, 400, 500].map((time) => partition().offsetSince(time));
      // Younger than 300 are only those from the third batch on, younger than 400 none.
      expect(since).toEqual([0, 0, 0, 0, 0, 0, 3, 3, 6, 6]);
      expect(
        partition()
          .read(0, 1e9)
          .map(({ timestamp }) => timestamp),
      ).toEqual([100, 300, 200, 50, 400, 60]);
      await bench.reopen();
    }
  });
});

describe("aggregates", () => {
  const source =
    "CREATE STREAM s (k STRING KEY, i INT, b BIGINT, p DECIMAL(6, 2), x STRING) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');\n";
  const record = (i: number, value: object): PlainRecord => ({
    topic: "s",
    key: "A",
    timestamp: i,
    value: { i: null, b: null, p: null, x: null, ...value },
  });
  const values = [
    { i: 3, b: 5, p: "1.10", x: "m" },
    {},
    { i: 1, b: 9, p: "9.99", x: "a" },
    { i: 3, b: 9, p: "0.01", x: "z" },
  ];

  // By hand: NULLs are skipped, but by COUNT(*).
  it.each([
    ["COUNT(*)", 4],
    ["COUNT(i)", 3],
    ["SUM(i)", 7],
    ["SUM(b)", 23],
    ["CAST(SUM(p) AS STRING)", "11.10"],
    ["MIN(i)", 1],
    ["MAX(x)", "z"],
    ["CAST(MIN(p) AS STRING)", "0.01"],
    ["TOPK(i, 2)", [3, 3]],
    ["TOPK(b, x, 1)[1]->`col0`", "a"],
    ["TOPK(0 - b, x, 1)[1]->`col0`", "m"],
  ])("%s", (call, expected) => {
    const text = `${source}CREATE TABLE t AS SELECT k, ${call} AS x FROM s GROUP BY k;`;
    const { outputs, failure } = runStatements(
      text,
      values.map((value, i) => record(i, value)),
    );
    expect(failure).toBeUndefined();
    expect(outputs).toHaveLength(4);
    expect(outputs.at(-1)!.value).toEqual({ X: expected });
  });

  it("a sum that leaves its DECIMAL ends the query", () => {
    const text = `${source}CREATE TABLE t AS SELECT k, SUM(p) AS x FROM s GROUP BY k;`;
    const { outputs, failure } = runStatements(text, [record(1, { p: "9999.00" }), record(2, { p: "1.00" })]);
    expect(outputs).toHaveLength(1);
    expect(failure?.message).toContain("(s, offset 1)");
  });

  it("a sum of INT wraps", () => {
    const text = `${source}CREATE TABLE t AS SELECT k, SUM(i) AS x FROM s GROUP BY k;`;
    const { outputs } = runStatements(text, [record(1, { i: 2_147_483_647 }), record(2, { i: 1 })]);
    expect(outputs.at(-1)!.value).toEqual({ X: -2_147_483_648 });
  });
});

/** Topics in memory with records of `s`, by number; text stands for bytes that are not Avro. */
class Records {
  readonly topics = new MemoryTopics();
  readonly plans: readonly Plan[];
  readonly #write: (values: Value[]) => Buffer;

  constructor(statements: string) {
    this.plans = analyse([{ file: "t.sql", text: statements }]).plans;
    const { value } = this.plans[0]!.source;
    this.#write = avroWriter(rootOf(value), this.topics.schemas.idOf("s-value", avroSchema(value)));
  }

  put(key: string | null, value: Value[] | string | null): void {
    const topic = this.topics.topic("s");
    const bytes = value === null ? null : typeof value === "string" ? Buffer.from(value) : this.#write(value);
    topic.add(topic.records.length, key === null ? null : Buffer.from(key), bytes);
  }

  /** The only column of a topic's rows. */
  rows(topic: string): unknown[] {
    const { value } = this.plans.find(({ sink }) => sink.topic === topic)!.sink;
    const read = avroReader(rootOf(value), this.topics.schemas);
    return this.topics.topic(topic).records.map((record) => (read(record.value!) as Value[])[0]);
  }
}

describe("queries over one topic", () => {
  const script = `CREATE STREAM s (k STRING KEY, n INT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');
CREATE STREAM ones WITH (KAFKA_TOPIC = 'ones') AS SELECT k, n FROM s WHERE n > 0;
CREATE TABLE sums WITH (KAFKA_TOPIC = 'sums') AS SELECT k, SUM(n) AS n FROM s GROUP BY k;
CREATE STREAM twos WITH (KAFKA_TOPIC = 'twos') AS SELECT k, EXPLODE(ARRAY[n, n * 10]) AS n FROM s;`;

  it("each gets every record once, also where one was added later, and none sees the lists of another", () => {
    const records = new Records(script);
    for (let count = 1; count <= records.plans.length; count++) {
      records.put("A", [count]);
      const engine = new Engine(records.plans.slice(0, count), records.topics, complain, { commitMs: "each" });
      while (engine.step());
    }
    expect(records.rows("ones")).toEqual([1, 2, 3]);
    expect(records.rows("sums")).toEqual([1, 3, 6]);
    expect(records.rows("twos")).toEqual([1, 10, 2, 20, 3, 30]);
  });

  it("what one cannot read is in the processing log of each", () => {
    const records = new Records(script);
    records.put("A", "not Avro");
    const logged: string[] = [];
    new Engine(records.plans, records.topics, (query) => logged.push(query), { commitMs: "each" }).step();
    expect(logged).toEqual(["ONES", "SUMS", "TWOS"]);
  });
});

describe("what a statement leaves out is counted, by cause", () => {
  const source = "CREATE STREAM s (k STRING KEY, n INT, x STRING) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');\n";

  it.each([
    ["a projection", "CREATE STREAM t AS SELECT k, n + 1 AS n FROM s;", { unprocessable: 1, incomplete: 1 }],
    ["WHERE keeps out what it keeps out", "CREATE STREAM t AS SELECT k, n FROM s WHERE n > 0;", { unprocessable: 1 }],
    ["WHERE that cannot be computed", "CREATE STREAM t AS SELECT k, x FROM s WHERE n + 1 > 0;", { unprocessable: 2 }],
    [
      "a group without a key",
      "CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s WHERE n IS NOT NULL GROUP BY k;",
      { unprocessable: 2 },
    ],
    [
      "a cast",
      "CREATE STREAM t AS SELECT k, CAST(x AS INT) AS n FROM s WHERE x IS NOT NULL;",
      { unprocessable: 1, incomplete: 1 },
    ],
  ])("%s", (_, statement, expected) => {
    const records = new Records(source + statement);
    records.put("A", [1, "1"]);
    records.put(null, [1, "1"]);
    records.put("A", "not Avro");
    records.put("A", [0, "1"]);
    records.put("A", [1, "one"]);
    records.put("A", [null, null]);
    records.put("A", null);
    const dropped = new Dropped();
    const engine = new Engine(records.plans, records.topics, () => {}, { commitMs: "each", dropped });
    while (engine.step());
    const { counts } = dropped.tally("T", "s", 0);
    const none = { late: 0, unprocessable: 0, unknown_schema: 0, incomplete: 0 };
    expect(counts).toEqual(Object.assign(none, expected));
  });

  it("once, whatever a restart reads again, and the state that it makes again logs nothing", async () => {
    const bench = new Bench(`CREATE STREAM s (k STRING KEY, n INT) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'AVRO');
CREATE TABLE t WITH (KAFKA_TOPIC = 't') AS SELECT k, SUM(n + 1) AS n FROM s
WINDOW TUMBLING (SIZE 1 SECOND, RETENTION 1 HOUR, GRACE PERIOD 10 SECONDS) WHERE ROWTIME > 0 GROUP BY k EMIT CHANGES;`);
    const logged: string[] = [];
    let kept: readonly Counts[] = [];
    const run = (count: boolean) => {
      const dropped = new Dropped({
        present: kept,
        write: (counts) => count && (kept = structuredClone(plain(counts))),
      });
      const engine = bench.engine("each", (_, message) => logged.push(message), dropped);
      while (engine.step());
      return dropped.tally("t", "s", 0).counts;
    };
    bench.put([1, "A", 1], [2, "A", null], [20_000, "A", 1], [3, "A", 1], [20_001, "A", null], [4, "A", 1]);
    expect(run(true)).toMatchObject({ incomplete: 2, late: 2 });
    expect(logged).toHaveLength(2);
    for (let start = 0; start < 2; start++) {
      await bench.reopen();
      expect(run(true)).toMatchObject({ incomplete: 2, late: 2 });
      expect(logged).toHaveLength(2);
    }
    bench.put([5, "A", 1]);
    for (let start = 0; start < 2; start++) expect(run(true)).toMatchObject({ incomplete: 2, late: 3 });
  });
});

it("what comes after a power failure that took counted records from the log is counted", () => {
  const bench = new Bench();
  bench.put([20_000, "A", 1]);
  const present = [
    { reader: "t", topic: "s", partition: 0, upTo: 7, counts: { ...new Dropped().tally("", "", 0).counts } },
  ];
  const dropped = new Dropped({ present, write: () => {} });
  const engine = bench.engine("each", complain, dropped);
  bench.put([1, "A", 1]);
  while (engine.step());
  expect(dropped.tally("t", "s", 0).counts.late).toBe(1);
});

const plain = (counts: readonly Counts[]) =>
  counts.map(({ reader, topic, partition, upTo, counts: own }) => ({ reader, topic, partition, upTo, counts: own }));
