/** Numbers with an exponent. Expected values are those of Python's decimal module, written with format(…, "f"). */
import { describe, expect, it } from "vitest";
import { bigNumeric, hasExponent, numeric, spellOut } from "../../../../producer/coinbase/decode/decimal.ts";
import { l2update, match, received, snapshot, ticker } from "./frames.ts";
import { read, readOne } from "./read.ts";

const nines = "9".repeat(29);

describe("a number with an exponent", () => {
  it.each([
    ["5e-8", "0.00000005"],
    ["5E-8", "0.00000005"],
    ["1e3", "1000"],
    ["1e+3", "1000"],
    ["1e0", "1"],
    ["1.50e1", "15.0"],
    ["1.2345e2", "123.45"],
    ["12345e-2", "123.45"],
    ["-1.5e-3", "-0.0015"],
    ["+1e2", "100"],
    [".5e1", "5"],
    ["5.e-1", "0.5"],
    ["007e1", "70"],
    ["0.001e3", "1"],
    ["0.05e1", "0.5"],
    ["0e5", "0"],
    ["0E-8", "0.00000000"],
    ["0e999999999999999999999", "0"],
    ["1e28", `1${"0".repeat(28)}`],
    ["1e-9", "0.000000001"],
    [`${nines}e0`, nines],
    [`0.${nines}e29`, nines],
    [`${"0".repeat(50)}1e-0000000000000000000008`, "0.00000001"],
  ])("%s is %s", (text, expected) => {
    expect(hasExponent(text)).toBe(true);
    expect(spellOut(text, numeric)).toBe(expected);
  });

  it.each(["1e29", "1e-10", "10e-10", "0e-10", "1e999999999", "1e-999999999", `1e${"9".repeat(100_000)}`, "1.0e-9"])(
    "%.20s is more than NUMERIC holds, and is not written out",
    (text) => {
      const start = performance.now();
      expect(spellOut(text, numeric)).toBeUndefined();
      expect(performance.now() - start).toBeLessThan(100);
    },
  );

  it.each(["e5", ".e5", "1e", "1e1.5", "1e5e5", "--1e5", "0x1e5", "1e5 ", "Infinity", "1_0e5", "1,5e3"])(
    "%s is none",
    (text) => expect(hasExponent(text)).toBe(false),
  );

  it("of an amount may have what BIGNUMERIC holds", () => {
    expect(spellOut("1e37", bigNumeric)).toBe(`1${"0".repeat(37)}`);
    expect(spellOut("1e-38", bigNumeric)).toBe(`0.${"0".repeat(37)}1`);
    expect(spellOut("1e38", bigNumeric)).toBeUndefined();
  });
});

describe("in a frame", () => {
  it("it is a decimal in its field, and stays in `extra` as it came", () => {
    expect(readOne({ ...match, size: "5e-8" }).value).toMatchObject({ size: "0.00000005", extra: '{"size":"5e-8"}' });
    const number = JSON.stringify(match).replace('"0.00000009"', "1.23456789012345678E1");
    expect(readOne(number)).toMatchObject({ topic: "feed_quarantine" });
    const exact = JSON.stringify(match).replace('"77572.87"', "12345678901234567890.123456789e0");
    expect(readOne(exact).value).toMatchObject({
      price: "12345678901234567890.123456789",
      extra: '{"price":12345678901234567890.123456789e0}',
    });
    expect(readOne({ ...ticker, volume_30d: "2.5e11" }).value).toMatchObject({ volume_30d: "250000000000" });
    expect(read({ ...match, size: "5e-8" }).counters).toMatchObject({ extra: 1, events: 1, quarantined: 0 });
  });

  it("it is quarantined where NUMERIC does not hold it, as text or number", () => {
    const reason = "`price` has more digits than NUMERIC holds (29 and 9)";
    for (const price of ["1e-10", "1e29", "1e999999999"]) {
      expect(readOne({ ...received, price }).value["reason"]).toBe(reason);
      const number = JSON.stringify(received).replace('"1950.34"', price);
      expect(readOne(number).value).toMatchObject({ reason, raw: number });
    }
  });

  it("a number without one is of another form than documented, as before", () => {
    expect(readOne({ ...match, price: 0.000_000_05 }).topic).toBe("coinbase_full");
    expect(readOne(JSON.stringify(match).replace('"77572.87"', "0.00000005")).value["reason"]).toBe(
      "`price` is not a decimal",
    );
  });

  it("an amount beyond BIGNUMERIC has no field, and stays in `extra`", () => {
    expect(readOne({ ...received, funds: "1e999999999" }).value).toMatchObject({
      funds: null,
      extra: '{"funds":"1e999999999"}',
    });
  });

  it("of a book it is a decimal in the changes, and the list stays in `extra` as it came", () => {
    const update = JSON.stringify({
      ...l2update,
      changes: [
        ["buy", "3.6e4", "1"],
        ["sell", "2", "?"],
      ],
    }).replace('"?"', "5E-8");
    expect(readOne(update).value).toMatchObject({
      changes: [
        ["buy", "36000", "1"],
        ["sell", "2", "0.00000005"],
      ],
      extra: '{"changes":[["buy","3.6e4","1"],["sell","2",5E-8]]}',
    });
    expect(read(update).counters.extra).toBe(1);
  });

  it("of a snapshot in several parts the first has the list", () => {
    const bids = Array.from({ length: 1500 }, (_, i) => [String(i + 1), i === 1200 ? "1e-5" : "1"]);
    const { records, counters } = read({ ...snapshot, bids, note: "x" });
    const extras = records.map(({ value }) => JSON.parse(value["extra"] as string) as unknown);
    expect(extras).toEqual([{ note: "x", bids }, { note: "x" }]);
    expect((records[1]!.value["changes"] as string[][])[200]).toEqual(["buy", "1201", "0.00001"]);
    expect(counters.extra).toBe(1);
  });

  it.each([
    [
      { ...l2update, changes: [["buy", "1", "1e-10"]] },
      "`changes`[0]: size has more digits than NUMERIC holds (29 and 9)",
    ],
    [{ ...snapshot, asks: [["1e99", "1"]] }, "`asks`[0]: price has more digits than NUMERIC holds (29 and 9)"],
    [{ ...l2update, changes: [["buy", 1.5, "1e-5"]] }, "`changes`[0]: price is not a decimal"],
    [
      { ...l2update, changes: Array.from({ length: 40_000 }, () => ["buy", "1e-5", "1"]) },
      "longer than a record may be, with its changes both as they were written and without exponents",
    ],
  ])("that no record can hold it is quarantined", (frame, reason) => {
    expect(read(frame).records.map(({ value }) => value["reason"])).toEqual([reason]);
  });
});
