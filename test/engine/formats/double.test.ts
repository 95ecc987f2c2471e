import { expect, it } from "vitest";
import { doubleText, floatText, parseDouble, shortestText } from "../../../engine/expressions/double.ts";
import { OutsideSubset } from "../../../engine/functions/function.ts";

// The texts are those of Java's documentation and of the real ksqlDB's expressions.
it.each([
  [0, "0.0"],
  [-0, "-0.0"],
  [1, "1.0"],
  [100, "100.0"],
  [-2.5, "-2.5"],
  [0.1 + 0.2, "0.30000000000000004"],
  [0.001, "0.001"],
  [0.0001, "1.0E-4"],
  [1e-8, "1.0E-8"],
  [9999999, "9999999.0"],
  [1e7, "1.0E7"],
  [12345678.9, "1.23456789E7"],
  [-1e7, "-1.0E7"],
  [Number.MIN_VALUE, "4.9E-324"],
  [Number.MAX_VALUE, "1.7976931348623157E308"],
  [2.2250738585072014e-308, "2.2250738585072014E-308"],
  [Infinity, "Infinity"],
  [-Infinity, "-Infinity"],
  [NaN, "NaN"],
])("%d is printed as Java prints a double", (value, text) => {
  expect(doubleText(value)).toBe(text);
});

// Java 17 writes 2E23 as 1.9999999999999998E23.
it.each([
  [2e23, "2.0E23"],
  [1e21, "1.0E21"],
  [123456789012345680000, "1.2345678901234568E20"],
  [2 * Number.MIN_VALUE, "9.9E-324"],
])("%d, which Java prints by its release, is no text but a number in JSON", (value, text) => {
  expect(() => doubleText(value)).toThrow(OutsideSubset);
  expect(shortestText(value)).toBe(text);
});

it.each([
  [0.1, "0.1"],
  [1, "1.0"],
  [16777216, "1.6777216E7"],
  [1 / 3, "0.33333334"],
  [3.4028234663852886e38, "3.4028235E38"],
  [1.401298464324817e-45, "1.4E-45"],
  [1e10, "1.0E10"],
])("%d is printed as Java prints a float", (value, text) => {
  expect(floatText(Math.fround(value))).toBe(text);
});

// Java 17's Double.parseDouble.
it.each([
  ["1.5", 1.5],
  ["-.5e-3D", -0.0005],
  ["7.f", 7],
  ["+Infinity", Infinity],
  ["NaN", NaN],
  ["-0", -0],
  ["0x1.8p1", 3],
  ["-0X.cP+2f", -3],
  ["0x10p0", 16],
  ["-0x0p0", -0],
])("%s is read as Java reads a double", (text, value) => {
  expect(parseDouble(text)).toBe(value);
});

it.each(["", "1,5", "0x1.8", "0xp1", "1e", "infinity", "1dd", "--1"])("%s is no double", (text) => {
  expect(() => parseDouble(text)).toThrow(`For input string: "${text}"`);
});

it.each(["0x1.00000000000001p0", "0x1p-1074", "0x1p1024"])("%s, which Java may round, is not executed", (text) => {
  expect(() => parseDouble(text)).toThrow(OutsideSubset);
});
