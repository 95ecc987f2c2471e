/**
 * The expected values are those of Java 17: java.time's DateTimeFormatter, in any case of letters and in the root locale,
 * whose fields are put into 1970-01-01T00:00 one by one as ksqlDB does it. 1,200,000 random patterns and texts had the same
 * answers here and there; these rows are the kinds of them. Undefined: Java throws.
 */
import { describe, expect, it, test } from "vitest";
import { compilePattern, parsePartial, timestampText } from "../../../ksqldb/expressions/timestamp.ts";
import { OutsideSubset } from "../../../ksqldb/functions/function.ts";
import { zoneNamed } from "../../../ksqldb/functions/zone.ts";

const exchange = "yyyy-MM-dd'T'HH:mm:ss[.SSSSSSSSS][.SSSSSSSS][.SSSSSSS][.SSSSSS][.SSSSS][.SSSS][.SSS][.SS][.S]X";

const parsed: [pattern: string, text: string, zone: string, ms: number | undefined][] = [
  [exchange, "2021-02-03T04:05:06.123456Z", "UTC", 1612325106123],
  [exchange, "2021-02-03T04:05:06.123Z", "UTC", 1612325106123],
  [exchange, "2021-02-03T04:05:06z", "UTC", 1612325106000],
  [exchange, "2021-02-03t04:05:06.999999+0130", "UTC", 1612319706999],
  [exchange, "2021-02-03T04:05:06-08", "UTC", 1612353906000],
  [exchange, "2021-02-03T04:05:06.1234567890Z", "UTC", undefined],
  [exchange, "2021-02-03T04:05:06", "UTC", undefined],
  ["yyyy-MM-dd", "2021-02-30", "UTC", 1614470400000],
  ["yyyy-MM-dd", "2021-02-32", "UTC", undefined],
  ["yyyy-MM-dd", "2021-04-31", "UTC", 1619740800000],
  ["yyyy-MM-dd", "2020-02-31", "UTC", 1582934400000],
  ["yyyy-MM-dd", "2021-13-01", "UTC", undefined],
  ["yyyy-MM-dd", "0000-01-01", "UTC", undefined],
  ["uuuu-MM-dd", "0000-01-01", "UTC", -62167219200000],
  ["uuuu-MM-dd", "-0044-03-15", "UTC", -63549360000000],
  ["yyyy-MM-dd", "12021-01-01", "UTC", undefined],
  ["yyyy-MM-dd", "+12021-01-01", "UTC", 317178979200000],
  ["yyyy-MM-dd", "+2021-01-01", "UTC", undefined],
  ["y-M-d", "21-1-9", "UTC", -61503753600000],
  ["y-M-d", "02021-001-09", "UTC", 1610150400000],
  ["yy-MM-dd", "70-01-01", "UTC", 3155760000000],
  ["yyyyMMddHHmmss", "20210203040506", "UTC", 1612325106000],
  ["yyyyMMddHHmmssSSS", "20210203040506789", "UTC", 1612325106789],
  ["yyyyMMdd", "120210203", "UTC", undefined],
  ["yyyyMMdd", "+120210203", "UTC", 317181830400000],
  ["HHmm", "930", "UTC", undefined],
  ["Hmm", "930", "UTC", 34200000],
  ["ssSSS", "07123", "UTC", 7123],
  ["HSSSu", "3479-3", "UTC", undefined],
  ["yyyy", "2021", "UTC", 1609459200000],
  ["MM-dd", "02-29", "UTC", 5011200000],
  ["HH:mm", "23:59", "UTC", 86340000],
  ["mm:ss", "59:58", "UTC", 3598000],
  ["ss.SSS", "01.250", "UTC", 1250],
  ["HH ss", "01 07", "UTC", 3607000],
  ["dd", "31", "UTC", 2592000000],
  ["MM-dd", "02-31", "UTC", 5011200000],
  ["yyyy-MM-dd HH:mm", "2021-12-31 24:00", "UTC", 1640995200000],
  ["yyyy-MM-dd HH:mm", "2021-12-31 24:01", "UTC", undefined],
  ["HH:mm", "24:00", "UTC", 0],
  ["HH ss", "24 00", "UTC", undefined],
  ["HH:mm:ss", "23:59:60", "UTC", undefined],
  ["yyyy-MM-dd[ HH[:mm]]", "2021-02-03", "UTC", 1612310400000],
  ["yyyy-MM-dd[ HH[:mm]]", "2021-02-03 04", "UTC", 1612324800000],
  ["yyyy-MM-dd[ HH[:mm]]", "2021-02-03 04:05", "UTC", 1612325100000],
  ["yyyy-MM-dd[ HH[:mm]]", "2021-02-03 04:5", "UTC", undefined],
  ["yyyy[-MM", "2021-07", "UTC", 1625097600000],
  ["yyyy yy", "2021 21", "UTC", 1609459200000],
  ["yyyy yy", "2021 22", "UTC", undefined],
  ["'it''s' yyyy''", "IT'S 2021'", "UTC", 1609459200000],
  ["yyyy'year'", "2021Year", "UTC", 1609459200000],
  ["HH:mmX", "01:00+0130", "UTC", -1800000],
  ["HH:mmX", "01:00+01:30", "UTC", undefined],
  ["HH:mmXX", "01:00+01", "UTC", undefined],
  ["HH:mmXXX", "01:00+01:30", "UTC", -1800000],
  ["HH:mmXXXX", "01:00-013015", "UTC", 9015000],
  ["HH:mmXXXXX", "01:00-01:30:15", "UTC", 9015000],
  ["HH:mmx", "01:00+00", "UTC", 3600000],
  ["HH:mmx", "01:00+0030", "UTC", undefined],
  ["HH:mmxxx", "01:00Z", "UTC", undefined],
  ["HH:mmZ", "01:00+0100", "UTC", 0],
  ["HH:mmZ", "01:00Z", "UTC", undefined],
  ["HH:mmZZZZZ", "01:00Z", "UTC", 3600000],
  ["HH:mmX", "01:00+1860", "UTC", undefined],
  ["HH:mmXX", "01:00+1801", "UTC", undefined],
  ["HH:mmXX", "01:00+1800", "UTC", -61200000],
  ["HH:mm[X]", "01:00+2400", "UTC", undefined],
  ["yyyy-MM-dd HH:mm", "2021-02-03 04:05", "+02:00", 1612317900000],
  ["yyyy-MM-dd HH:mmX", "2021-02-03 04:05Z", "+02:00", 1612325100000],
  ["yyyy-MM-dd HH:mm", "2021-02-03 04:05", "-05:30", 1612344900000],
  ["yyyy-MM-dd", "2021-02-03 ", "UTC", undefined],
  ["yyyy-MM-dd", "", "UTC", undefined],
];

const formatted: [pattern: string, ms: number, zone: string, text: string | undefined][] = [
  ["yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", 1600000000123, "UTC", "2020-09-13T12:26:40.123000Z"],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", 1600000000123, "-05:30", "2020-09-13T06:56:40.123000-0530"],
  ["yy/M/d H:m:s.S", 1600000000123, "UTC", "20/9/13 12:26:40.1"],
  ["yy/M/d H:m:s.S", 1600000000123, "-05:30", "20/9/13 6:56:40.1"],
  ["yyy y yyyyyy", 1600000000123, "UTC", "2020 2020 002020"],
  ["yyy y yyyyyy", 1600000000123, "-05:30", "2020 2020 002020"],
  ["XXX xxx x ZZZ ZZZZZ", 1600000000123, "UTC", "Z +00:00 +00 +0000 Z"],
  ["XXX xxx x ZZZ ZZZZZ", 1600000000123, "-05:30", "-05:30 -05:30 -0530 -0530 -05:30"],
  ["[yyyy[''MM]]", 1600000000123, "UTC", "2020'09"],
  ["[yyyy[''MM]]", 1600000000123, "-05:30", "2020'09"],
  ["SSSSSSSSS", 1600000000123, "UTC", "123000000"],
  ["SSSSSSSSS", 1600000000123, "-05:30", "123000000"],
  ["yyyy-MM-dd HH:mm X", 1600000000123, "Europe/Berlin", "2020-09-13 14:26 +02"],
  ["yyyy-MM-dd HH:mm XXX", 1711846800000, "Europe/Berlin", "2024-03-31 03:00 +02:00"],
  ["yyyy-MM-dd HH:mm XXX", 1711846799999, "Europe/Berlin", "2024-03-31 01:59 +01:00"],
  ["yyyy-MM-dd HH:mm XXX", 1600000000123, "America/New_York", "2020-09-13 08:26 -04:00"],
  ["yyyy-MM-dd HH:mm XXX", 1600000000123, "Australia/Lord_Howe", "2020-09-13 22:56 +10:30"],
  ["yyyy", -62167219200001, "UTC", "0002"],
  ["uuuu", -62167219200001, "UTC", "-0001"],
  ["yyyy-MM-dd", 253402300800000, "UTC", "+10000-01-01"],
  ["uu", -62300000000000, "UTC", "05"],
  ["yy", -62300000000000, "UTC", "06"],
  ["XXXXX XXXX X", 0, "+01:02:03", "+01:02:03 +010203 +0102"],
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
  ["2021-02-03T24:00", 1612396800000],
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
  test.each(parsed)("%s reads %j in %s", (pattern, text, zone, ms) => {
    expect(orUndefined(() => compilePattern(pattern).parse(text, zoneNamed(zone)))).toBe(ms);
  });

  test.each(formatted)("%s writes %d in %s", (pattern, ms, zone, text) => {
    expect(compilePattern(pattern).format(ms, zoneNamed(zone))).toBe(text);
  });

  it.each([
    "yyyy {",
    "yyyy#",
    "yyyy]",
    "'yyyy",
    "HHH",
    "ddd",
    "MMMMMM",
    "SSSSSSSSSS",
    "XXXXXX",
    "yyyy-MM-ddTHH",
    "bad pattern {",
  ])("%s is an error, as it is one of Java", (pattern) => {
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
    "y u",
    "yyyyyyyyyyy",
    "'é'",
  ])("%s, which Java knows, is refused before anything runs", (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(OutsideSubset);
  });

  it("does not guess local times of a zone with summer time, nor old or far times in it", () => {
    const berlin = zoneNamed("Europe/Berlin");
    expect(() => compilePattern("yyyy-MM-dd").parse("2021-07-01", berlin)).toThrow(OutsideSubset);
    expect(compilePattern("yyyy-MM-ddX").parse("2021-07-01Z", berlin)).toBe(1625097600000);
    expect(() => compilePattern("yyyy").format(0, berlin)).toThrow(OutsideSubset);
  });
});

describe("a zone", () => {
  it.each(["UTC", "GMT", "Z", "+02", "-0530", "+01:02:03", "Europe/Berlin", "America/New_York"])(
    "%s has a name",
    (name) => {
      expect(zoneNamed(name)).toBeDefined();
    },
  );

  it.each(["europe/berlin", "PST", "+19:00", "+1:00", "+01:02:3", "+0102:03", "Berlin", ""])("%j is none", (name) => {
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
    expect(timestampText(-62135596800001)).toBe("0001-12-31T23:59:59.999");
    expect(timestampText(253402300800000)).toBe("+10000-01-01T00:00:00.000");
  });
});
