import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deserializer, serializer } from "../../../engine/formats/formats.ts";
import { JsonNumber, parseJson, type Json } from "../../../engine/formats/json-text.ts";
import * as T from "../../../engine/language/types.ts";
import { newSchemas, sideOf } from "./sides.ts";

function read(type: T.SqlType, json: string): T.Value {
  return deserializer(sideOf("JSON", { V: type }, { unwrapped: true }), newSchemas())(Buffer.from(json))![0]!;
}

function write(type: T.SqlType, value: T.Value): string | undefined {
  return serializer(sideOf("JSON", { V: type }, { unwrapped: true }), "s", newSchemas())([value])?.toString();
}

describe("reading", () => {
  it.each<[string, T.SqlType, T.Value]>([
    ["10", T.INTEGER, 10],
    ["10.9", T.INTEGER, 10],
    ["-10.9", T.INTEGER, -10],
    ["1e3", T.INTEGER, 1000],
    ['"12"', T.INTEGER, 12],
    ["2147483648", T.INTEGER, -2147483648],
    ["9007199254740993", T.BIGINT, 9007199254740993n],
    ["9223372036854775807", T.BIGINT, 9223372036854775807n],
    ["9223372036854775808", T.BIGINT, -9223372036854775808n],
    ["9007199254740993.7", T.BIGINT, 9007199254740993n],
    ["1e1000000000", T.BIGINT, 0],
    ["1e-1000000000", T.BIGINT, 0],
    ['"-9223372036854775808"', T.BIGINT, -9223372036854775808n],
    ["1.5", T.DOUBLE, 1.5],
    ["3", T.DOUBLE, 3],
    ['" 1e7 "', T.DOUBLE, 1e7],
    ['"Infinity"', T.DOUBLE, Infinity],
    ["true", T.BOOLEAN, true],
    ["1600000000123", T.TIMESTAMP, 1600000000123],
    ["1.50", T.decimal(4, 3), 1500n],
    ['"-12345678901234567890.12"', T.decimal(30, 2), -1234567890123456789012n],
    ["1E2", T.decimal(4, 1), 1000n],
    ["null", T.BIGINT, null],
    ['"a\\u00e9\\n"', T.STRING, "aé\n"],
    ["10", T.STRING, "10"],
    ["1.10", T.STRING, "1.10"],
    ["1e3", T.STRING, "1E+3"],
    ["0.0000001", T.STRING, "1E-7"],
    ["12345678901234567890", T.STRING, "12345678901234567890"],
    ["false", T.STRING, "false"],
    ['{"a": 1.0, "b" : [null, "x"]}', T.STRING, '{"a":1.0,"b":[null,"x"]}'],
    ['[1, "x", null, {"a": 2}]', T.STRING, '[1, x, null, {"a":2}]'],
    ["[1,null]", { base: "ARRAY", item: T.INTEGER }, [1, null]],
    [
      '{"a":1,"b":null}',
      { base: "MAP", value: T.INTEGER },
      new Map([
        ["a", 1],
        ["b", null],
      ] as [string, T.Value][]),
    ],
  ])("%s is read as the real one reads it", (json, type, value) => {
    expect(read(type, json)).toEqual(value);
  });

  it.each<[string, T.SqlType]>([
    ['"1.5"', T.INTEGER],
    ['" 1"', T.BIGINT],
    ["true", T.INTEGER],
    ['"true"', T.BOOLEAN],
    ["1", T.BOOLEAN],
    ['"x"', T.DOUBLE],
    ['"NaNd"', T.DOUBLE],
    ["true", T.decimal(4, 1)],
    ["1.55", T.decimal(4, 1)],
    ["1000", T.decimal(4, 1)],
    ['{"a":1}', { base: "ARRAY", item: T.INTEGER }],
    ["[1]", { base: "MAP", value: T.INTEGER }],
    ["1", { base: "STRUCT", fields: [] }],
    ["", T.STRING],
    ["{", T.STRING],
  ])("%s is refused where it is no such value", (json, type) => {
    expect(() => read(type, json)).toThrow();
  });

  it("finds members by their exact name, then by their name in upper case, and misses are NULL", () => {
    const columns = { ID: T.INTEGER, NAME: T.STRING, quoted: T.STRING, NONE: T.STRING };
    const deserialize = deserializer(sideOf("JSON", columns), newSchemas());
    const json = '{"id":1,"Name":"lower","NAME":"exact","QUOTED":"no","extra":[{}]}';
    expect(deserialize(Buffer.from(json))).toEqual([1, "exact", null, null]);
    expect(deserialize(Buffer.from('{"ID":null,"id":1,"quoted":"q"}'))).toEqual([null, null, "q", null]);
  });

  it("refuses what is not UTF-8", () => {
    const deserialize = deserializer(sideOf("JSON", { V: T.STRING }), newSchemas());
    expect(() => deserialize(Buffer.from([0x7b, 0x22, 0x56, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]))).toThrow("UTF-8");
  });
});

describe("writing", () => {
  it.each<[T.SqlType, T.Value, string]>([
    [T.DOUBLE, 1e7, "1.0E7"],
    [T.DOUBLE, 100, "100.0"],
    [T.DOUBLE, Infinity, '"Infinity"'],
    [T.DOUBLE, NaN, '"NaN"'],
    [T.decimal(38, 9), 1500000000n, "1.500000000"],
    [T.decimal(38, 9), -1n, "-0.000000001"],
    [T.decimal(38, 9), 0, "0"],
    [T.BIGINT, 9223372036854775807n, "9223372036854775807"],
    [T.TIMESTAMP, 1600000000123, "1600000000123"],
    [T.BOOLEAN, false, "false"],
    [T.STRING, '"\\/\n\u001f\u007fé', '"\\"\\\\/\\n\\u001F\u007fé"'],
    [T.STRING, "\\u001f", '"\\\\u001f"'],
    [{ base: "ARRAY", item: T.DOUBLE }, [1, null], "[1.0,null]"],
    [{ base: "MAP", value: T.INTEGER }, new Map([["a", 1]]), '{"a":1}'],
    [{ base: "STRUCT", fields: [{ name: "A", type: T.STRING }] }, [null], '{"A":null}'],
  ])("%o %o is %s", (type, value, json) => {
    expect(write(type, value)).toBe(json);
  });

  it("writes NULL columns as null, and nothing for a single one without an object", () => {
    const row = serializer(sideOf("JSON", { A: T.STRING, b: T.BIGINT }), "s", newSchemas())([null, 2]);
    expect(row!.toString()).toBe('{"A":null,"b":2}');
    expect(write(T.STRING, null)).toBeUndefined();
  });
});

describe("the text", () => {
  it.each([
    "",
    "01",
    "1.",
    ".5",
    "+1",
    "NaN",
    "[1,]",
    "{,}",
    '{"a"}',
    '{"a":1,}',
    "'a'",
    '"\u0001"',
    '"\\x"',
    "[1 2]",
    "tru",
    "1 2",
    '"a',
  ])("%s is not JSON", (text) => {
    expect(() => parseJson(text)).toThrow();
    expect(() => JSON.parse(text) as unknown).toThrow();
  });

  it("keeps numbers as they are written", () => {
    expect(parseJson(" [1.50, -0, 1E+2] ")).toEqual([
      new JsonNumber("1.50"),
      new JsonNumber("-0"),
      new JsonNumber("1E+2"),
    ]);
  });

  const qtt = process.env["TAPELINE_QTT"];
  it.skipIf(qtt === undefined)("is read as JSON.parse reads it, numbers apart", () => {
    for (const line of readFileSync(join(qtt!, "cases.ndjson"), "utf8").trim().split("\n")) {
      expect(plain(parseJson(line))).toEqual(JSON.parse(line));
    }
  });
});

function plain(json: Json): unknown {
  if (json instanceof JsonNumber) return Number(json.text);
  if (Array.isArray(json)) return (json as Json[]).map(plain);
  if (json instanceof Map) return Object.fromEntries([...json].map(([name, value]) => [name, plain(value as Json)]));
  return json;
}
