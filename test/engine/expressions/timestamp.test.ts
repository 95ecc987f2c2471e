/**
 * The expected values are those of Java 17: java.time's DateTimeFormatter, in any case of letters and in the root locale,
 * whose fields are put into 1970-01-01T00:00 one by one as ksqlDB does it. 1,200,000 random patterns and texts had the same
 * answers here and there; these rows are the kinds of them. Undefined: Java throws.
 */
import { describe, expect, it, test } from "vitest";
import { compilePattern, parsePartial, timestampText } from "../../../engine/expressions/timestamp.ts";
import { OutsideSubset } from "../../../engine/functions/function.ts";
import { zoneNamed } from "../../../engine/functions/zone.ts";

const exchange = "yyyy-MM-dd'T'HH:mm:ss[.SSSSSSSSS][.SSSSSSSS][.SSSSSSS][.SSSSSS][.SSSSS][.SSSS][.SSS][.SS][.S]X";

const parsed: [pattern: string, text: string, ms: number | undefined][] = [
  [exchange, "2021-02-03T04:05:06.123456Z", 1612325106123],
  [exchange, "2021-02-03T04:05:06.123Z", 1612325106123],
  [exchange, "2021-02-03T04:05:06z", 1612325106000],
  [exchange, "2021-02-03t04:05:06.999999+0130", 1612319706999],
  [exchange, "2021-02-03T04:05:06-08", 1612353906000],
  [exchange, "2021-02-03T04:05:06.1234567890Z", undefined],
  [exchange, "2021-02-03T04:05:06", undefined],
  ["yyyy-MM-dd", "2021-02-30", 1614470400000],
  ["yyyy-MM-dd", "2021-02-32", undefined],
  ["yyyy-MM-dd", "2021-04-31", 1619740800000],
  ["yyyy-MM-dd", "2020-02-31", 1582934400000],
  ["yyyy-MM-dd", "2021-13-01", undefined],
  ["yyyy-MM-dd", "0000-01-01", undefined],
  ["yyyy-MM-dd", "12021-01-01", undefined],
  ["yyyy-MM-dd", "+12021-01-01", 317178979200000],
  ["yyyy-MM-dd", "+2021-01-01", undefined],
  ["y-M-d", "21-1-9", -61503753600000],
  ["y-M-d", "02021-001-09", 1610150400000],
  ["yy-MM-dd", "70-01-01", 3155760000000],
  ["yyyyMMddHHmmss", "20210203040506", 1612325106000],
  ["yyyyMMddHHmmssSSS", "20210203040506789", 1612325106789],
  ["yyyyMMdd", "120210203", undefined],
  ["yyyyMMdd", "+120210203", 317181830400000],
  ["HHmm", "930", undefined],
  ["Hmm", "930", 34200000],
  ["ssSSS", "07123", 7123],
  ["yyyy", "2021", 1609459200000],
  ["MM-dd", "02-29", 5011200000],
  ["HH:mm", "23:59", 86340000],
  ["mm:ss", "59:58", 3598000],
  ["ss.SSS", "01.250", 1250],
  ["HH ss", "01 07", 3607000],
  ["dd", "31", 2592000000],
  ["MM-dd", "02-31", 5011200000],
  ["yyyy-MM-dd HH:mm", "2021-12-31 24:01", undefined],
  ["HH:mm:ss", "23:59:60", undefined],
  ["yyyy-MM-dd[ HH[:mm]]", "2021-02-03", 1612310400000],
  ["yyyy-MM-dd[ HH[:mm]]", "2021-02-03 04", 1612324800000],
  ["yyyy-MM-dd[ HH[:mm]]", "2021-02-03 04:05", 1612325100000],
  ["yyyy-MM-dd[ HH[:mm]]", "2021-02-03 04:5", undefined],
  ["yyyy[-MM", "2021-07", 1625097600000],
  ["yyyy yy", "2021 21", 1609459200000],
  ["yyyy yy", "2021 22", undefined],
  ["'it''s' yyyy''", "IT'S 2021'", 1609459200000],
  ["yyyy'year'", "2021Year", 1609459200000],
  ["HH:mmX", "01:00+0130", -1800000],
  ["HH:mmX", "01:00+01:30", undefined],
  ["HH:mmXX", "01:00+01", undefined],
  ["HH:mmXXX", "01:00+01:30", -1800000],
  ["HH:mmZ", "01:00+0100", 0],
  ["HH:mmZ", "01:00Z", undefined],
  ["HH:mmX", "01:00+1860", undefined],
  ["HH:mmXX", "01:00+1801", undefined],
  ["HH:mmXX", "01:00+1800", -61200000],
  ["HH:mm[X]", "01:00+2400", undefined],
  ["yyyy-MM-dd", "2021-02-03 ", undefined],
  ["yyyy-MM-dd", "", undefined],
];

const formatted: [pattern: string, ms: number, zone: string, text: string | undefined][] = [
  ["yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", 1600000000123, "UTC", "2020-09-13T12:26:40.123000Z"],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", 1600000000123, "America/St_Johns", "2020-09-13T09:56:40.123000-0230"],
  ["yy/M/d H:m:s.S", 1600000000123, "UTC", "20/9/13 12:26:40.1"],
  ["yy/M/d H:m:s.S", 1600000000123, "America/New_York", "20/9/13 8:26:40.1"],
  ["XXX XX X ZZZ", 1600000000123, "UTC", "Z Z Z +0000"],
  ["XXX XX X Z", 1600000000123, "America/St_Johns", "-02:30 -0230 -0230 -0230"],
  ["[yyyy[''MM]]", 1600000000123, "UTC", "2020'09"],
  ["SSSSSSSSS", 1600000000123, "UTC", "123000000"],
  ["yyyy-MM-dd HH:mm X", 1600000000123, "Europe/Berlin", "2020-09-13 14:26 +02"],
  ["yyyy-MM-dd HH:mm XXX", 1711846800000, "Europe/Berlin", "2024-03-31 03:00 +02:00"],
  ["yyyy-MM-dd HH:mm XXX", 1711846799999, "Europe/Berlin", "2024-03-31 01:59 +01:00"],
  ["yyyy-MM-dd HH:mm XXX", 1600000000123, "America/New_York", "2020-09-13 08:26 -04:00"],
  ["yyyy-MM-dd HH:mm XXX", 1600000000123, "Australia/Lord_Howe", "2020-09-13 22:56 +10:30"],
];

const partial: [text: string, ms: number | undefined][] = [
  ["2021", 1609459200000],
  ["2021-02", 1612137600000],
  ["2021-02-03", 1612310400000],
  ["2021-02-03T", 1612310400000],
  ["2021-02-03T04", 1612324800000],
  ["2021-02-03T04:05", 1612325100000],
  ["2021-02-03T04:05:06", 1612325106000],
  ["2021-02-03T04:05:06.7", 1612325106700],
  ["2021-02-03T04:05:06.78", 1612325106780],
  ["2021-02-03T04:05:06.789", 1612325106789],
  ["2021-02-03T04:05:06.7891", undefined],
  ["2021-02-03T04:05:06Z", 1612325106000],
  ["2021-02-03T04:05Z", 1612325100000],
  ["2021-02-03T04:05:06.789+0130", 1612319706789],
  ["2021-02-03T04:05:06+01:30", 1612319706000],
  ["2021-02-03T04-08", 1612353600000],
  ["2021-02-03T04:05:06.789+1", 1612321506789],
  ["2021-02-03T04:05:06.789+19:00", undefined],
  ["2021-02-03T04:05:06+01:02:03", 1612321383000],
  ["2021-02-03T04:05:06+1:00", undefined],
  ["2021-02-03T04:05:06+01:02:3", undefined],
  ["2021-02-03T04:05:06+0102:03", undefined],
  ["2021-02-03T04:05:06z", undefined],
  ["2021-02-03 04:05:06", undefined],
  ["2021-02-03t04:05:06", undefined],
  ["2021-02T04:05", undefined],
  ["2021-2-3", undefined],
  ["2021-02-30", 1614470400000],
  ["2021-", undefined],
  ["+12021", 317178979200000],
  ["-2021", undefined],
  ["", undefined],
  ["abc", undefined],
  ["2021-02-03T1", 1612346400000],
  ["2021-02-03T04:0", 1612324800000],
];

function orUndefined<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof OutsideSubset) throw error;
    return undefined;
  }
}

describe("a pattern of DateTimeFormatter", () => {
  test.each(parsed)("%s reads %j", (pattern, text, ms) => {
    expect(orUndefined(() => compilePattern(pattern).parse(text))).toBe(ms);
  });

  test.each(formatted)("%s writes %d in %s", (pattern, ms, zone, text) => {
    expect(compilePattern(pattern).format(ms, zoneNamed(zone))).toBe(text);
  });

  it.each(["yyyy {", "yyyy#", "yyyy]", "'yyyy", "bad pattern {"])("%s is an error, as it is one of Java", (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(Error);
    expect(() => compilePattern(pattern)).not.toThrow(OutsideSubset);
  });

  it.each([
    "MMM",
    "EEE",
    "hh:mm a",
    "yyyy-DDD",
    "YYYY-'W'ww",
    "z",
    "VV",
    "O",
    "ZZZZ",
    "QQQ",
    "G",
    "n",
    "ppH",
    "uuuu",
    "yyy",
    "yyyyy",
    "XXXX",
    "x",
    "Hy",
    "HHH",
    "yyyy-MM-ddTHH",
    "'é'",
  ])("%s, which Java knows or not, is refused before anything runs", (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(OutsideSubset);
  });

  it("does not guess the end of a day, nor old or far times of a zone with summer time or of years with a sign", () => {
    const berlin = zoneNamed("Europe/Berlin");
    expect(() => compilePattern("yyyy-MM-dd HH:mm").parse("2021-12-31 24:00")).toThrow(OutsideSubset);
    expect(() => compilePattern("yyyy").format(0, berlin)).toThrow(OutsideSubset);
    expect(() => compilePattern("yyyy").format(253402300800000)).toThrow(OutsideSubset);
  });
});

describe("a zone", () => {
  it.each(["UTC", "GMT", "Z", "Europe/Berlin", "America/New_York"])("%s has a name", (name) => {
    expect(zoneNamed(name)).toBeDefined();
  });

  it.each(["europe/berlin", "PST", "+02:00", "Berlin", ""])("%j is none", (name) => {
    expect(zoneNamed(name)).toBeUndefined();
  });
});

describe("a TIMESTAMP", () => {
  test.each(partial)("is read from %j", (text, ms) => {
    expect(orUndefined(() => parsePartial(text))).toBe(ms);
  });

  it("is written with all digits of its milliseconds, in years of four digits", () => {
    expect(timestampText(1600000000123)).toBe("2020-09-13T12:26:40.123");
    expect(timestampText(-62135596800000)).toBe("0001-01-01T00:00:00.000");
    expect(() => timestampText(-62135596800001)).toThrow(OutsideSubset);
    expect(() => timestampText(253402300800000)).toThrow(OutsideSubset);
  });
});
